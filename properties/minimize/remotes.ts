/** Tables of a follower by the names that their masters have: one name less to follow. */
import type { Plan, Step } from '../plan/types.ts';
import type { Pass, Tries } from './minimize.ts';

const NAMING = ['table', 'remoteTable', 'as', 'name'] as const;

function called(step: Step, from: string, to: string): Step {
  const hits = NAMING.filter((field) => step[field] === from);
  return hits.length === 0 ? step : { ...step, ...Object.fromEntries(hits.map((field) => [field, to])) };
}

export const sameNames: Pass<Plan> = {
  name: 'names of followers',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (let at = 0; at < plan.steps.length; at += 1) {
      const step = plan.steps[at];
      if (step?.kind !== 'addDup') continue;
      const { table, remoteTable } = step;
      if (typeof table !== 'string' || typeof remoteTable !== 'string' || remoteTable === '') continue;
      // The name goes wherever it stands when it is no reference; a reference may be another table's.
      const isOwn = !remoteTable.startsWith('table#');
      const steps = plan.steps.map((one, i) => (i === at ? { ...one, remoteTable: '' } : isOwn ? called(one, remoteTable, table) : one));
      plan = (yield { ...plan, steps }) ?? plan;
    }
  },
};
