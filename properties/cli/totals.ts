/** The numbers of a search as one line; speed is always among them. */
import type { Totals } from '../hunt/search.ts';

export function totalsText(totals: Totals, seconds: number): string {
  const perSecond = (n: number): string => Math.round(n / Math.max(seconds, 0.001)).toLocaleString('en-US');
  return [
    `${totals.runs.toLocaleString('en-US')} runs (${perSecond(totals.runs)}/s)`,
    `${totals.dispatches.toLocaleString('en-US')} dispatches (${perSecond(totals.dispatches)}/s)`,
    `${Math.round(totals.virtualMs / 1000).toLocaleString('en-US')} virtual seconds`,
    `${String(totals.excusable)} excusable`,
    `${seconds.toFixed(1)} s`,
  ].join(', ');
}
