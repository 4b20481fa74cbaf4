/** The parts of this room; see impl/parts.ts. */
import { AppService } from './appService.ts';
import { ConfigService } from './configService.ts';
import { MetaServer } from './metaServer.ts';
import { MetaStorage } from './metaStorage.ts';
import { PartitionGuardian } from './partitionGuardian.ts';
import { MetaRecovery } from './recovery.ts';
import { ServerState } from './serverState.ts';

export const metaParts = {
  MetaServer,
  ServerState,
  MetaStorage,
  MetaRecovery,
  PartitionGuardian,
  AppService,
  ConfigService,
} as const;
