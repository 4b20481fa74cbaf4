/** What duplication owes, to whom, since when and for how long; and when it owes nothing. */
import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../model/config.ts';
import type { ModelEvent } from '../../model/events.ts';
import { obligations, type Obligation } from '../../model/obligations.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import {
  APP,
  ARRIVED,
  arrives,
  change,
  CONFIRMED,
  DUP_CONFIG,
  E,
  ends,
  entry,
  erased,
  F,
  followerTable,
  ID,
  L_W,
  LOG,
  LOG_BEGINS,
  LOG_RUNS,
  LOG_TOLD,
  MARKED,
  orders,
  OTHERS_CREATION,
  OWING,
  PREPARE,
  RUNS,
  S,
  sent,
  SENT,
  SHIPPED,
  stored,
  synced,
  told,
} from '../traces/duplicationStory.ts';
import { INGEST, ingests, loadOf, PROVIDED, SECOND, sent as ingestionSent } from '../traces/loadStory.ts';
import { A, asks, B, dismissed, fault, mutation, P, PUT, putAt, started, stopped, survived, table, write } from '../traces/story.ts';
import { after, owing } from './owed.ts';

const { owedIn, names, one } = owing('dup ', DUP_CONFIG);

const settings = DUP_CONFIG.settings;
const withSettings = (more: Partial<typeof settings>): ModelConfig => ({ ...DUP_CONFIG, settings: { ...settings, ...more } });
/** The first word of each term of a bound, with its count. */
const terms = ({ boundText }: Obligation): readonly string[] =>
  boundText.split(' + ').map((term) => term.replace(/ \(.*\)/, ''));
/** The sum of what the text names, in microseconds. */
const sumOf = ({ boundText }: Obligation): number =>
  [...boundText.matchAll(/(\d+) x \w+ \((\d+) ms\)/g)].reduce((sum, [, n, ms]) => sum + Number(n) * Number(ms) * 1000, 0);

const STORIES = [PREPARE, APP, MARKED, LOG, RUNS, OWING, SENT, ARRIVED, SHIPPED, CONFIRMED, LOG_TOLD, LOG_BEGINS, LOG_RUNS];

describe('obligations of duplication', () => {
  it('are followed through the story, and nothing is left at its end', () => {
    expect(names(PREPARE)).toEqual(['dup L1 follower table']);
    expect(names(APP)).toEqual(['dup L1 shipping begins']);
    expect(names(MARKED)).toEqual(['dup L1 shipping begins']);
    expect(names(MARKED.concat(stored('DS_LOG')))).toEqual(['dup L4 told']);
    expect(names(LOG)).toEqual(['dup L3 pipeline']);
    expect(names(LOG_TOLD)).toEqual(['dup L4 begun']);
    expect(names(LOG_BEGINS)).toEqual(['dup L3 pipeline']);
    expect(names(RUNS)).toEqual([]);
    expect(names(OWING)).toEqual(['dup L2 drained']);
    expect(names(SENT)).toEqual(['dup L2 drained']);
    expect(names(ARRIVED)).toEqual([]);
    expect(names(SHIPPED)).toEqual(['dup L4 confirmed']);
    expect(names(CONFIRMED)).toEqual([]);
    expect(names(LOG_RUNS)).toEqual([]);
  });

  it('have bounds that are exactly the sums they name, of the settings', () => {
    for (const story of STORIES)
      for (const owed of owedIn(story)) {
        expect(owed.boundUs).toBe(sumOf(owed));
        expect(owed.cluster).toBe('c');
        for (const [, name = '', ms] of owed.boundText.matchAll(/x (\w+) \((\d+) ms\)/g))
          if (name in settings) expect([name, Number(ms)]).toEqual([name, settings[name as keyof typeof settings]]);
      }
  });

  it('name their timers (dup 8)', () => {
    expect(terms(one(SHIPPED, 'dup L4 confirmed'))).toEqual([
      '2 x duplicationSyncPeriodMs',
      '1 x dupSyncTimeoutMs',
      '1 x dupProgressMinUpdatePeriodMs',
      '1 x work',
    ]);
    expect(one(SHIPPED, 'dup L4 confirmed')).toMatchObject({ gpid: '1.0', sinceUs: 10 * S, boundUs: 29 * S });
    expect(terms(one(LOG, 'dup L3 pipeline'))).toEqual(['2 x duplicationSyncPeriodMs', '1 x dupSyncTimeoutMs', '1 x work']);
    expect(terms(one(LOG_TOLD, 'dup L4 begun'))).toEqual(['2 x duplicationSyncPeriodMs', '1 x dupSyncTimeoutMs', '1 x work']);
    expect(terms(one(MARKED.concat(stored('DS_LOG')), 'dup L4 told'))).toEqual([
      '2 x duplicationSyncPeriodMs',
      '1 x dupSyncTimeoutMs',
      '1 x configSyncIntervalMs',
      '1 x work',
    ]);
    expect(terms(one(OWING, 'dup L2 drained'))).toEqual([
      '2 x dupNoMutationLoadDelayMs',
      '1 x dupShipRetryMs',
      '1 x dupWaitConfirmRepeatMs',
      '1 x record',
      '1 x work',
    ]);
    for (const period of [1000, 50_000]) {
      const slow = one(SHIPPED, 'dup L4 confirmed', withSettings({ duplicationSyncPeriodMs: period }));
      expect(slow.boundUs).toBe((2 * period + 9000) * 1000);
    }
  });

  it('grow with the backlog, and with the faults that there were', () => {
    const three = [...OWING, ...putAt(4, 4, 'm', 'x'), ...putAt(5, 5, 'n', 'y')];
    expect(terms(one(three, 'dup L2 drained'))).toContain('3 x record');
    expect(one(three, 'dup L2 drained').sinceUs).toBe(one(OWING, 'dup L2 drained').sinceUs);
    const faulty = [...OWING, fault('link-loss', P, 10 * S)];
    expect(terms(one(faulty, 'dup L2 drained'))).toEqual(
      expect.arrayContaining(['1 x dupRequestTimeoutMs', '2 x rpcTimeoutMs', '1 x prepareTimeoutMs', '2 x updateConfigRetryMs']),
    );
    const unreadable = [...OWING, fault('disk-read-error', P, 10 * S)];
    expect(terms(one(unreadable, 'dup L2 drained'))).toContain('4 x dupLoadErrorRepeatMs');
    const far = [...OWING, fault('disk-write-error', F, 10 * S)];
    expect(terms(one(far, 'dup L2 drained'))).toEqual(expect.arrayContaining(['2 x groupCheckIntervalMs', '1 x configSyncIntervalMs']));
  });
});

describe('L1', () => {
  it('waits for the checkpoints of every partition, and for two rounds of the meta server', () => {
    const owed = one(PREPARE, 'dup L1 follower table');
    expect(terms(owed)).toEqual(
      expect.arrayContaining(['6 x duplicationSyncPeriodMs', '2 x checkpointStartDelayMs', '1 x checkpointRetryAfterFlushMs']),
    );
    expect(owed.sinceUs).toBe(10 * S);
  });

  it('is not owed while the table does not serve', () => {
    expect(names([...PREPARE, stopped(P, 'crash', 11 * S)])).not.toContain('dup L1 follower table');
  });

  it('is not owed to a follower that cannot have so many replicas (Q14)', () => {
    const many = PREPARE.map((event) => withCount(event, 3));
    expect(names(many)).not.toContain('dup L1 follower table');
  });

  it('is not owed where another table bears the name (Q14, B9)', () => {
    expect(names([...PREPARE, OTHERS_CREATION, followerTable({})])).toEqual([]);
  });

  it('is not owed to a table with too few members for a write', () => {
    const state = after(DUP_CONFIG, PREPARE);
    state.config = withSettings({ mutation2pcMinReplicaCount: 4 });
    expect(obligations(state).filter(({ name }) => name.startsWith('dup '))).toEqual([]);
  });

  it('waits for the removal of such a table', () => {
    const drop = { ...asks(91, { kind: 'dropTable', name: 't' }, 30 * S), cluster: 'd' } as ModelEvent;
    const gone = { ...table('AS_DROPPED', { maxReplicaCount: 2 }, 30 * S), cluster: 'd' } as ModelEvent;
    expect(one([...PREPARE, OTHERS_CREATION, followerTable({}), drop, gone], 'dup L1 follower table').sinceUs).toBe(30 * S);
  });
});

/** The same with another replica count of the follower. */
function withCount(event: ModelEvent, remoteReplicaCount: number): ModelEvent {
  if (event.kind === 'dup.stored') return { ...event, record: { ...event.record, remoteReplicaCount } };
  if (event.kind !== 'command.invoked' || event.command.kind !== 'addDup') return event;
  return { ...event, command: { ...event.command, remoteReplicaCount } };
}

describe('L3, L4, L6', () => {
  const PAUSED = [...RUNS, orders(11, change('pauseDup'), 11 * S), stored('DS_PAUSE', {}, { atUs: 11 * S })];
  const HEARD = [...PAUSED, told('DS_PAUSE', 2, { atUs: 12 * S }), synced([ID], { atUs: 12 * S })];

  it('a primary is to be told of a change, then to stop', () => {
    expect(names(PAUSED)).toEqual(['dup L4 told']);
    expect(one(PAUSED, 'dup L4 told').sinceUs).toBe(11 * S);
    expect(names(HEARD)).toEqual(['dup L6 stops']);
    expect(one(HEARD, 'dup L6 stops')).toMatchObject({ sinceUs: 12 * S, boundUs: S });
    expect(names([...HEARD, ends(P, 12 * S)])).toEqual([]);
  });

  it('a primary is to be told of a removal by an answer that does not list it', () => {
    const gone = [...RUNS, orders(11, change('removeDup'), 11 * S), erased(11 * S)];
    expect(names(gone)).toEqual(['dup L4 told']);
    expect(names([...gone, synced([], { atUs: 12 * S })])).toEqual(['dup L6 stops']);
    expect(names([...gone, synced([], { atUs: 12 * S }), ends(P, 12 * S)])).toEqual([]);
  });

  it('a restart on the other side changes nothing', () => {
    const again = [...RUNS, stopped(F, 'crash', 11 * S), started(F, 11 * S)];
    expect(names(again)).toEqual([]);
  });
});

describe('L2', () => {
  it('is not owed while paused, or while the follower does not serve', () => {
    const paused = [...OWING, orders(11, change('pauseDup')), stored('DS_PAUSE'), told('DS_PAUSE', 2), synced()];
    expect(names(paused)).not.toContain('dup L2 drained');
    expect(names([...OWING, stopped(F, 'crash', 11 * S)])).toEqual([]);
    expect(names([...OWING, stopped(E, 'crash', 11 * S)])).toEqual([]);
  });

  it('is not owed once the store holds the pause, nor before a first progress is stored and told', () => {
    const pausing = [...OWING, orders(11, change('pauseDup')), stored('DS_PAUSE')];
    expect(names(pausing)).toEqual(['dup L4 told']);
    const early = [...LOG_TOLD, ...putAt(3, 3, 'l', 'w')];
    expect(names(early)).toEqual(['dup L4 begun']);
    const known = [...LOG_RUNS, ...putAt(3, 3, 'l', 'w')];
    expect(names(known)).toEqual(['dup L2 drained']);
  });

  it('is owed as long as a member of the follower is whole: the others learn from it', () => {
    const loses = (node: NodeId): readonly ModelEvent[] => [fault('disk-bit-rot', node, 10 * S), survived(node, [[1, 3]], false)];
    expect(names([...OWING, ...loses(E)])).toEqual(['dup L2 drained']);
    expect(names([...OWING, ...loses(F)])).toEqual(['dup L2 drained']);
    expect(names([...OWING, ...loses(E), ...loses(F)])).toEqual([]);
    // Secondaries of the source ship nothing.
    expect(names([...OWING, ...loses(A), ...loses(B)])).toEqual(['dup L2 drained']);
    // Of its primary the log is read.
    expect(names([...OWING, ...loses(P)])).toEqual([]);
  });

  it('is not owed when the follower has too few members, or its table is gone', () => {
    const poor: ModelConfig = {
      ...DUP_CONFIG,
      clusters: DUP_CONFIG.clusters.map((cluster) =>
        cluster.id === 'd' ? { ...cluster, settings: { ...settings, mutation2pcMinReplicaCount: 3 } } : cluster,
      ),
    };
    expect(names(OWING, poor)).toEqual([]);
    const drop = { ...asks(91, { kind: 'dropTable', name: 't' }, 11 * S), cluster: 'd' } as ModelEvent;
    const dropping: ModelEvent = { ...table('AS_DROPPED', { maxReplicaCount: 2 }, 11 * S), cluster: 'd', envs: followerEnvs() } as ModelEvent;
    const empty = { ...dropping, status: 'AS_DROPPING' } as ModelEvent;
    expect(names([...OWING, drop, empty, dismissed(2, [F, E], 'd', 2), dropping])).toEqual([]);
  });

  it('goes on with the next write, and leaves the same rows behind', () => {
    const two = [...ARRIVED, ...putAt(4, 4, 'l', 'x')];
    expect(names(two)).toEqual(['dup L2 drained']);
    const X = PUT('l', 'x');
    const both = [...two, sent([entry(4, X)]), ...arrives(5, [entry(4, X)])];
    expect(names(both)).toEqual([]);
    // A second sending of the older write, as a rebuilt pipeline does it, hides the newer one until that comes again.
    const hidden = [...both, sent([entry(3, L_W)]), ...arrives(6, [entry(3, L_W)])];
    expect(names(hidden)).toEqual(['dup S11 same rows']);
    expect(names([...hidden, sent([entry(4, X)]), ...arrives(7, [entry(4, X)])])).toEqual([]);
    // A write that is verified finds the newer one.
    const verified = [{ ...entry(3, L_W), verifyTimetag: true }];
    expect(names([...both, sent(verified), ...arrives(6, verified)])).toEqual([]);
  });

  it('owes nothing of what was ingested, and the same rows beside it', () => {
    const load = loadOf([SECOND]);
    const ingested = [...ARRIVED, ...PROVIDED, ingestionSent(load), ...write(mutation(1, 4, [INGEST(load)]))];
    expect(names(ingested)).toEqual([]);
    const X = PUT('l', 'x');
    const both = [...ingested, ingests(P, 4, [SECOND]), ...putAt(5, 5, 'l', 'x'), sent([entry(5, X)])];
    const arrived = [...both, ...arrives(5, [entry(5, X)])];
    expect(names(arrived)).toEqual([]);
    expect(names([...arrived, sent([entry(3, L_W)]), ...arrives(6, [entry(3, L_W)])])).toEqual(['dup S11 same rows']);
  });
});

function followerEnvs(): Readonly<Record<string, string>> {
  const last = MARKED.findLast((event) => event.kind === 'table.stored' && event.cluster === 'd');
  return last?.kind === 'table.stored' ? last.envs : {};
}
