/** The parts of this room; see impl/parts.ts. */
import { BulkLoadDirectory } from './bulkLoad/bulkLoadDirectory.ts';
import { BulkLoadDownloader } from './bulkLoad/bulkLoadDownloader.ts';
import { BulkLoadGroup } from './bulkLoad/bulkLoadGroup.ts';
import { BulkLoadIngestion } from './bulkLoad/bulkLoadIngestion.ts';
import { BulkLoadServer } from './bulkLoad/bulkLoadServer.ts';
import { BulkLoadDownloadSlots } from './bulkLoad/downloadSlots.ts';
import { ReplicaBulkLoader } from './bulkLoad/replicaBulkLoader.ts';
import { CheckpointQuery } from './checkpointQuery.ts';
import { CheckpointTriggers } from './checkpointTriggers.ts';
import { ConfigSyncer } from './configSyncer.ts';
import { CheckpointDirectory } from './duplication/checkpointDirectory.ts';
import { DuplicationSyncTimer } from './duplication/duplicationSyncTimer.ts';
import { FollowerOpener } from './duplication/followerOpener.ts';
import { ReplicaDuplicator } from './duplication/replicaDuplicator.ts';
import { ReplicaDuplicatorManager } from './duplication/replicaDuplicatorManager.ts';
import { ReplicaFollower } from './duplication/replicaFollower.ts';
import { FailureDetector } from './failureDetector.ts';
import { GroupChecker } from './groupCheck.ts';
import { MetaConnection } from './metaConnection.ts';
import { MetaRequester } from './metaRequester.ts';
import { MutationQueue } from './mutationQueue.ts';
import { NfsClient } from './nfs/nfsClient.ts';
import { NfsService } from './nfs/nfsService.ts';
import { PrepareList } from './prepareList.ts';
import { Replica } from './replica.ts';
import { Replica2pc } from './replica2pc.ts';
import { ReplicaCommands } from './replicaCommands.ts';
import { ReplicaConfigurator } from './replicaConfig.ts';
import { ReplicaLoader } from './replicaInit.ts';
import { ReplicaOpener } from './replicaOpener.ts';
import { ReplicaReads } from './replicaReads.ts';
import { ReplicaServer } from './replicaStub.ts';
import { SecondaryPrepare } from './secondaryPrepare.ts';
import { ServerStatistics } from './serverStatistics.ts';
import { ReplicaThrottle } from './throttling/replicaThrottle.ts';
import { ThrottlingController } from './throttling/throttlingController.ts';
import { TokenBucketThrottlingController } from './throttling/tokenBucketThrottlingController.ts';

export const replicaParts = {
  ReplicaServer,
  ReplicaOpener,
  ServerStatistics,
  ConfigSyncer,
  FailureDetector,
  MetaConnection,
  ReplicaCommands,
  Replica,
  ReplicaLoader,
  ReplicaReads,
  PrepareList,
  MutationQueue,
  Replica2pc,
  SecondaryPrepare,
  GroupChecker,
  ReplicaConfigurator,
  MetaRequester,
  CheckpointTriggers,
  DuplicationSyncTimer,
  ReplicaDuplicatorManager,
  ReplicaDuplicator,
  CheckpointQuery,
  NfsService,
  NfsClient,
  FollowerOpener,
  ReplicaFollower,
  CheckpointDirectory,
  ReplicaThrottle,
  ThrottlingController,
  TokenBucketThrottlingController,
  BulkLoadServer,
  BulkLoadDownloadSlots,
  BulkLoadDirectory,
  BulkLoadDownloader,
  BulkLoadGroup,
  BulkLoadIngestion,
  ReplicaBulkLoader,
} as const;
