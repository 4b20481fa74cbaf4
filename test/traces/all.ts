/** All hand-written traces that the rules refuse. */
import { COPY_REPLICA } from './copyReplica.ts';
import { DISK } from './disk.ts';
import { DUPLICATION } from './duplication.ts';
import { DUPLICATION_ANSWERS } from './duplicationAnswers.ts';
import { DUPLICATION_FOLLOWER } from './duplicationFollower.ts';
import { DUPLICATION_METRICS } from './duplicationMetrics.ts';
import { DUPLICATION_SHIP } from './duplicationShip.ts';
import { DUPLICATION_SYNC } from './duplicationSync.ts';
import { LEARNING } from './learning.ts';
import { LIVENESS } from './liveness.ts';
import { LOAD_ANSWERS } from './loadAnswers.ts';
import { LOAD_INGESTION } from './loadIngestion.ts';
import { LOAD_PARTITIONS } from './loadPartitions.ts';
import { LOAD_POLLS } from './loadPolls.ts';
import { LOAD_READS } from './loadReads.ts';
import { LOAD_REPORTS } from './loadReports.ts';
import { LOAD_SENT } from './loadSent.ts';
import { LOADS } from './loads.ts';
import { PRIMARY_MOVE } from './primaryMove.ts';
import type { Refused } from './refused.ts';
import { REPLICATION } from './replication.ts';
import { TABLE_NAMES } from './tableNames.ts';
import { THROTTLE } from './throttle.ts';
import { WORLD } from './world.ts';

export const TRACES: readonly Refused[] = [
  ...REPLICATION,
  ...DISK,
  ...WORLD,
  ...TABLE_NAMES,
  ...DUPLICATION,
  ...DUPLICATION_SYNC,
  ...DUPLICATION_SHIP,
  ...DUPLICATION_FOLLOWER,
  ...DUPLICATION_ANSWERS,
  ...DUPLICATION_METRICS,
  ...PRIMARY_MOVE,
  ...COPY_REPLICA,
  ...LIVENESS,
  ...LEARNING,
  ...THROTTLE,
  ...LOAD_INGESTION,
  ...LOAD_READS,
  ...LOADS,
  ...LOAD_PARTITIONS,
  ...LOAD_SENT,
  ...LOAD_POLLS,
  ...LOAD_REPORTS,
  ...LOAD_ANSWERS,
];
