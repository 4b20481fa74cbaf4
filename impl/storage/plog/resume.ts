/** Handing a continuation on to the task queue with its result in front, as the env contract says results travel. */
import type { Continuation } from '../../env/contract.ts';

export function withResult<R>(then: Continuation<R>, result: R): Continuation {
  return { owner: then.owner, method: then.method, args: [result, ...then.args] };
}
