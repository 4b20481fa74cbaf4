/** Plans of one table that is loaded, run with the model and its audits, and what was said and stored in them. */
import type { Answer, Command } from '../../../model/commands.ts';
import type { ModelEvent } from '../../../model/events.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Step } from '../../../properties/plan/types.ts';
import { runPlan, type RunResult } from '../../../properties/run/runPlan.ts';

const PLACE = { cluster: 'source', table: 'table#1' };
const FILES = { ...PLACE, provider: 'local', root: 'r1', folder: 'source' };

/** A table of two partitions: 'a', 'c' and 'd' are of the first one, 'b', 'e' and 'k' of the second. */
export function create(envs: Readonly<Record<string, string>> = {}): Step {
  return { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 2, replicaCount: 3, envs, successIfExist: false };
}

/** Files of these rows (`hash key|sort key|value`), once the table is served. */
export function prepare(rows: readonly string[], more: Readonly<Record<string, string | number>> = {}): Step {
  return { kind: 'prepareLoad', afterMs: 400, ...FILES, rows, files: 'many', variant: 'good', nth: 0, ...more };
}

export function start(more: Readonly<Record<string, string | boolean>> = {}): Step {
  return { kind: 'startBulkLoad', afterMs: 0, ...FILES, ingestBehind: false, ...more };
}

/** How a file of the load is damaged: `nth` in the order of names. */
export function damage(how: 'remove' | 'cut' | 'flip', nth: number, atPermille = 500): Step {
  return { kind: 'damageLoad', afterMs: 0, ...FILES, how, nth, atPermille };
}

export const put = (key: string, value: string, afterMs = 20): Step => ({ kind: 'put', afterMs, ...PLACE, hashKey: key, sortKey: '', value, ttlSeconds: 0 });
export const remove = (key: string): Step => ({ kind: 'remove', afterMs: 20, ...PLACE, hashKey: key, sortKey: '' });
export const get = (key: string): Step => ({ kind: 'get', afterMs: 20, ...PLACE, hashKey: key, sortKey: '' });
export const wait = (forMs: number): Step => ({ kind: 'wait', afterMs: 0, forMs });
export const query: Step = { kind: 'queryBulkLoad', afterMs: 0, ...PLACE };
export const setEnvs = (envs: Readonly<Record<string, string>>): Step => ({ kind: 'setEnvs', afterMs: 20, ...PLACE, envs });
/** Behind `create`: the table is served. */
export const SERVED = wait(800);

export function run(...steps: readonly Step[]): RunResult {
  const clusters = [{ id: 'source' as const, replicaServers: 3 }];
  return runPlan({ format: PLAN_FORMAT, version: PLAN_VERSION, clusters, settings: {}, steps, chance: { kind: 'frozen', deviations: [] } }, { trace: true });
}

function ofKind<K extends ModelEvent['kind']>(result: RunResult, kind: K): readonly Extract<ModelEvent, { readonly kind: K }>[] {
  return (result.trace ?? []).filter((e): e is Extract<ModelEvent, { readonly kind: K }> => e.kind === kind);
}

/** The answers to the commands of a kind, in the order in which they were asked. */
export function answers(result: RunResult, kind: Command['kind']): readonly (Answer | undefined)[] {
  const byId = new Map(ofKind(result, 'command.answered').map((e) => [e.id, e.answer]));
  return ofKind(result, 'command.invoked').flatMap((e) => (e.command.kind === kind ? [byId.get(e.id)] : []));
}

export function errors(result: RunResult, kind: Command['kind']): readonly (string | undefined)[] {
  return answers(result, kind).map((answer) => answer?.error);
}

/** What each read of a row was told, in order: its value, or '-' for none. */
export function reads(result: RunResult): readonly string[] {
  const byId = new Map(ofKind(result, 'command.answered').map((e) => [e.id, e.answer]));
  return ofKind(result, 'command.invoked').flatMap(({ id, command }) => {
    if (command.kind !== 'get') return [];
    const answer = byId.get(id);
    if (answer?.kind !== 'read' || answer.error !== 'ERR_OK') return [`${command.hashKey}!${String(answer?.error)}`];
    return [`${command.hashKey}=${answer.found ? answer.value : '-'}`];
  });
}

/** The statuses of the table's loads, as they came to the store. */
export function statuses(result: RunResult): readonly string[] {
  return ofKind(result, 'load.stored').map((e) => e.record.status);
}
