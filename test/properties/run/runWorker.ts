/** A worker thread that runs plans and answers their digests. */
import { parentPort } from 'node:worker_threads';
import type { Plan } from '../../../properties/plan/types.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

parentPort?.on('message', (plans: readonly Plan[]) => {
  parentPort?.postMessage(plans.map((plan) => runPlan(plan).digest));
});
