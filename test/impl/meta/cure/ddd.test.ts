/** A partition whose members have all dropped out, and what the meta server must hear before it chooses (repl 1.10). */
import { describe, expect, it } from 'vitest';
import { A, B, C, CureCluster } from './cureCluster.ts';

const ROUND_MS = 10_000;

describe('all replicas drop out', () => {
  /** A, then B, then C dropped out; all are alive again, and silent. */
  function ddd(): CureCluster {
    const cluster = CureCluster.served({ mutation2pcMinReplicaCount: 1 });
    for (const node of [A, B, C]) {
      cluster.kill(node);
      cluster.world.run(1000);
    }
    expect(cluster.text()).toBe('8 -  / 012');
    cluster.revive(A, B, C);
    cluster.world.run(ROUND_MS);
    cluster.told();
    return cluster;
  }
  const reason = (cluster: CureCluster): string => {
    const { decision } = cluster.cure().contextOf('1.0');
    return decision.kind === 'wait' ? decision.reason : decision.kind;
  };

  it('the last two must report; then the better one is assigned', () => {
    const cluster = ddd();
    expect(reason(cluster)).toBe('last-drop-not-collected');
    cluster.reports(C, { ballot: 7, lastCommitted: 5, lastPrepared: 6 });
    cluster.world.run(ROUND_MS);
    expect(cluster.told()).toEqual([]);
    cluster.reports(B, { ballot: 6, lastCommitted: 4, lastPrepared: 6 });
    cluster.world.run(ROUND_MS);
    expect(cluster.told()[0]).toBe('2 CT_ASSIGN_PRIMARY');
    // The others come back too, the newest of the drop list first.
    expect(cluster.text()).toBe('11 2 10 / ');
  });

  it('a server that has lost its replica counts as one that has nothing', () => {
    const cluster = ddd();
    cluster.reports(C);
    cluster.reports(B, { ballot: 6, lastCommitted: 4, lastPrepared: 6 });
    cluster.world.run(ROUND_MS);
    expect(cluster.told()[0]).toBe('1 CT_ASSIGN_PRIMARY');
  });

  it('what a server reported before it died again counts no more', () => {
    const cluster = ddd();
    cluster.reports(C, { ballot: 7, lastCommitted: 5, lastPrepared: 6 });
    cluster.kill(C);
    cluster.world.run(1000);
    cluster.revive(C);
    cluster.reports(B, { ballot: 6, lastCommitted: 4, lastPrepared: 6 });
    cluster.world.run(ROUND_MS);
    expect([reason(cluster), cluster.told()]).toEqual(['last-drop-not-collected', []]);
  });

  it('nor what arrives when it is dead', () => {
    const cluster = ddd();
    cluster.kill(C);
    cluster.world.run(1000);
    cluster.world.process(C);
    cluster.reports(C, { ballot: 7, lastCommitted: 5, lastPrepared: 6 });
    cluster.revive(C);
    cluster.reports(B, { ballot: 6, lastCommitted: 4, lastPrepared: 6 });
    cluster.world.run(ROUND_MS);
    expect([reason(cluster), cluster.told()]).toEqual(['last-drop-not-collected', []]);
  });

  it('nor does the silence of a server that was scanned before it dropped out', () => {
    const cluster = CureCluster.served({ mutation2pcMinReplicaCount: 1 });
    cluster.kill(A, B);
    cluster.world.run(1000);
    expect(cluster.text()).toBe('6 2  / 01');
    cluster.revive(B);
    cluster.obeys = () => false;
    cluster.reports(C, { ballot: 6, status: 'PS_PRIMARY' });
    cluster.reports(B, { ballot: 4, lastCommitted: 4, lastPrepared: 6 });
    // The primary fails, and removes itself: it never died.
    cluster.update(C, { type: 'CT_DOWNGRADE_TO_INACTIVE', node: C, config: { ...cluster.config(), ballot: 7, primary: '' } });
    cluster.world.run(ROUND_MS);
    expect(cluster.text()).toBe('7 -  / 012');
    expect(reason(cluster)).toBe('last-drop-not-collected');
    cluster.reports(C, { ballot: 6, lastCommitted: 9, lastPrepared: 9 });
    cluster.told();
    cluster.world.run(ROUND_MS);
    expect(cluster.told()).toEqual(['2 CT_ASSIGN_PRIMARY']);
  });

  it('a choice that was not taken up is made again from newer reports', () => {
    const cluster = ddd();
    cluster.obeys = () => false;
    cluster.reports(C, { ballot: 7, lastCommitted: 5, lastPrepared: 6 });
    cluster.reports(B, { ballot: 7, lastCommitted: 4, lastPrepared: 6 });
    cluster.world.run(ROUND_MS);
    expect(cluster.told()).toEqual(['2 CT_ASSIGN_PRIMARY']);
    cluster.reports(C, { ballot: 7, lastCommitted: 3, lastPrepared: 4 });
    cluster.world.run(ROUND_MS);
    expect(cluster.told()).toEqual(['1 CT_ASSIGN_PRIMARY']);
  });
});
