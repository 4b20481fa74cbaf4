/**
 * What the checkpoint commands of a replica server print, one JSON object each: {error, minDecree, durable, prepared},
 * or {triggered} of a mere trigger. `prepared` may be left out: it says whether `durable` covers `minDecree`.
 */
import type { ErrorCode } from '../../model/vocabulary.ts';

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
