/**
 * A cluster whose meta server lets whole partitions alone, and a table of two replicas on three servers: what is proposed
 * then comes from the test, everything else is real.
 */
import type { ConfigType, Gpid, NodeId } from '../../../../model/vocabulary.ts';
import { CureRules } from '../../../../impl/meta/cure/cureRules.ts';
import type { CureView, Decision } from '../../../../impl/meta/cure/cureView.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import type { ConfigProposalAck, WriteResponse } from '../../../../impl/protocol/messages.ts';
import { storedKey } from '../../../../impl/protocol/rrdb.ts';
import type { LearnerStatus, LearnResponse, LearnType } from '../../../../impl/protocol/learnMessages.ts';
import type { Replica } from '../../../../impl/replica/replica.ts';
import { inspectDirectory } from '../../../../impl/storage/plog/inspect.ts';
import { Cluster, META, NODES } from '../cluster.ts';
import type { Box, ClusterOptions } from '../cluster.ts';

/** Makes partitions whole and lets them alone then, unless nobody is primary: members come and go as the test wishes. */
export class QuietRules extends CureRules {
  private readonly whole = new Set<Gpid>();

  override cure(view: CureView): Decision {
    const { gpid, primary, secondaries, maxReplicaCount } = view.config;
    if (primary !== '' && secondaries.length + 1 >= maxReplicaCount) this.whole.add(gpid);
    return primary !== '' && this.whole.has(gpid) ? { kind: 'healthy' } : super.cure(view);
  }
}

/** A learning that takes its time on a world's clock: checkpoints and log files small, retries quick. */
const SETTINGS = {
  groupCheckIntervalMs: 2000,
  configSyncIntervalMs: 1000,
  learnRetryMs: 200,
  checkpointIntervalMs: 600_000,
  checkpointRetryAfterFlushMs: 100,
} as const;

export class LearnCluster extends Cluster {
  readonly gpid: Gpid;
  /** What was acknowledged: key and value. */
  readonly acked = new Map<string, string>();
  private readonly inFlight = new Map<string, Box<WriteResponse>>();
  private written = 0;

  constructor(options: ClusterOptions = {}, replicaCount = 2) {
    super({
      ...options,
      settings: { ...SETTINGS, ...options.settings },
      partsOf: (node) => ({ ...(node === META ? { CureRules: QuietRules } : {}), ...options.partsOf?.(node) }),
    });
    this.gpid = `${this.createTable('t', 1, replicaCount)}.0`;
    this.forget();
  }

  get p(): Replica {
    return this.replica(this.primary(this.gpid), this.gpid);
  }

  members(): readonly NodeId[] {
    const { primary, secondaries } = this.p.primaryStates.membership;
    return [primary, ...secondaries];
  }

  /** The server that has no replica. */
  spare(): NodeId {
    const members = this.members();
    const spare = NODES.find((node) => !members.includes(node));
    if (spare === undefined) throw new Error('no server is free');
    return spare;
  }

  secondary(): NodeId {
    return this.members()[1] ?? '';
  }

  propose(type: ConfigType, node: NodeId): Box<ConfigProposalAck> {
    const { app, primaryStates } = this.p;
    const request = { app, type, node, config: primaryStates.membership };
    return this.call(this.primary(this.gpid), 'RPC_CONFIG_PROPOSAL', request, threadHash(this.gpid));
  }

  addLearner(node: NodeId): void {
    const box = this.propose('CT_ADD_SECONDARY_FOR_LB', node);
    this.runUntil(() => box.result !== undefined);
    if (box.result?.body?.error !== 'ERR_OK') throw new Error(`refused: ${box.result?.body?.error}`);
  }

  /** Proposes the node until it is a member, whatever happens on the way. */
  learnAnyhow(node: NodeId, ms = 60_000): void {
    const start = this.world.nowUs();
    while (this.statusOf(node) !== 'PS_SECONDARY' || !this.isServing(this.gpid) || !this.members().includes(node)) {
      if (this.world.nowUs() - start > ms * 1000) throw new Error(`no member within ${ms} ms: ${this.statusOf(node)}`);
      if (!this.world.isUp(node)) this.world.startNode(node);
      if (this.isServing(this.gpid) && !this.isKnown(node)) this.propose('CT_ADD_SECONDARY_FOR_LB', node);
      this.send();
      this.run(50);
    }
    this.writeUntil(() => true);
  }

  private isKnown(node: NodeId): boolean {
    return this.members().includes(node) || this.p.learnerGroup.nodes().includes(node);
  }

  statusOf(node: NodeId): string | undefined {
    return this.world.isUp(node) ? this.server(node).replicas.get(this.gpid)?.status() : undefined;
  }

  learnerStatus(node: NodeId): LearnerStatus | undefined {
    return this.world.isUp(node) ? this.server(node).replicas.get(this.gpid)?.learner.status : undefined;
  }

  // ------------------------------------------------------------------ writes

  /** Sends one write to the primary, if there is one. */
  send(): void {
    const key = `k${this.written++}`;
    const to = NODES.find((node) => this.statusOf(node) === 'PS_PRIMARY');
    if (to !== undefined) this.inFlight.set(key, this.put(this.gpid, key, `v-${key}`, to));
    this.collect();
  }

  private collect(): void {
    for (const [key, box] of this.inFlight) {
      if (box.result === undefined) continue;
      this.inFlight.delete(key);
      if (box.result.error === 'ERR_OK' && box.result.body.error === 'ERR_OK') this.acked.set(key, `v-${key}`);
    }
  }

  /** So many writes, one after the other. */
  write(count: number): void {
    for (let i = 0; i < count; i++) {
      this.send();
      this.runUntil(() => [...this.inFlight.values()].every((box) => box.result !== undefined));
      this.collect();
    }
  }

  /** One write every `everyMs` until the condition holds. */
  writeUntil(condition: () => boolean, everyMs = 5, ms = 60_000): void {
    const start = this.world.nowUs();
    while (!condition()) {
      if (this.world.nowUs() - start > ms * 1000) throw new Error(`not within ${ms} ms: ${condition.toString()}`);
      this.send();
      this.world.run({ untilUs: this.world.nowUs() + everyMs * 1000, stop: condition });
    }
    this.runUntil(() => [...this.inFlight.values()].every((box) => box.result !== undefined));
    this.collect();
  }

  /** Runs until nothing is prepared that is not committed, on any member. */
  settle(): void {
    this.run(100);
    this.p.twoPc.proposeEmptyWrite();
    this.run(100);
    this.p.groupChecker.broadcastGroupCheck();
    this.run(100);
    this.collect();
  }

  /** A checkpoint of all that the primary has applied, and as little log as that allows. */
  checkpointAndCollectLog(): void {
    const { checkpoints } = this.p;
    checkpoints.initCheckpoint(true, 'remote-command');
    this.runUntil(() => this.p.lastDurableDecree() === this.p.lastAppliedDecree());
    checkpoints.gcPrivateLog();
    this.run(20);
  }

  // ------------------------------------------------------------------ what a node holds

  /** Acknowledged rows that the node's storage does not have. */
  missingRows(node: NodeId): readonly string[] {
    const { storage } = this.replica(node, this.gpid);
    return [...this.acked].filter(([key, value]) => storage?.get(storedKey('h', key), 0)?.value !== value).map(([key]) => key);
  }

  /** Decrees of the node's log, each once, ascending. */
  loggedDecrees(node: NodeId): readonly number[] {
    const dir = `${this.gpid}.pegasus/plog`;
    const disk = this.world.diskView(node);
    const files = disk.list(dir).flatMap((name) => {
      const bytes = disk.read(`${dir}/${name}`);
      return bytes === undefined || !name.startsWith('log.') ? [] : [{ name, bytes }];
    });
    const decrees = new Set<number>();
    for (const file of inspectDirectory(files)) for (const m of file.mutations) decrees.add(Number(m.decree));
    return [...decrees].toSorted((a, b) => a - b);
  }

  /** Decrees from `from` to what the primary has committed that the node's log does not have. */
  missingInLog(node: NodeId, from: number): readonly number[] {
    const logged = new Set(this.loggedDecrees(node));
    const missing: number[] = [];
    for (let decree = from; decree <= this.p.lastCommittedDecree(); decree++) if (!logged.has(decree)) missing.push(decree);
    return missing;
  }

  /** What the primary's answers brought so far. */
  rounds(): readonly LearnType[] {
    return this.answers().map(({ type }) => type);
  }

  answers(): readonly LearnResponse[] {
    return this.sent.filter((m) => m.code === 'RPC_LEARN' && m.kind === 'reply' && m.body !== undefined).map((m) => m.body as LearnResponse);
  }

  /** What keeps the node from being a member that holds all that any member holds; empty when it is one. */
  problemsOf(node: NodeId): readonly string[] {
    this.settle();
    const problems = [...this.checks()];
    if (this.statusOf(node) !== 'PS_SECONDARY') return [...problems, `is ${this.statusOf(node)}`];
    if (!this.members().includes(node)) problems.push('is no member');
    const behind = this.p.lastCommittedDecree() - this.replica(node, this.gpid).lastAppliedDecree();
    if (behind > 1) problems.push(`${behind} decrees behind`);
    return [...problems, ...this.missingRows(node).map((key) => `lacks ${key}`)];
  }
}
