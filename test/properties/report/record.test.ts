/** A tape tells a run as it was: the same digest, every event, states that follow from their changes and agree where both sides know. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CORPUS_DIR } from '../../../properties/hunt/corpus.ts';
import { parsePlan } from '../../../properties/plan/parse.ts';
import type { Plan } from '../../../properties/plan/types.ts';
import { recordRun } from '../../../properties/report/record.ts';
import type { TapeState } from '../../../properties/report/tape.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

function corpus(name: string): Plan {
  const path = join(CORPUS_DIR, `${name}.json`);
  return parsePlan(readFileSync(path, 'utf8'), path);
}

/** With loads and moved primaries; with a follower that crashes; with throttling and log damage. */
const NAMES = ['finished-before-a-way-back', 'follower-crashed-behind-its-checkpoint', 'bit-rot-in-a-records-length'];

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

  it('marks where each step that says something begins', () => {
    const steps = tape.events.flatMap(({ step }) => (step === undefined ? [] : [step]));
    expect(steps.length).toBeGreaterThan(2);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    for (const { step, kind } of tape.events) {
      if (step !== undefined && kind === 'command.invoked') expect(plan.steps[step]?.kind).not.toBe('wait');
    }
  });

  it('has states that follow from their changes', () => {
    for (const state of [tape.model, tape.implementation]) {
      expect(state.paths.length).toBeGreaterThan(30);
      expect(replayed(state).wrong).toEqual([]);
    }
  });

  it.skipIf(plain.verdict.kind !== 'pass')('has model and implementation agree at the end on what both call the same', () => {
    const model = replayed(tape.model).words;
    const implementation = replayed(tape.implementation).words;
    // A count of the meta server's memory begins anew with it; the model counts from the start.
    const shared = [...model.keys()].filter((path) => implementation.has(path) && !/\/(rollbacks|last|reported)$/.test(path));
    expect(shared.length).toBeGreaterThan(25);
    expect(shared.filter((path) => model.get(path) !== implementation.get(path)).map((path) => `${path}: ${model.get(path) ?? ''} and ${implementation.get(path) ?? ''}`)).toEqual([]);
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
