/** A tape tells a run as it was: the same digest, every event, states that follow from their changes and agree where both sides know. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../../properties/defects/index.ts';
import { partsWith } from '../../../properties/defects/types.ts';
import { CORPUS_DIR, corpusPlans } from '../../../properties/hunt/corpus.ts';
import { parsePlan } from '../../../properties/plan/parse.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import type { Plan } from '../../../properties/plan/types.ts';
import { recordRun } from '../../../properties/report/record.ts';
import type { TapeState } from '../../../properties/report/tape.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

function corpus(name: string): Plan {
  const path = join(CORPUS_DIR, `${name}.json`);
  return parsePlan(readFileSync(path, 'utf8'), path);
}

/** With loads and moved primaries; with a follower that crashes; with a duplication that ships; with log damage. */
const NAMES = ['finished-before-a-way-back', 'follower-crashed-behind-its-checkpoint', 'progress-stored-of-an-earlier-life', 'bit-rot-in-a-records-length'];

/** The state at the end, and what was wrong with the changes on the way. */
function replayed({ paths, changes }: TapeState): { readonly words: ReadonlyMap<string, string>; readonly wrong: readonly string[] } {
  const words = new Map<string, string>();
  const wrong: string[] = [];
  let last = -1;
  for (const { event, path, before, after } of changes) {
    const name = (paths[path] ?? []).join('/');
    if (words.get(name) !== before || before === after || event < last) wrong.push(`${name} at event ${String(event)}`);
    if (after === undefined) words.delete(name);
    else words.set(name, after);
    last = event;
  }
  return { words, wrong };
}

describe.each(NAMES)('the tape of %s', (name) => {
  const plan = corpus(name);
  const plain = runPlan(plan, { trace: true });
  const { result, tape } = recordRun(plan);

  it('is of the same run', () => {
    expect(result.digest).toBe(plain.digest);
    expect(result.dispatches).toBe(plain.dispatches);
    expect(tape.events.map(({ atUs, kind }) => [atUs, kind])).toEqual(plain.trace?.map(({ atUs, kind }) => [atUs, kind]));
  });

  it('marks where each step that says something begins, and nothing else', () => {
    const marked = tape.events.flatMap(({ step, kind }) => (step === undefined ? [] : [{ step, kind }]));
    expect(marked.length).toBeGreaterThan(2);
    expect(marked.map(({ step }) => step)).toEqual([...new Set(marked.map(({ step }) => step))].sort((a, b) => a - b));
    const asks = plan.steps.flatMap(({ kind }, i) => (result.skippedSteps.includes(i) || !/client|admin/.test(specOf(kind)?.family ?? '') || kind === 'prepareLoad' ? [] : [i]));
    expect(marked.filter(({ kind }) => kind === 'command.invoked').map(({ step }) => step)).toEqual(asks);
  });

  it('has states that follow from their changes', () => {
    for (const state of [tape.model, tape.implementation]) {
      expect(state.paths.length).toBeGreaterThan(30);
      expect(replayed(state).wrong).toEqual([]);
      expect(new Set(state.changes.map(({ event, path }) => `${String(event)} ${String(path)}`)).size).toBe(state.changes.length);
    }
  });

  it.skipIf(plain.verdict.kind !== 'pass')('has model and implementation agree at the end on what both call the same', () => {
    const model = replayed(tape.model).words;
    const implementation = replayed(tape.implementation).words;
    const shared = [...model.keys()].filter((path) => implementation.has(path));
    expect(shared.length).toBeGreaterThan(25);
    expect(shared.filter((path) => model.get(path) !== implementation.get(path)).map((path) => `${path}: ${model.get(path) ?? ''} and ${implementation.get(path) ?? ''}`)).toEqual([]);
  });

  it('has the two differ for moments only on the way, field by field', () => {
    const sides = [tape.model, tape.implementation].map((state) => ({ state, words: new Map<string, string>(), next: 0 }));
    const seen = new Map<string, { both: number; differ: number }>();
    tape.events.forEach((_, event) => {
      for (const side of sides) {
        for (let change = side.state.changes[side.next]; change !== undefined && change.event <= event; change = side.state.changes[side.next]) {
          const path = (side.state.paths[change.path] ?? []).join('/');
          if (change.after === undefined) side.words.delete(path);
          else side.words.set(path, change.after);
          side.next += 1;
        }
      }
      const [model, implementation] = sides;
      for (const [path, word] of model?.words ?? []) {
        const other = implementation?.words.get(path);
        if (other === undefined) continue;
        const field = path.split('/').slice(3).join('/').replaceAll(/\d+/g, 'n');
        const counts = seen.get(field) ?? { both: 0, differ: 0 };
        seen.set(field, { both: counts.both + 1, differ: counts.differ + (other === word ? 0 : 1) });
      }
    });
    expect(seen.size).toBeGreaterThan(15);
    const often = [...seen].filter(([, { both, differ }]) => both > 100 && differ > both / 4).map(([field, { both, differ }]) => `${field}: ${String(differ)} of ${String(both)}`);
    expect(often).toEqual([]);
  });

  it('has messages that arrive after they were sent, and most of them do', () => {
    const arrived = tape.messages.filter(({ arrivedUs }) => arrivedUs !== undefined);
    expect(arrived.length).toBeGreaterThan(tape.messages.length * 0.8);
    for (const { sentUs, arrivedUs } of arrived) expect(arrivedUs).toBeGreaterThanOrEqual(sentUs);
  });

  it('has lanes whose spans follow one another', () => {
    expect(new Set(tape.lanes.map(({ kind }) => kind))).toContain('replica');
    for (const { kind, name: lane, spans } of tape.lanes) {
      expect(spans.length, lane).toBeGreaterThan(0);
      for (const { fromUs, toUs } of spans) expect(toUs, lane).toBeGreaterThanOrEqual(fromUs);
      if (kind !== 'fault') spans.slice(1).forEach((span, i) => { expect(span.fromUs, lane).toBeGreaterThanOrEqual(spans[i]?.toUs ?? 0); });
    }
  });
});

describe('a tape', () => {
  it('of a wrong implementation is of the same run too', () => {
    const some = corpusPlans(join(CORPUS_DIR, 'defects')).filter((_, i) => i % 24 === 0);
    expect(some.length).toBeGreaterThan(5);
    for (const { name, plan } of some) {
      const parts = partsWith(DEFECTS.filter(({ id }) => id === name));
      const { digest, verdict } = runPlan(plan, { parts });
      const taped = recordRun(plan, { parts });
      expect([taped.result.digest, taped.result.verdict], name).toEqual([digest, verdict]);
      for (const state of [taped.tape.model, taped.tape.implementation]) expect(replayed(state).wrong, name).toEqual([]);
    }
  });

  it('of a long run has all events, and the states and messages of the newest', () => {
    const plan = corpus('follower-crashed-behind-its-checkpoint');
    const whole = recordRun(plan).tape;
    const { tape } = recordRun(plan, { window: 100 });
    const from = whole.events.length - 100;
    expect(tape.events).toEqual(whole.events);
    expect(tape.lanes).toEqual(whole.lanes);
    for (const side of ['model', 'implementation'] as const) {
      expect(tape[side].changes[0]?.event).toBe(from);
      expect(replayed(tape[side]).wrong).toEqual([]);
      expect(Object.fromEntries(replayed(tape[side]).words)).toEqual(Object.fromEntries(replayed(whole[side]).words));
    }
    expect(tape.messages.length).toBeGreaterThan(10);
    expect(tape.messages.map(({ sentUs, code }) => [sentUs, code])).toEqual(whole.messages.slice(-tape.messages.length).map(({ sentUs, code }) => [sentUs, code]));
    expect(tape.messages[0]?.sentUs).toBeGreaterThanOrEqual(tape.events[from - 1]?.atUs ?? 0);
  });

  it('shows faults as long as they were in force, and none of a step that did nothing', () => {
    const plan = corpus('bit-rot-in-a-records-length');
    const faults = [
      { kind: 'slowDisk', afterMs: 10, node: 'node(source,0)', factor: 2, forMs: 100_000 },
      { kind: 'slowDisk', afterMs: 10, node: 'node(source,0)', factor: 3, forMs: 20 },
      { kind: 'slowDisk', afterMs: 10, node: 'node(source,40)', factor: 3, forMs: 20 },
      { kind: 'poolLoad', afterMs: 10, node: 'node(source,1)', tasks: 1, costMs: 5, forMs: 200 },
      { kind: 'pause', afterMs: 10, node: 'node(source,1)', forMs: 70 },
    ];
    const { tape } = recordRun({ ...plan, steps: [...plan.steps.slice(0, 1), ...faults] });
    const healedUs = tape.events.find(({ kind }) => kind === 'world.healed')?.atUs ?? 0;
    const lanes = tape.lanes.filter(({ name }) => /^fault (slowDisk|pause|poolLoad)/.test(name)).map(({ name, cluster, spans }) => ({ name, cluster, spans: spans.map(({ fromUs, toUs }) => (toUs === healedUs ? 'until heal' : (toUs - fromUs) / 1000)) }));
    expect(lanes).toEqual([
      { name: 'fault slowDisk node(source,0)', cluster: 'source', spans: ['until heal', 20] },
      { name: 'fault poolLoad node(source,1)', cluster: 'source', spans: [200] },
      // Nothing ends a pause early: healing waits for it.
      { name: 'fault pause node(source,1)', cluster: 'source', spans: ['until heal'] },
    ]);
    expect(tape.lanes.find(({ name }) => name === 'source/replica-1')?.spans.map(({ word }) => word)).toContain('paused');
  });

  it('shows a crashed process as down and its replicas as gone', () => {
    const { tape } = recordRun(corpus('follower-crashed-behind-its-checkpoint'));
    const down = tape.lanes.find(({ kind, spans }) => kind === 'process' && spans.some(({ word }) => word.startsWith('down')));
    expect(down).toBeDefined();
    const node = down?.name ?? '';
    const gone = tape.implementation.changes.filter(({ path, after }) => {
      const [cluster, about, server, field] = tape.implementation.paths[path] ?? [];
      return `${cluster ?? ''}/${server ?? ''}` === node && about === 'server' && field === 'up' && after === undefined;
    });
    expect(gone.length).toBeGreaterThan(0);
    const [first] = gone;
    const cause = tape.events[first?.event ?? -1];
    expect(cause?.node === node || cause?.text.includes(node), cause?.text).toBe(true);
    expect(cause?.kind).toMatch(/^(fault\.struck|process\.stopped)$/);
  });
});
