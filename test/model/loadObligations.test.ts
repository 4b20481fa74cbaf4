/** What loads owe, to whom, since when and for how long; and when they owe nothing. */
import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../model/config.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { Obligation } from '../../model/obligations.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import { toldBack } from '../traces/loadStory.ts';
import {
  all,
  BEGUN,
  cancel,
  CANCELED,
  CLEAN,
  CLEANED,
  COMMITTED,
  DOWNLOADED,
  FINISHED,
  flag,
  FLAGGED,
  gone,
  HEARD,
  INGESTED,
  INGESTING,
  IS_PAUSED,
  NEARLY,
  NOW,
  OVER,
  part,
  PART_DOWNLOADED,
  PART_PAUSED,
  PART_SUCCEED,
  PAUSING,
  refuses,
  S,
  SENT,
  STORED,
  stored,
  SUCCEED,
  told,
} from '../traces/loadTableStory.ts';
import { answers, asks, B, CONFIG, fault, P, stopped, survived } from '../traces/story.ts';
import { owing } from './owed.ts';

const { owedIn, names, one } = owing('load ', CONFIG);

const { settings } = CONFIG;
const withSettings = (more: Partial<typeof settings>): ModelConfig => ({ ...CONFIG, settings: { ...settings, ...more } });
/** The first word of each term of a bound, with its count. */
const terms = ({ boundText }: Obligation): readonly string[] =>
  boundText.split(' + ').map((term) => term.replace(/ \(.*\)/, ''));
/** The sum of what the text names, in microseconds. */
const sumOf = ({ boundText }: Obligation): number =>
  [...boundText.matchAll(/(\d+) x [\w ]+ \((\d+) ms\)/g)].reduce((sum, [, n, ms]) => sum + Number(n) * Number(ms) * 1000, 0);

const SLOT = { kind: 'load.slot', node: P, gpid: '1.0', taken: true, serverCount: 1, atUs: NOW } as const;
const STORIES = [FLAGGED, STORED, BEGUN, HEARD, PART_DOWNLOADED, DOWNLOADED, INGESTING, SENT, COMMITTED, INGESTED, FINISHED, PART_SUCCEED, SUCCEED, CLEANED, PAUSING, CANCELED];

describe('obligations of bulk load', () => {
  it('are followed through the story, and nothing is left at its end', () => {
    expect(names(FLAGGED)).toEqual(['load L3 ends']);
    expect(names(BEGUN)).toEqual(['load L3 ends', 'load L3 good end']);
    expect(names(DOWNLOADED)).toEqual(['load L3 ends', 'load L3 good end']);
    expect(names(SENT)).toEqual(['load L3 ends', 'load L3 good end']);
    expect(names(NEARLY)).toEqual(['load L3 writes accepted', 'load L3 ends', 'load L3 good end']);
    expect(names(FINISHED)).toEqual(['load L3 ends', 'load L3 good end']);
    expect(names(SUCCEED)).toEqual(['load L3 ends']);
    expect(names(CLEANED)).toEqual(['load L3 ends']);
    expect(names(OVER)).toEqual([]);
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
});

describe('L3', () => {
  it('counts polls, a bound for each status', () => {
    const count = (story: readonly ModelEvent[]): string | undefined =>
      terms(one(story, 'load L3 ends')).find((term) => term.endsWith('bulkLoadRequestIntervalMs'));
    expect(count(BEGUN)).toBe('4 x bulkLoadRequestIntervalMs');
    expect(count(DOWNLOADED)).toBe('2 x bulkLoadRequestIntervalMs');
    expect(count(INGESTING)).toBe('2 x bulkLoadRequestIntervalMs');
    expect(count(SUCCEED)).toBe('4 x bulkLoadRequestIntervalMs');
    expect(count(PAUSING)).toBe('3 x bulkLoadRequestIntervalMs');
    expect(count(FLAGGED)).toBeUndefined();
    expect(one(BEGUN, 'load L3 ends')).toMatchObject({ sinceUs: NOW, boundUs: 42 * S });
    expect(one(BEGUN, 'load L3 ends', withSettings({ bulkLoadRequestIntervalMs: 500 })).boundUs).toBe(4 * S);
    expect(terms(one(INGESTING, 'load L3 ends'))).toEqual(
      expect.arrayContaining(['1 x ingestionWriteTimeoutMs', '6 x bulkLoadIngestRequestIntervalMs']),
    );
  });

  it('begins anew with each status, and with each way back', () => {
    const back = [...DOWNLOADED, refuses('ERR_INVALID_STATE', 'BLS_DOWNLOADED'), stored('BLS_DOWNLOADING', {}, 20 * S)];
    expect(one(back, 'load L3 ends')).toMatchObject({ sinceUs: 20 * S, key: 'load 7 of t in BLS_DOWNLOADING' });
    expect(one(back, 'load L3 good end').sinceUs).toBe(NOW);
  });

  it('is not owed by a load that is paused, but by one that is to be', () => {
    expect(names(PART_PAUSED)).toEqual(['load L3 ends']);
    expect(names(IS_PAUSED)).toEqual([]);
  });

  it('is not owed while a partition does not serve, or a member has lost what the load needs of everybody', () => {
    expect(names([...BEGUN, stopped(P, 'crash', 11 * S)])).toEqual([]);
    const loses = (node: NodeId): readonly ModelEvent[] => [fault('disk-bit-rot', node, 11 * S), survived(node, [], false)];
    expect(names(BEGUN)).toEqual(['load L3 ends', 'load L3 good end']);
    expect(names([...BEGUN, ...loses(P)])).toEqual([]);
    expect(names([...BEGUN, ...loses(B)])).toEqual([]);
  });

  it('is not owed without slots', () => {
    expect(names(BEGUN, withSettings({ maxConcurrentBulkLoadDownloadingCount: 0 }))).toEqual([]);
    expect(names(BEGUN, withSettings({ bulkLoadNodeMaxIngestingCount: 0 }))).toEqual([]);
  });

  it('waits longer after faults, and for a store that gave no answer', () => {
    const faulty = [...BEGUN, fault('link-loss', P, 11 * S)];
    expect(terms(one(faulty, 'load L3 ends'))).toContain('2 x rpcTimeoutMs');
    expect(one(faulty, 'load L3 ends').sinceUs).toBe(11 * S);
    const store = [...BEGUN, fault('store.timeout', P, 11 * S)];
    expect(terms(one(store, 'load L3 ends'))).toContain('1 x store session and retry');
  });

  it('has a good end only with good files, and when nobody holds it back', () => {
    expect(one(BEGUN, 'load L3 good end').boundUs).toBeGreaterThan(one(BEGUN, 'load L3 ends').boundUs * 2);
    expect(names([...BEGUN, gone('0/00001.sst', 11 * S)])).toEqual(['load L3 ends']);
    expect(names(PAUSING)).toEqual(['load L3 ends']);
    expect(names([...BEGUN, fault('provider.error', P, 11 * S)])).toEqual(['load L3 ends']);
    expect(names([...BEGUN, fault('disk-bit-rot', P, 11 * S)])).toEqual(['load L3 ends']);
    expect(names(BEGUN, withSettings({ mutation2pcMinReplicaCount: 4 }))).toEqual(['load L3 ends']);
    const envs = { 'replica.write_throttling': '1*reject*1' };
    const throttled = [...BEGUN, asks(30, { kind: 'setEnvs', name: 't', envs }, NOW), flag(true, NOW, envs)];
    expect(names(throttled)).toEqual(['load L3 ends']);
  });

  it('lets writes in again: the group has its files, or the primary heard of another status', () => {
    const owed = one(COMMITTED, 'load L3 writes accepted');
    expect(owed).toMatchObject({ gpid: '1.0', sinceUs: NOW });
    expect(terms(owed)).toEqual(expect.arrayContaining(['2 x bulkLoadRequestIntervalMs', '1 x ingestionWriteTimeoutMs']));
    expect(names(FINISHED)).not.toContain('load L3 writes accepted');
    const canceled = [
      ...COMMITTED,
      toldBack(),
      asks(30, cancel(true), NOW),
      stored('BLS_CANCELED', { isEverIngesting: true }),
      part('BLS_CANCELED'),
    ];
    expect(names(canceled)).toContain('load L3 writes accepted');
    expect(names([...canceled, ...all('BLS_CANCELED', CLEAN, { local: 'BLS_INVALID' })])).not.toContain('load L3 writes accepted');
  });
});

describe('L6, S9', () => {
  it('a forced cancel that was let in ends the load, even a paused one', () => {
    const forced = [...IS_PAUSED, asks(30, cancel(true), NOW), answers(30, told(), NOW)];
    expect(names(forced)).toEqual(['load L6 escape']);
    expect(one(forced, 'load L6 escape')).toMatchObject({ sinceUs: NOW, boundUs: 42 * S });
    expect(names([...forced, stored('BLS_CANCELED', {}, 11 * S)])).toEqual(['load L3 ends', 'load L6 escape']);
    expect(names([...IS_PAUSED, asks(30, cancel(true), NOW), answers(30, told('ERR_TIMEOUT'), NOW)])).toEqual([]);
  });

  it('a slot is given back when the load needs it no more', () => {
    expect(names([...BEGUN, SLOT])).not.toContain('load S9 idle');
    const canceled = [...BEGUN, SLOT, ...CANCELED.slice(BEGUN.length)];
    expect(names(canceled)).toEqual(['load L3 ends', 'load S9 idle']);
    expect(one(canceled, 'load S9 idle')).toMatchObject({ key: `slot of 1.0 at ${P}`, node: P, sinceUs: NOW });
    expect(names([...canceled, { ...SLOT, taken: false, serverCount: 0 }])).toEqual(['load L3 ends']);
  });
});
