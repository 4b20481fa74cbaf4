/** A learner never replays an ingestion write, whose files it has not: it gets them with a checkpoint (bl.B17). */
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../../model/vocabulary.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import type { LearnResponse } from '../../../../impl/protocol/learnMessages.ts';
import { storedKey } from '../../../../impl/protocol/rrdb.ts';
import { LoadCluster } from '../bulkLoad/loadCluster.ts';
import { META, NODES } from '../cluster.ts';
import { QuietRules } from './learnCluster.ts';

class LoadedCluster extends LoadCluster {
  constructor() {
    const settings = { groupCheckIntervalMs: 2000, learnRetryMs: 200, checkpointRetryAfterFlushMs: 100, configSyncIntervalMs: 600_000 };
    super({ settings, partsOf: (node) => (node === META ? { CureRules: QuietRules } : {}) }, 2);
  }

  members(): readonly NodeId[] {
    return NODES.filter((node) => this.server(node).replicas.get(this.gpid)?.status() !== undefined && node !== this.spareNode);
  }

  readonly spareNode: NodeId = NODES.find((node) => !this.server(node).replicas.has(this.gpid)) ?? '';

  prepareLoad(): void {
    this.write('b', 'before');
    this.fillRows({ a: 'A', c: 'C' });
    this.poll('BLS_DOWNLOADING');
    this.runUntil(() => this.members().every((node) => this.loader(node).localStatus === 'BLS_DOWNLOADED'));
    this.poll('BLS_INGESTING');
  }

  offer(): void {
    const { app, primaryStates } = this.replica(this.primaryNode(), this.gpid);
    const request = { app, type: 'CT_ADD_SECONDARY_FOR_LB', node: this.spareNode, config: primaryStates.membership } as const;
    this.call(this.primaryNode(), 'RPC_CONFIG_PROPOSAL', request, threadHash(this.gpid));
  }

  answers(): readonly string[] {
    const bodies = this.sent.filter((m) => m.code === 'RPC_LEARN' && m.kind === 'reply').map((m) => m.body as LearnResponse);
    return bodies.map(({ error, type }) => (error === 'ERR_OK' ? type : error));
  }

  isMember(): boolean {
    return this.server(this.spareNode).replicas.get(this.gpid)?.status() === 'PS_SECONDARY';
  }

  rows(node: NodeId): string {
    const { storage } = this.replica(node, this.gpid);
    return ['a', 'b', 'c', 'd'].map((key) => storage?.get(storedKey('h', key), 0)?.value ?? '-').join(' ');
  }

  /** What the primary has committed reaches all. */
  settle(): void {
    this.replica(this.primaryNode(), this.gpid).twoPc.proposeEmptyWrite();
    this.run(100);
    this.replica(this.primaryNode(), this.gpid).groupChecker.broadcastGroupCheck();
    this.run(100);
  }
}

describe('learning of a table with a load (bl.B17)', () => {
  it('waits for a checkpoint that has the files', () => {
    const c = new LoadedCluster();
    c.prepareLoad();
    expect(c.ingestNow()).toBe('ERR_OK');
    c.runUntil(() => c.loader().ingestion.status === 'IS_SUCCEED');
    expect(c.replica(c.primaryNode(), c.gpid).lastDurableDecree()).toBe(0);
    c.offer();
    c.runUntil(() => c.isMember());
    expect(c.answers()[0]).toBe('ERR_INCONSISTENT_STATE');
    expect(c.answers().filter((answer) => answer !== 'ERR_INCONSISTENT_STATE')).toEqual(['LT_APP', 'LT_CACHE']);
    c.settle();
    expect(c.rows(c.spareNode)).toBe('A before C -');
    expect(c.checks()).toEqual([]);
  });

  it('also while the primary itself waits for files', () => {
    const c = new LoadedCluster();
    c.prepareLoad();
    const primary = c.primaryNode();
    const { ingestion } = c.loader(primary);
    const ingest = ingestion.ingestFiles.bind(ingestion);
    ingestion.ingestFiles = () => undefined;
    c.ingest();
    c.runUntil(() => ingestion.isPending());
    c.offer();
    c.run(1000);
    expect(new Set(c.answers())).toEqual(new Set(['ERR_INCONSISTENT_STATE']));
    ingestion.ingestFiles = ingest;
    ingestion.resumeIngestion();
    c.runUntil(() => c.isMember());
    c.settle();
    expect(c.rows(c.spareNode)).toBe('A before C -');
    expect(c.checks()).toEqual([]);
  });

  it('a learner that gets prepares keeps an ingestion write out, and an unresolved one keeps it from them', () => {
    const c = new LoadedCluster();
    c.prepareLoad();
    const primary = c.replica(c.primaryNode(), c.gpid);
    primary.learnerGroup.learners.set('x', { signature: 1, prepareStartDecree: 3, lastLearnLogFile: '' });
    expect(c.ingestNow()).toBe('ERR_INVALID_STATE');
    expect(c.loader().ingestion.isIngesting).toBe(false);
    primary.learnerGroup.learners.clear();
    expect(primary.learnee.mayPrepareToLearner()).toBe(true);
    c.ingest();
    c.runUntil(() => c.loader().ingestion.isPrepared());
    expect(primary.learnee.mayPrepareToLearner()).toBe(false);
  });

  it('a primary that was restarted does not know what its old log holds: the checkpoint, not the log', () => {
    const c = new LoadedCluster();
    c.prepareLoad();
    c.ingestNow();
    c.runUntil(() => NODES.every((node) => node === c.spareNode || c.loader(node).ingestion.status === 'IS_SUCCEED'));
    const node = c.primaryNode();
    c.world.stopNode(node, 'crash');
    c.run(10);
    c.world.startNode(node);
    c.runUntil(() => c.isServing(c.gpid));
    c.write('d', 'after');
    c.offer();
    c.runUntil(() => c.isMember());
    expect(c.answers()).toEqual(['LT_APP', 'LT_CACHE']);
    c.settle();
    expect(c.rows(c.spareNode)).toBe('A before C after');
  });

  it('a member that waited for files in vain begins before the write when it learns', () => {
    const c = new LoadedCluster();
    c.prepareLoad();
    const secondary = c.members().find((node) => node !== c.primaryNode()) ?? '';
    const { ingestion } = c.loader(secondary);
    ingestion.ingestFiles = () => undefined;
    c.ingest();
    c.runUntil(() => c.loader().ingestion.status === 'IS_SUCCEED');
    c.settle();
    expect(ingestion.isPending()).toBe(true);
    const replica = c.replica(secondary, c.gpid);
    const pending = replica.storage?.pendingIngestion()?.decree ?? 0;
    expect(replica.learner.learnRequest().lastCommittedInApp).toBe(pending - 1);
    // Out of the group, and back.
    const { app, primaryStates } = c.replica(c.primaryNode(), c.gpid);
    const config = primaryStates.membership;
    c.call(c.primaryNode(), 'RPC_CONFIG_PROPOSAL', { app, type: 'CT_REMOVE', node: secondary, config }, threadHash(c.gpid));
    c.runUntil(() => c.server(secondary).closingReplicas.has(c.gpid));
    c.run(100);
    const request = { app, type: 'CT_ADD_SECONDARY', node: secondary, config: c.replica(c.primaryNode(), c.gpid).primaryStates.membership } as const;
    c.call(c.primaryNode(), 'RPC_CONFIG_PROPOSAL', request, threadHash(c.gpid));
    c.runUntil(() => c.server(secondary).replicas.get(c.gpid)?.status() === 'PS_SECONDARY');
    c.settle();
    expect(c.rows(secondary)).toBe('A before C -');
    expect(c.answers()).toContain('LT_APP');
    expect(c.checks()).toEqual([]);
  });
});
