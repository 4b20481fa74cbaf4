/** A finding and a tape as large as the page must bear: 2 clusters, 7 nodes, 10,000 events; the same for the same arguments. */
import { findingRecord } from '../../../../properties/report/findingRecord.ts';
import type { FindingRecord } from '../../../../properties/report/finding.ts';
import type { Tape, TapeChange, TapeEvent, TapeLane, TapeMessage, TapeNode, TapeState } from '../../../../properties/report/tape.ts';
import { runPlan } from '../../../../properties/run/runPlan.ts';
import type { Plan } from '../../../../properties/plan/types.ts';

export const NODES: readonly TapeNode[] = [
  { id: 'source/client-0', cluster: 'source', role: 'client' },
  { id: 'source/meta-0', cluster: 'source', role: 'meta' },
  { id: 'source/replica-0', cluster: 'source', role: 'replica' },
  { id: 'source/replica-1', cluster: 'source', role: 'replica' },
  { id: 'follower/meta-0', cluster: 'follower', role: 'meta' },
  { id: 'follower/replica-0', cluster: 'follower', role: 'replica' },
  { id: 'follower/replica-1', cluster: 'follower', role: 'replica' },
];
const GPIDS = ['1.0', '1.1', '1.2', '1.3', '2.0', '2.1', '10.0', '10.1'];
const KINDS = ['replica.prepared', 'replica.committed', 'replica.applied', 'log.written', 'prepare.acked', 'dup.shipped', 'checkpoint.ended', 'command.invoked'];
const FIELDS = ['ballot', 'committed', 'prepared', 'applied', 'durable', 'rows', 'status'];

/** A linear congruential generator (Numerical Recipes): platform chance would differ from run to run. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function pick<T>(list: readonly T[], at: number): T {
  const found = list[at % list.length];
  if (found === undefined) throw new RangeError('an empty list');
  return found;
}

/** Bursts of microseconds between quiet seconds, as runs are. */
function eventsOf(count: number, below: (n: number) => number): readonly TapeEvent[] {
  let atUs = 0;
  return Array.from({ length: count }, (_, i) => {
    const gap = below(100);
    atUs += gap < 30 ? 0 : gap < 97 ? 1 + below(900) : 2_000_000 + below(20_000_000);
    const node = pick(NODES, below(NODES.length));
    const kind = pick(KINDS, below(KINDS.length));
    const gpid = node.role === 'replica' ? pick(GPIDS, below(GPIDS.length)) : '';
    const text = `${node.id}${gpid === '' ? '' : ` ${gpid}`}: ${kind} decree ${String(below(5000))} of ballot ${String(1 + below(9))}: key${String(below(400))}=value${String(i)}`;
    const table = gpid === '' ? '' : `t${gpid.split('.')[0] ?? ''}`;
    return { atUs, kind, node: node.id, cluster: node.cluster, gpid, table, text };
  });
}

function messagesOf(count: number, endUs: number, below: (n: number) => number): readonly TapeMessage[] {
  const messages = Array.from({ length: count }, (): TapeMessage => {
    const sentUs = below(endUs);
    const from = below(NODES.length);
    const to = (from + 1 + below(NODES.length - 1)) % NODES.length;
    const lost = below(50) === 0;
    return {
      sentUs,
      arrivedUs: lost ? undefined : sentUs + 100 + below(2000),
      from: pick(NODES, from).id,
      to: pick(NODES, to).id,
      code: pick(['RPC_PREPARE', 'RPC_GROUP_CHECK', 'RPC_CM_CONFIG_SYNC', 'RPC_RRDB_RRDB_PUT'], below(4)),
      kind: pick(['request', 'reply', 'tell'] as const, below(3)),
      gpid: pick(GPIDS, below(GPIDS.length)),
      decree: below(5000),
      error: below(40) === 0 ? 'ERR_TIMEOUT' : '',
    };
  });
  return messages.sort((a, b) => a.sentUs - b.sentUs);
}

function stateOf(events: number, changes: number, below: (n: number) => number): TapeState {
  const paths = NODES.filter((node) => node.role === 'replica').flatMap((node) =>
    GPIDS.flatMap((gpid) => FIELDS.map((field) => [node.cluster, gpid, node.id.split('/')[1] ?? '', field])));
  const held = new Map<number, string>();
  const at = Array.from({ length: changes }, () => below(events)).sort((a, b) => a - b);
  const told: TapeChange[] = [];
  const seen = new Set<string>();
  for (const event of at) {
    const path = below(paths.length);
    if (seen.has(`${String(event)} ${String(path)}`)) continue;
    seen.add(`${String(event)} ${String(path)}`);
    const before = held.get(path);
    const after = before !== undefined && below(20) === 0 ? undefined : `word ${String(below(3000))}`;
    if (after === before) continue;
    told.push({ event, path, before, after });
    if (after === undefined) held.delete(path);
    else held.set(path, after);
  }
  return { paths, changes: told };
}

function lanesOf(endUs: number): readonly TapeLane[] {
  const thirds = (words: readonly string[]) => words.map((word, i) => ({ fromUs: (endUs * i) / words.length, toUs: (endUs * (i + 1)) / words.length, word }));
  const replicas = NODES.filter((node) => node.role === 'replica').flatMap((node) =>
    GPIDS.map((gpid): TapeLane => ({ name: `${node.id} ${gpid}`, kind: 'replica', cluster: node.cluster, gpid, spans: thirds(['PS_INACTIVE', 'PS_SECONDARY', 'PS_PRIMARY']) })));
  return [
    { name: 'fault link.cut', kind: 'fault', cluster: 'source', gpid: '', spans: [{ fromUs: endUs * 0.4, toUs: endUs * 0.45, word: 'source/replica-0' }] },
    { name: 'duplication 1767225600', kind: 'duplication', cluster: 'source', gpid: '', spans: thirds(['DS_PREPARE', 'DS_APP', 'DS_LOG']) },
    ...replicas,
  ];
}

export function syntheticTape(events = 10_000): Tape {
  const below = generator(20_250_101);
  const told = eventsOf(events, below);
  const endUs = (told.at(-1)?.atUs ?? 0) + 1_000_000;
  const begun = told.map((event, i) => (i % Math.ceil(events / 4) === 5 ? { ...event, step: Math.floor((i * 4) / events) } : event));
  return {
    endUs,
    nodes: NODES,
    events: begun,
    messages: messagesOf(Math.floor(events * 1.2), endUs, below),
    model: stateOf(events, events * 2, below),
    implementation: stateOf(events, events * 2, below),
    lanes: lanesOf(endUs),
  };
}

/** A plan of four steps that is cheap to run; the record takes its shape, the synthetic tape is what is shown. */
export const PLAN: Plan = {
  format: 'pegasus-check/plan',
  version: 2,
  clusters: [{ id: 'source', replicaServers: 3 }],
  settings: {},
  steps: [{ kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 3, envs: {}, successIfExist: false }],
  chance: { kind: 'frozen', deviations: [] },
};

export function syntheticRecord(event: number, words: (text: string) => string = (text) => text): FindingRecord {
  const result = runPlan(PLAN);
  const record = findingRecord({ plan: PLAN, result, repeat: words('pegasus-check replay plan.json') });
  const lines = ['create t1 -p 8 -r 3 -f', 'use t1 ; set ha s v1', 'add_dup t1 follower -s', 'use t1 ; set hb s v2'];
  return {
    ...record,
    headline: words('a write that was confirmed is not on the follower'),
    verdict: {
      kind: 'violation',
      property: 'S3',
      rule: 'confirmed-is-there',
      message: words('decree 7 of 1.0 is not there'),
      expected: words('decree 7 at the follower'),
      actual: words('decree 6'),
      cluster: 'source',
      gpid: '1.0',
      node: 'source/replica-0',
      atUs: 1,
      event,
      blame: { kind: 'bug' },
    },
    property: { id: 'S3', kind: 'always', sentence: words('what a duplication confirms is on the follower') },
    lines: lines.map((text, step) => ({ part: { kind: 'step', step }, atMs: step * 1000, text: words(text) })),
    explanation: {
      marks: [
        { part: { kind: 'step', step: 0 }, text: words('create t1'), mark: 'necessary', tried: 1, passesWith: words('without it'), breaksWith: '' },
        { part: { kind: 'step', step: 1 }, text: words('set ha'), mark: 'free', tried: 1, passesWith: '', breaksWith: '' },
      ],
      nearestPass: { part: { kind: 'step', step: 0 }, change: words('without step 1'), plan: PLAN, ended: words('nothing found'), parting: { event: Math.floor(event / 2), atUs: 5, here: words('here'), there: words('there') } },
      waits: [{ who: words('source/replica-0'), kind: 'call', text: words('no answer for 10 s') }],
      runs: 3,
    },
    waiting: [words('source/replica-0 waits')],
  };
}
