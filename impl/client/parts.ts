/** The parts of this room; see impl/parts.ts. */
import { AdminClient } from './adminClient.ts';
import { KvClient } from './kvClient.ts';
import { MetaCaller } from './metaCaller.ts';
import { RemoteCommands } from './remoteCommands.ts';
import { TableResolver } from './tableResolver.ts';

export const clientParts = { KvClient, AdminClient, RemoteCommands, MetaCaller, TableResolver } as const;
