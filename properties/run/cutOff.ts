/** What a run that its own limit cut off leaves open, as a reason. */
import type { Owing } from './patience.ts';

/** `healedUs` undefined: its faults had not ended. */
export function cutOffReason(nowUs: number, healedUs: number | undefined, owing: readonly Owing[]): string {
  if (healedUs === undefined) return `the run was cut off at ${seconds(nowUs)}, before its faults had ended: nothing was due yet`;
  const first = owing[0];
  if (first === undefined) return `the run was cut off at ${seconds(nowUs)}, when nothing was owed`;
  const { obligation, dueUs } = first;
  const others = owing.length === 1 ? '' : ` and ${String(owing.length - 1)} more`;
  return `the run was cut off at ${seconds(nowUs)}, and ${obligation.name} (${obligation.key})${others} had time left until ${seconds(dueUs)}`;
}

/** The clusters never came to rest: something is owed anew again and again, and each time done before its bound. */
export function restlessReason(nowUs: number, healedUs: number, owing: readonly Owing[]): string {
  const names = [...new Set(owing.map(({ obligation }) => obligation.name))];
  const what = names.length === 0 ? 'commands are asked without an end' : `${names.join(', ')} is owed anew again and again`;
  return `no rest in the ${seconds(nowUs - healedUs)} since faults ended: ${what}`;
}

function seconds(us: number): string {
  return `${(us / 1_000_000).toFixed(1)} s`;
}
