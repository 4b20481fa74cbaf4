/** Learning as the world sees it (repl 1.9, 2.8; plog 13): the primary's answers, and directories that take another's place. */
import type { LearnRequest, LearnResponse } from '../../../impl/protocol/learnMessages.ts';
import type { ModelEvent } from '../../../model/events.ts';
import { INVALID_DECREE, type Gpid, type NodeId } from '../../../model/vocabulary.ts';
import type { AuditDesk } from './desk.ts';
import { isObject, parseJson } from './json.ts';
import { bufferOf, readWhole } from './diskView.ts';
import type { LogAuditor } from './logAuditor.ts';
import { surveyLog } from './logReader.ts';
import { readRecord } from './mutationReader.ts';
import type { ReplicaView } from './view.ts';

export class LearnAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;
  private readonly logs: LogAuditor;

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk, logs: LogAuditor) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
    this.logs = logs;
  }

  answered(node: NodeId, gpid: Gpid, { error, lastCommitted, state, type }: LearnResponse, asked: LearnRequest | undefined): void {
    if (error !== 'ERR_OK' || type === 'LT_INVALID' || asked === undefined) return;
    const { lastCommittedInApp: applied, learner } = asked;
    const start = state.learnStartDecree;
    this.sink({ kind: 'learn.answered', atUs: this.nowUs(), node, gpid, learner, type, start, applied, lastCommitted });
  }

  /** What a learner takes over from its primary's cache counts like prepares. */
  delivered(node: NodeId, gpid: Gpid, { state }: LearnResponse): void {
    const view = this.desk.replica(node, gpid);
    for (const bytes of state.meta) {
      const mutation = readRecord(bufferOf(bytes), 0, bytes.length)?.mutation;
      if (mutation !== undefined) view.received.set({ mutation, as: 'secondary', sentTo: [] });
    }
  }

  // ------------------------------------------------------------------ on a learner's disk

  /** Nothing is told of what went: it is aside, or somebody will put it back. */
  storageGone(view: ReplicaView): void {
    view.checkpoints.clear();
    view.storage.forget();
    view.load.linked.clear();
    view.flushed = 0;
  }

  /** `data` stands under its name. */
  storageReplaced(view: ReplicaView): void {
    view.storage.forget();
    const reading = view.storage.read(this.desk.disk(view.node), `${view.dir}/data/rdb`);
    const decree = reading.ok ? reading.value.decree : INVALID_DECREE;
    const contentDigest = reading.ok ? reading.value.digest : 0;
    if (!reading.ok && !view.storageDamaged) {
      this.desk.wrong('S6', 'storage.replaced/whole', `${view}: what it learned is not whole`, 'files that can be read', reading.wrong);
    }
    view.flushed = Math.max(0, decree);
    view.applied = view.flushed;
    view.appliedAt.note(view.applied, this.nowUs());
    if (view.open) {
      view.storageReplacedAt = view.flushed;
      this.desk.owe(view);
    }
    for (const logged of view.mutations.keys()) if (logged <= view.flushed) view.mutations.delete(logged);
    this.sink({ kind: 'storage.replaced', atUs: this.nowUs(), node: view.node, gpid: view.gpid, decree, contentDigest });
  }

  /** `plog` stands under its name. */
  logReplaced(view: ReplicaView): void {
    const survey = surveyLog(this.desk.disk(view.node), `${view.dir}/plog`, view.gpid);
    this.logs.adopt(view, survey);
    const files = survey.files.map(({ reader, records }) => ({
      index: reader.index,
      startOffset: reader.startOffset,
      endOffset: reader.endOffset(),
      previousMaxDecree: reader.header?.previousMaxDecree ?? 0,
      records: records.map(({ mutation: { ballot, decree, lastCommitted } }) => ({ ballot, decree, lastCommitted })),
    }));
    this.sink({ kind: 'log.replaced', atUs: this.nowUs(), node: view.node, gpid: view.gpid, files });
  }

  /** Told when it says something else than before, or for the first time. */
  initInfoReplaced(view: ReplicaView): void {
    const text = readWhole(this.desk.disk(view.node), `${view.dir}/.init-info`)?.toString('utf8');
    const json = text === undefined ? undefined : parseJson(text);
    if (!isObject(json)) return;
    const { init_ballot: ballot, init_durable_decree: durable, init_offset_in_private_log: logOffset } = json;
    if (typeof ballot !== 'number' || typeof durable !== 'number' || typeof logOffset !== 'number') return;
    this.sink({ kind: 'init-info.stored', atUs: this.nowUs(), node: view.node, gpid: view.gpid, ballot, durable, logOffset });
  }
}
