/** The parts of this room; see impl/parts.ts. */
import { AppDrop } from './appDrop.ts';
import { AppRecall } from './appRecall.ts';
import { AppRename } from './appRename.ts';
import { AppService } from './appService.ts';
import { Balancer } from './balancer.ts';
import { BulkLoadPoller } from './bulkLoad/bulkLoadPoller.ts';
import { BulkLoadRecovery } from './bulkLoad/bulkLoadRecovery.ts';
import { BulkLoadReplies } from './bulkLoad/bulkLoadReplies.ts';
import { BulkLoadService } from './bulkLoad/bulkLoadService.ts';
import { BulkLoadStartChecks } from './bulkLoad/bulkLoadStartChecks.ts';
import { BulkLoadTransitions } from './bulkLoad/bulkLoadTransitions.ts';
import { IngestionContext } from './bulkLoad/ingestionContext.ts';
import { IngestionDispatch } from './bulkLoad/ingestionDispatch.ts';
import { OperationLock } from './bulkLoad/operationLock.ts';
import { ConfigService } from './configService.ts';
import { ConfigContext } from './cure/configContext.ts';
import { Cure } from './cure/cure.ts';
import { CureRules } from './cure/cureRules.ts';
import { DddRule } from './cure/dddRule.ts';
import { DropList } from './cure/dropList.ts';
import { NodeLoads } from './cure/nodeLoads.ts';
import { RequestRules } from './cure/requestRules.ts';
import { DuplicationAddChecks } from './duplication/duplicationAddChecks.ts';
import { DuplicationInfo } from './duplication/duplicationInfo.ts';
import { DuplicationRecovery } from './duplication/duplicationRecovery.ts';
import { DuplicationService } from './duplication/duplicationService.ts';
import { DuplicationSync } from './duplication/duplicationSync.ts';
import { FollowerAppClient } from './duplication/followerAppClient.ts';
import { FollowerAppRules } from './duplication/followerAppRules.ts';
import { MetaFailureDetector } from './failureDetector.ts';
import { MetaServer } from './metaServer.ts';
import { MetaStorage } from './metaStorage.ts';
import { MetaRecovery } from './recovery.ts';
import { ServerState } from './serverState.ts';

export const metaParts = {
  MetaServer,
  MetaFailureDetector,
  ServerState,
  MetaStorage,
  MetaRecovery,
  Balancer,
  AppService,
  AppDrop,
  AppRecall,
  AppRename,
  ConfigService,
  Cure,
  ConfigContext,
  CureRules,
  DddRule,
  DropList,
  NodeLoads,
  RequestRules,
  DuplicationService,
  DuplicationAddChecks,
  DuplicationInfo,
  DuplicationSync,
  DuplicationRecovery,
  FollowerAppClient,
  FollowerAppRules,
  BulkLoadPoller,
  BulkLoadRecovery,
  BulkLoadReplies,
  BulkLoadService,
  BulkLoadStartChecks,
  BulkLoadTransitions,
  IngestionContext,
  IngestionDispatch,
  OperationLock,
} as const;
