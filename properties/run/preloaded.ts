/**
 * A table that is there from the start, because a real server's log says so: the members' disks get copies of the log files and
 * the small files beside them, the state store gets the table's records, and the model gets what the log holds, read by the
 * auditor's own reader.
 */
import type { MutationFact } from '../../model/events.ts';
import type { PreloadedPartition } from '../../model/state.ts';
import type { NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { SimWorld } from '../../impl/env/sim/world.ts';
import type { Plan, Preload } from '../plan/types.ts';
import { crc32c } from './audit/crc32c.ts';
import { LogFileReader, parseLogName, type LogSink } from './audit/logReader.ts';
import { replicaServers, tableNameOf } from './names.ts';

export interface DecodedFile {
  readonly name: string;
  readonly index: number;
  readonly startOffset: number;
  readonly previousMaxDecree: number;
  readonly records: readonly MutationFact[];
  readonly tail: 'end' | 'incomplete' | 'invalid';
}

/** Reads one log file's bytes for `gpid`. */
export function decodeLogFile(gpid: string, name: string, bytes: Buffer): DecodedFile {
  const parsed = parseLogName(name) ?? { index: 0, startOffset: 0 };
  const reader = new LogFileReader(gpid, parsed.index, parsed.startOffset);
  const records: MutationFact[] = [];
  let previousMaxDecree = 0;
  const sink: LogSink = {
    header: (_, header) => {
      previousMaxDecree = header.previousMaxDecree;
    },
    record: (_, mutation) => {
      records.push(mutation);
    },
  };
  reader.advance(bytes, 0, sink);
  return { name, ...parsed, previousMaxDecree, records, tail: reader.tail };
}

function decodeAll(preload: Preload): readonly DecodedFile[] {
  return preload.files.map((file) => decodeLogFile(preload.gpid, file.name, Buffer.from(file.hex, 'hex'))).sort((a, b) => a.index - b.index);
}

function configOf(plan: Plan, preload: Preload): PartitionConfig {
  const cluster = plan.clusters.find((c) => c.id === preload.cluster);
  const members = cluster === undefined ? [] : replicaServers(cluster).slice(0, 3);
  const ballot = Math.max(1, ...decodeAll(preload).flatMap((f) => f.records.map((r) => r.ballot)));
  return {
    gpid: preload.gpid,
    ballot,
    maxReplicaCount: members.length,
    primary: members[0] ?? '',
    secondaries: members.slice(1),
    lastDrops: [],
    lastCommittedDecree: 0,
  };
}

export function preloadedTables(plan: Plan, preload: Preload): readonly PreloadedPartition[] {
  const files = decodeAll(preload);
  const config = configOf(plan, preload);
  return [
    {
      cluster: preload.cluster,
      table: { appId: appIdOf(preload), name: tableNameOf(preload.table), partitionCount: preload.partitionCount, envs: {} },
      gpid: preload.gpid,
      config,
      records: files.flatMap((f) => f.records),
      initBallot: config.ballot,
      durable: 0,
      files: files.map((f) => ({ index: f.index, startOffset: f.startOffset, previousMaxDecree: f.previousMaxDecree, records: f.records.length })),
    },
  ];
}

function appIdOf(preload: Preload): number {
  return Number(preload.gpid.slice(0, preload.gpid.indexOf('.')));
}

/** Puts the files and records in place before any process starts. */
export function plantPreload(world: SimWorld, plan: Plan, preload: Preload): void {
  const config = configOf(plan, preload);
  const members = [config.primary, ...config.secondaries].filter((n) => n !== '');
  for (const node of members) plantReplica(world, node, preload, config);
  plantRecords(world, preload, config);
}

function plantReplica(world: SimWorld, node: NodeId, preload: Preload, config: PartitionConfig): void {
  const dir = `${preload.gpid}.pegasus`;
  const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
  for (const file of preload.files) world.plantFile(node, `${dir}/plog/${file.name}`, Buffer.from(file.hex, 'hex'));
  plantEmptyDatabase(world, node, `${dir}/data/rdb`);
  world.plantFile(node, `${dir}/.init-info`, json({ init_ballot: config.ballot, init_durable_decree: 0, init_offset_in_shared_log: 0, init_offset_in_private_log: 0 }));
  world.plantFile(
    node,
    `${dir}/.app-info`,
    json({
      appId: appIdOf(preload),
      appName: tableNameOf(preload.table),
      appType: 'pegasus',
      partitionCount: preload.partitionCount,
      maxReplicaCount: config.maxReplicaCount,
      status: 'AS_AVAILABLE',
      envs: {},
      duplicating: false,
    }),
  );
}

/** A database without rows (docs/formats.md): what a server holds that wrote a log and never flushed. */
function plantEmptyDatabase(world: SimWorld, node: NodeId, dir: string): void {
  const line = Buffer.from(JSON.stringify({ nextFile: 2, lastFlushedDecree: 0, meta: { pegasus_data_version: '1' }, files: [] }));
  const crc = crc32c(line).toString(16).padStart(8, '0');
  world.plantFile(node, `${dir}/MANIFEST-000001`, Buffer.concat([line, Buffer.from(`\n${crc}\n`)]));
  world.plantFile(node, `${dir}/CURRENT`, Buffer.from('MANIFEST-000001\n'));
}

/** Every partition of the table has its record; those without a log have not been served yet (ballot 0). */
function plantRecords(world: SimWorld, preload: Preload, config: PartitionConfig): void {
  const appId = appIdOf(preload);
  const root = `/pegasus/${preload.cluster}/apps`;
  const plant = (path: string, value: unknown): void => {
    world.plantRecord(preload.cluster, path, typeof value === 'string' ? value : JSON.stringify(value));
  };
  plant('/pegasus', '');
  plant(`/pegasus/${preload.cluster}`, '');
  plant(root, 'unlock');
  plant(`${root}/${String(appId)}`, {
    status: 'app_status::AS_AVAILABLE',
    app_type: 'pegasus',
    app_name: tableNameOf(preload.table),
    app_id: appId,
    partition_count: preload.partitionCount,
    envs: {},
    is_stateful: 1,
    max_replica_count: config.maxReplicaCount,
    expire_second: 0,
    create_second: 0,
    drop_second: 0,
    duplicating: 0,
    init_partition_count: preload.partitionCount,
    is_bulk_loading: 0,
  });
  for (let i = 0; i < preload.partitionCount; i += 1) {
    const gpid = `${String(appId)}.${String(i)}`;
    const own = gpid === preload.gpid;
    plant(`${root}/${String(appId)}/${String(i)}`, {
      pid: gpid,
      ballot: own ? config.ballot : 0,
      max_replica_count: config.maxReplicaCount,
      primary: own ? config.primary : '',
      secondaries: own ? config.secondaries : [],
      last_drops: [],
      last_committed_decree: 0,
      partition_flags: 0,
    });
  }
}
