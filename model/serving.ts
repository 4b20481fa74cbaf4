/** Since when a partition serves: kept as roles, processes and configurations change (obligations count from it). */
import { serves, type PartitionState } from './state.ts';

/** To be called after every change of a role or a configuration. */
export function noteServing(part: PartitionState, state: { readonly disturbedAtUs: number }, atUs: number): void {
  if (!serves(part)) stopServing(part, atUs);
  else if (part.servesSinceUs < 0) {
    part.servesSinceUs = atUs;
    if (part.servedFirstUs <= state.disturbedAtUs) part.servedFirstUs = atUs;
  }
}

export function stopServing(part: PartitionState, atUs: number): void {
  if (part.servesSinceUs >= 0) part.unservedSinceUs = atUs;
  part.servesSinceUs = -1;
}
