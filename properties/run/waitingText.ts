/** Who waits for what, and which bound a run hit, as lines. */
import type { LimitHit } from '../../impl/env/sim/limits.ts';
import type { Waiting } from '../../impl/env/sim/waiting.ts';

export function waitingLines(waiting: Waiting): readonly string[] {
  return [
    ...waiting.calls.map((c) => `${c.from} waits for ${c.to} to answer ${c.code}${c.gpid === '' ? '' : ` of ${c.gpid}`}${c.decree > 0 ? ` decree ${String(c.decree)}` : ''} (then ${c.method})`),
    ...waiting.store.map((s) => `${s.node} waits for the store of ${s.cluster}: ${s.operation} ${s.path}`),
    ...waiting.tasks.filter((t) => t.state === 'queued').map((t) => `${t.node} has ${t.code} (${t.method}) queued in ${t.pool}`),
    ...waiting.tasks.filter((t) => t.state === 'delayed').map((t) => `${t.node} has ${t.code} (${t.method}) due at +${(t.dueUs / 1000).toFixed(0)} ms`),
  ];
}

export function limitText(hit: LimitHit): string {
  return hit.where === '' ? hit.limit : `${hit.limit} of ${hit.where}`;
}
