/**
 * What the remote commands of a replica server print, one JSON object each. Of checkpoints: {error, minDecree, durable,
 * prepared}, or {triggered} of a mere trigger; `prepared` may be left out: it says whether `durable` covers `minDecree`.
 * Of metrics: {metrics}, by name; of progress: the replica's decrees and its duplicators.
 */
import type { Decree, DuplicationFailMode, DuplicationStatus, DupId, ErrorCode } from '../../model/vocabulary.ts';
import { DUPLICATION_STATUSES, FAIL_MODES } from '../protocol/duplicationMessages.ts';

export interface CheckpointOutput {
  readonly error: ErrorCode;
  readonly minDecree: number;
  readonly durable: number;
  readonly prepared: boolean;
}

/** Undefined when the text is not such an object. */
export function parseCheckpointOutput(output: string): CheckpointOutput | undefined {
  const json = parse(output);
  if (typeof json !== 'object' || json === null) return undefined;
  const error: unknown = Reflect.get(json, 'error');
  const minDecree: unknown = Reflect.get(json, 'minDecree');
  const durable: unknown = Reflect.get(json, 'durable');
  const prepared: unknown = Reflect.get(json, 'prepared');
  if (!isErrorCode(error) || typeof minDecree !== 'number' || typeof durable !== 'number') return undefined;
  const covered = error === 'ERR_OK' && minDecree <= durable;
  if (prepared === undefined) return { error, minDecree, durable, prepared: covered };
  return typeof prepared === 'boolean' ? { error, minDecree, durable, prepared } : undefined;
}

/** Metrics by name; undefined: not an answer to `replica.metrics`. */
export function parseMetricsOutput(output: string): Readonly<Record<string, number>> | undefined {
  const json = parse(output);
  const metrics: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'metrics') : undefined;
  if (typeof metrics !== 'object' || metrics === null) return undefined;
  const found: Record<string, number> = {};
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value !== 'number') return undefined;
    found[name] = value;
  }
  return found;
}

export interface DuplicatorOutput {
  readonly dupId: DupId;
  readonly status: DuplicationStatus;
  readonly failMode: DuplicationFailMode;
  /** What it has shipped, and what it was told is stored. */
  readonly last: Decree;
  readonly confirmed: Decree;
}
export interface ProgressOutput {
  readonly error: ErrorCode;
  readonly committed: Decree;
  readonly applied: Decree;
  readonly durable: Decree;
  readonly duplicating: boolean;
  readonly dups: readonly DuplicatorOutput[];
}

export function noProgress(error: ErrorCode): ProgressOutput {
  return { error, committed: -1, applied: -1, durable: -1, duplicating: false, dups: [] };
}

/** Undefined when the text is not an answer to `replica.query-progress`. */
export function parseProgressOutput(output: string): ProgressOutput | undefined {
  const json = parse(output);
  if (typeof json !== 'object' || json === null) return undefined;
  const error: unknown = Reflect.get(json, 'error');
  if (!isErrorCode(error)) return undefined;
  if (error !== 'ERR_OK') return noProgress(error);
  const committed: unknown = Reflect.get(json, 'lastCommitted');
  const applied: unknown = Reflect.get(json, 'lastApplied');
  const durable: unknown = Reflect.get(json, 'lastDurable');
  const listed: unknown = Reflect.get(json, 'duplications');
  if (typeof committed !== 'number' || typeof applied !== 'number' || typeof durable !== 'number') return undefined;
  if (!Array.isArray(listed)) return undefined;
  const dups = listed.map(duplicatorOf);
  if (!dups.every((one) => one !== undefined)) return undefined;
  return { error, committed, applied, durable, duplicating: Reflect.get(json, 'duplicating') === true, dups };
}

function duplicatorOf(json: unknown): DuplicatorOutput | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const dupId: unknown = Reflect.get(json, 'dupId');
  const status = DUPLICATION_STATUSES.find((name) => name === Reflect.get(json, 'status'));
  const failMode = FAIL_MODES.find((name) => name === Reflect.get(json, 'failMode'));
  const last: unknown = Reflect.get(json, 'replica_confirmed_decree');
  const confirmed: unknown = Reflect.get(json, 'meta_persisted_decree');
  if (typeof dupId !== 'number' || typeof last !== 'number' || typeof confirmed !== 'number') return undefined;
  return status === undefined || failMode === undefined ? undefined : { dupId, status, failMode, last, confirmed };
}

/** False only when the server says that it did not start a checkpoint: the replica has no role (repl 2.2). */
export function wasTriggered(output: string): boolean {
  const json = parse(output);
  return typeof json !== 'object' || json === null || Reflect.get(json, 'triggered') !== false;
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The codes a replica server's commands answer with: a name of upstream's form. */
function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && value.startsWith('ERR_');
}
