/** Loads that a server's end, a new ballot or an operator strikes at every stage: all members hold the same at the end. */
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../../model/vocabulary.ts';
import { NODES } from '../cluster.ts';
import { MetaCluster } from './metaCluster.ts';

interface Stage {
  readonly name: string;
  reached(c: MetaCluster): boolean;
}

const [FIRST = '', SECOND = ''] = NODES;

/** In the order of a load's life; the first node is the primary. */
const STAGES: readonly Stage[] = [
  { name: 'downloading', reached: (c) => c.loader(SECOND).localStatus === 'BLS_DOWNLOADING' },
  { name: 'downloaded', reached: (c) => c.loader(SECOND).localStatus === 'BLS_DOWNLOADED' },
  { name: 'ingesting', reached: (c) => c.loader(SECOND).localStatus === 'BLS_INGESTING' },
  { name: 'ingestion write let in', reached: (c) => c.loader(FIRST).ingestion.isIngesting },
  { name: 'prepared on a secondary', reached: (c) => c.loader(SECOND).ingestion.isPrepared() },
  { name: 'applied on the primary', reached: (c) => c.loader(FIRST).ingestion.isPending() },
  { name: 'in on the primary', reached: (c) => c.loader(FIRST).ingestion.status === 'IS_SUCCEED' },
  { name: 'applied on a secondary', reached: (c) => c.loader(SECOND).ingestion.isPending() },
  { name: 'in on a secondary', reached: (c) => c.loader(SECOND).ingestion.status === 'IS_SUCCEED' },
  { name: 'succeeded', reached: (c) => c.loader(SECOND).localStatus === 'BLS_SUCCEED' },
];

function begun(stage: Stage): MetaCluster {
  const settings = {
    groupCheckIntervalMs: 2000,
    configSyncIntervalMs: 1000,
    bulkLoadRequestIntervalMs: 1000,
    emptyWriteDisabled: false,
    plogForceFlush: true,
    checkpointDisabled: false,
  };
  const c = new MetaCluster({ settings });
  expect(c.primaryNode()).toBe(FIRST);
  c.write('a', 'old');
  c.write('k', 'kept');
  c.fillRows({ a: 'A', b: 'B', c: 'C' });
  expect(c.start()).toBe('ERR_OK');
  c.runUntil(() => c.server(FIRST).replicas.has(c.gpid) && stage.reached(c));
  return c;
}

function settled(c: MetaCluster): boolean {
  return NODES.every((node) => {
    const replica = c.server(node).replicas.get(c.gpid);
    return replica !== undefined && !replica.bulkLoader.ingestion.isUnresolved();
  });
}

function expectSame(c: MetaCluster, rows: readonly string[]): void {
  c.runUntil(() => settled(c));
  c.write('z', 'last');
  c.run(5000);
  const stored = c.stored('abck');
  expect(rows).toContain(stored[0]);
  expect(new Set(stored).size).toBe(1);
  for (const node of NODES) expect(c.slots(node)).toBe(0);
  expect(c.checks()).toEqual([]);
}

const STRUCK = STAGES.flatMap((stage) => [FIRST, SECOND].map((node) => [stage.name, node, stage] as const));

describe('a server that ends while a load is', () => {
  const causes = ['crash', 'power-loss'] as const;
  it.each(STRUCK.flatMap(([name, node, stage]) => causes.map((cause) => [name, node, cause, stage] as const)))(
    '%s, %s by %s: the load comes to its end when it is back',
    (_name, node: NodeId, cause, stage) => {
      const c = begun(stage);
      c.world.stopNode(node, cause);
      c.run(200);
      c.world.startNode(node);
      c.runToEnd(300);
      expect(c.query().appStatus).toBe('BLS_SUCCEED');
      expectSame(c, ['A B C kept']);
      for (const member of NODES) expect(c.loader(member).isCleanedUp()).toBe(true);
    },
  );
});

describe('a new ballot while a load is', () => {
  it.each(STAGES.map((stage) => [stage.name, stage] as const))('%s: the load comes to its end', (_, stage) => {
    const c = begun(stage);
    const { ballot } = c.replica(FIRST, c.gpid).config;
    c.isolatePrimary();
    c.replica(FIRST, c.gpid).twoPc.proposeEmptyWrite();
    c.run(20);
    c.isolatePrimary(false);
    c.runUntil(() => NODES.every((node) => c.replica(node, c.gpid).ballot() > ballot));
    c.runToEnd(300);
    expect(c.query().appStatus).toBe('BLS_SUCCEED');
    expectSame(c, ['A B C kept']);
  });
});

describe('a primary that is moved while a load is', () => {
  it.each(STAGES.map((stage) => [stage.name, stage] as const))('%s: the load comes to its end', (_, stage) => {
    const c = begun(stage);
    expect(c.movePrimary(SECOND)).toBe('ERR_OK');
    c.runUntil(() => c.isServing(c.gpid) && c.primaryNode() === SECOND);
    c.runToEnd(300);
    expect(c.query().appStatus).toBe('BLS_SUCCEED');
    expectSame(c, ['A B C kept']);
  });
});

describe('an operator who forces a cancel while a load is', () => {
  it.each(STAGES.map((stage) => [stage.name, stage] as const))('%s: all members have the rows, or none', (_, stage) => {
    const c = begun(stage);
    expect(c.control('BLC_FORCE_CANCEL')).toBe('ERR_OK');
    c.runToEnd(120);
    expect(c.query().appStatus).toBe('BLS_CANCELED');
    for (const node of NODES) expect([c.localFiles(node), c.loader(node).isCleanedUp()]).toEqual([[], true]);
    const isIn = STAGES.indexOf(stage) >= 3;
    expectSame(c, [isIn ? 'A B C kept' : 'old - - kept']);
    expect(c.write('a', 'newer')).toBe('ERR_OK');
  });
});
