/** The numbers of a search as one line; speed is always among them. */
import type { CampaignProgress } from '../hunt/campaign.ts';
import type { PlainTotals } from '../hunt/job.ts';

function counted({ runs, dispatches, virtualMs, excusable }: Pick<PlainTotals, 'runs' | 'dispatches' | 'virtualMs' | 'excusable'>, seconds: number): readonly string[] {
  const perSecond = (n: number): string => Math.round(n / Math.max(seconds, 0.001)).toLocaleString('en-US');
  return [
    `${runs.toLocaleString('en-US')} runs (${perSecond(runs)}/s)`,
    `${dispatches.toLocaleString('en-US')} dispatches (${perSecond(dispatches)}/s)`,
    `${Math.round(virtualMs / 1000).toLocaleString('en-US')} virtual seconds`,
    `${String(excusable)} excusable`,
  ];
}

export function totalsText(totals: PlainTotals, seconds: number): string {
  return [...counted(totals, seconds), `${seconds.toFixed(1)} s`].join(', ');
}

/** The most important first: a terminal may cut the end off. */
export function progressText(progress: CampaignProgress): string {
  const { findings, reached, situations, seconds } = progress;
  return [`${seconds.toFixed(0)} s`, `${String(findings)} findings`, ...counted(progress, seconds), `${String(reached)} of ${String(situations)} situations`].join(', ');
}
