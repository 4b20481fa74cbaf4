/**
 * A hand-driven scene for the audits: one primary and one secondary on made disks, told to the auditor effect by
 * effect.
 */
import { Auditor } from '../../../../properties/run/audit/auditor.ts';
import type { Violation } from '../../../../model/violation.ts';
import type { Claim, ModelEvent, MutationFact } from '../../../../model/events.ts';
import type { ErrorCode, PartitionStatus } from '../../../../model/vocabulary.ts';
import type { PrepareAck, PrepareRequest } from '../../../../impl/protocol/messages.ts';
import { bufferOf } from '../../../../properties/run/audit/diskView.ts';
import { readRecord } from '../../../../properties/run/audit/mutationReader.ts';
import {
  latin,
  MadeDisk,
  MadeLog,
  manifestBytes,
  put,
  recordBytes,
  runBytes,
  storedKey,
  type MadeRecord,
  type MadeRow,
  type MadeUpdate,
} from './bytes.ts';

export const GPID = '2.0';
export const DIR = '2.0.pegasus';
export const P = 'source/replica-0';
export const S = 'source/replica-1';
export const META = 'source/meta-0';
export const CLIENT = 'source/client-0';

export function made(
  decree: number,
  lastCommitted = decree - 1,
  ballot = 1,
  ...updates: readonly MadeUpdate[]
): MadeRecord {
  const body = updates.length > 0 ? updates : [put(storedKey('h', `k${decree}`), `v${decree}`)];
  return {
    app: 2,
    index: 0,
    ballot,
    decree,
    lastCommitted,
    timestampUs: 1_600_000_000_000_000 + decree,
    updates: body,
  };
}

export function factOf(record: MadeRecord): MutationFact {
  const bytes = recordBytes(record, -1);
  const read = readRecord(bytes, 0, bytes.length);
  if (read === undefined) throw new Error('a made record does not decode');
  return read.mutation;
}

export class Scene {
  readonly violations: Violation[] = [];
  readonly events: ModelEvent[] = [];
  readonly disks = new Map<string, MadeDisk>();
  readonly logs = new Map<string, MadeLog>();
  nowUs = 0;
  readonly auditor = new Auditor({
    nowUs: () => this.nowUs,
    disk: (node) => this.disk(node),
    sink: (event) => this.events.push(event),
    report: (violation) => this.violations.push(violation),
  });

  disk(node: string): MadeDisk {
    let disk = this.disks.get(node);
    if (disk === undefined) {
      disk = new MadeDisk();
      this.disks.set(node, disk);
    }
    return disk;
  }

  rules(): string[] {
    this.auditor.finish();
    return this.violations.map((v) => v.rule);
  }

  kinds(): string[] {
    return this.events.map((e) => e.kind);
  }

  /** A new task begins somewhere. */
  task(): void {
    this.nowUs += 10;
    this.auditor.taskStarted(META, 'LPC_META_STATE_NORMAL', 'onNothing');
  }

  claim(node: string, claim: Claim): void {
    this.auditor.claimed(node, claim);
  }

  /** Written and synced, as everything but the log must be before a name leads to it. */
  write(node: string, path: string, bytes: Uint8Array, offset = 0): void {
    this.writeUnsynced(node, path, bytes, offset);
    this.auditor.fileSynced(node, path);
  }

  writeUnsynced(node: string, path: string, bytes: Uint8Array, offset = 0): void {
    const disk = this.disk(node);
    const old = disk.files.get(path) ?? Buffer.alloc(0);
    if (!disk.files.has(path)) this.auditor.fileCreated(node, path);
    const grown = Buffer.alloc(Math.max(old.length, offset + bytes.length));
    grown.set(old);
    grown.set(bytes, offset);
    disk.files.set(path, grown);
    this.auditor.fileWritten(node, path, offset, bytes);
  }

  rename(node: string, from: string, to: string): void {
    const { files } = this.disk(node);
    for (const [path, bytes] of Array.from(files)) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      files.delete(path);
      files.set(to + path.slice(from.length), bytes);
    }
    this.auditor.renamed(node, from, to);
  }

  initInfo(node: string, ballot: number): void {
    const json = {
      init_ballot: ballot,
      init_durable_decree: 0,
      init_offset_in_shared_log: 0,
      init_offset_in_private_log: 0,
    };
    this.write(node, `${DIR}/.init-info.tmp`, latin(JSON.stringify(json)));
    this.rename(node, `${DIR}/.init-info.tmp`, `${DIR}/.init-info`);
  }

  status(
    node: string,
    to: PartitionStatus,
    ballot: number,
    from: PartitionStatus = 'PS_INACTIVE',
    persist = true,
  ): void {
    if (persist) this.initInfo(node, ballot);
    this.claim(node, { kind: 'replica.status', gpid: GPID, from, to, ballot });
  }

  openFresh(node: string): void {
    this.claim(
      node,
      { kind: 'replica.opened', gpid: GPID, fresh: true, ballot: 0, durable: 0, applied: 0, committed: 0, maxPrepared: 0 },
    );
  }

  storeConfig(ballot: number): void {
    const value = {
      pid: GPID,
      ballot,
      max_replica_count: 2,
      primary: P,
      secondaries: [S],
      last_drops: [],
      last_committed_decree: 0,
    };
    this.auditor.storeApplied('source', 'set', '/pegasus/source/apps/2/0', JSON.stringify(value));
  }

  /** Both replicas open and fresh, roles of ballot 1 taken. */
  start(): this {
    this.storeConfig(1);
    for (const node of [P, S]) {
      this.auditor.processStarted(node);
      this.openFresh(node);
      this.task();
    }
    this.status(P, 'PS_PRIMARY', 1);
    this.task();
    this.status(S, 'PS_SECONDARY', 1);
    this.task();
    return this;
  }

  sendPrepare(record: MadeRecord, to = S): PrepareRequest {
    const config = {
      gpid: GPID,
      ballot: record.ballot,
      primary: P,
      status: 'PS_SECONDARY',
      learnerSignature: 0,
      popAll: false,
    } as const;
    const request: PrepareRequest = { config, mutation: recordBytes(record, -1) };
    this.auditor.messageSent(P, to, 'RPC_PREPARE', 'request', GPID, record.decree, request, '', this.nowUs);
    return request;
  }

  claimPrepared(node: string, as: 'primary' | 'secondary', record: MadeRecord): void {
    this.claim(node, { kind: 'replica.prepared', gpid: GPID, as, reproposal: false, mutation: factOf(record) });
  }

  /** Appends one block to the node's only log file. */
  log(node: string, ...records: readonly MadeRecord[]): void {
    let log = this.logs.get(node);
    if (log === undefined) {
      log = new MadeLog(2, 0, 0);
      this.logs.set(node, log);
      const header = log.header(0);
      this.write(node, `${DIR}/plog/log.1.0`, header);
    }
    const at = log.bytes.length;
    this.write(node, `${DIR}/plog/log.1.0`, log.records(...records), at);
  }

  ack(decree: number, committed: number, applied = committed, ballot = 1, error: ErrorCode = 'ERR_OK'): void {
    const ack: PrepareAck = {
      gpid: GPID,
      error,
      ballot,
      decree,
      lastCommittedInApp: applied,
      lastCommittedInPrepareList: committed,
    };
    this.auditor.messageSent(S, P, 'RPC_PREPARE', 'reply', GPID, decree, ack, '', this.nowUs);
  }

  commit(node: string, decree: number): void {
    this.claim(node, { kind: 'replica.committed', gpid: GPID, decree, ballot: 1 });
    this.claim(node, { kind: 'replica.applied', gpid: GPID, decree });
  }

  answerWrite(decree: number, node = P): void {
    this.auditor.messageSent(
      node,
      CLIENT,
      'RPC_RRDB_RRDB_PUT',
      'reply',
      GPID,
      decree,
      { error: 'ERR_OK', decree, server: node },
      '',
      this.nowUs,
    );
  }

  /** One write through both replicas, honestly. */
  honestWrite(decree: number, ...updates: readonly MadeUpdate[]): void {
    const record = made(decree, decree - 1, 1, ...updates);
    this.claimPrepared(P, 'primary', record);
    const request = this.sendPrepare(record);
    this.task();
    this.auditor.messageDelivered(P, S, 'RPC_PREPARE', 'request', GPID, decree, request, '');
    if (decree > 1) this.commit(S, decree - 1);
    this.claimPrepared(S, 'secondary', record);
    this.task();
    this.log(S, record);
    this.task();
    this.ack(decree, decree - 1);
    this.log(P, record);
    this.task();
    this.commit(P, decree);
    this.answerWrite(decree);
    this.task();
  }

  /** A flush that adds one run; `files` newest first. */
  flush(
    node: string,
    decree: number,
    files: readonly string[],
    rows: readonly MadeRow[],
    dir = `${DIR}/data/rdb`,
  ): void {
    this.write(node, `${dir}/${files[0] ?? ''}`, runBytes(rows));
    this.current(node, decree, files, dir);
  }

  current(node: string, decree: number, files: readonly string[], dir = `${DIR}/data/rdb`): void {
    const manifest = `MANIFEST-${String(decree).padStart(6, '0')}`;
    this.write(node, `${dir}/${manifest}`, manifestBytes(decree, files));
    this.write(node, `${dir}/CURRENT.tmp`, latin(`${manifest}\n`));
    this.rename(node, `${dir}/CURRENT.tmp`, `${dir}/CURRENT`);
  }

  row(decree: number): MadeRow {
    return {
      key: storedKey('h', `k${decree}`),
      value: `v${decree}`,
      expireTs: 0,
      timestampUs: 1_600_000_000_000_000 + decree,
    };
  }

  /** A checkpoint directory of the live database's files, made aside and renamed. */
  checkpoint(node: string, decree: number): void {
    const { files } = this.disk(node);
    for (const [path, bytes] of Array.from(files)) {
      if (path.startsWith(`${DIR}/data/rdb/`)) files.set(path.replace('/rdb/', '/checkpoint.tmp.9/'), bytes);
    }
    this.rename(node, `${DIR}/data/checkpoint.tmp.9`, `${DIR}/data/checkpoint.${decree}`);
  }

  ended(node: string, durable: number, error: ErrorCode = 'ERR_OK'): void {
    this.claim(node, { kind: 'checkpoint.ended', gpid: GPID, trigger: 'periodic', error, durable });
  }

  bytesOf(node: string, path: string): Buffer {
    return bufferOf(this.disk(node).files.get(path) ?? new Uint8Array(0));
  }
}
