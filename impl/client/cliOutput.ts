/** What the checkpoint commands of a replica server print: one JSON object {error, minDecree, durable, prepared}. */
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
  if (!isErrorCode(error) || typeof prepared !== 'boolean') return undefined;
  if (typeof minDecree !== 'number' || typeof durable !== 'number') return undefined;
  return { error, minDecree, durable, prepared };
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
