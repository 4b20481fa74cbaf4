/**
 * What a campaign has reached: the "sometimes" obligations of the registry, and the effects of each fault. A campaign in which
 * an interesting situation never happened, or a fault never took effect, has not tested what it says.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import { SOMETIMES, type Sometimes, type Subsystem } from '../registry/index.ts';

/** Every way in which a fault takes effect in the simulated world (impl/env/sim). */
export const FAULT_EFFECTS: readonly string[] = [
  'process.crash',
  'process.power-loss',
  'process.pause',
  'power-loss',
  'link.cut',
  'link.delay',
  'link.reset',
  'link.reply-lost',
  'disk.slow',
  'disk.slowed',
  'disk.full',
  'disk.read-error',
  'disk.write-error',
  'disk.bit-rot',
  'clock.shift',
  'store.slow',
  'store.slowed',
  'store.timeout',
  'store.timeout-after-effect',
  'store.crash-after',
  'pool.delay',
  'pool.occupied',
  'provider.slowed',
  'provider.error',
];

/** Runs after which a campaign must have reached everything that it answers for. */
export const CAMPAIGN_RUNS = 2000;

/**
 * Subsystems whose situations take campaigns of their own: a load is in about every fifth plan of the common profile, and most of
 * what a load may meet is in every few hundredth load.
 */
const OWN_CAMPAIGNS: readonly Subsystem[] = ['bulk-load'];

/** Is a campaign over that subsystem (undefined: the common profile) one that has to reach everything? */
export function isCampaign(subsystem: string | undefined): boolean {
  return subsystem === undefined || OWN_CAMPAIGNS.some((own) => own === subsystem);
}

/** What it answers for: of a subsystem its own rows, of the common profile all but those of campaigns of their own. */
function situationsOf(subsystem: string | undefined): readonly Sometimes[] {
  if (subsystem !== undefined) return SOMETIMES.filter((s) => s.subsystem === subsystem);
  return SOMETIMES.filter((s) => !OWN_CAMPAIGNS.includes(s.subsystem));
}

export class Coverage {
  /** How many situations there are to be reached. */
  readonly total: number;
  private readonly common: boolean;
  private unmet: readonly Sometimes[];

  constructor(subsystem?: string) {
    this.common = subsystem === undefined;
    this.unmet = situationsOf(subsystem);
    this.total = this.unmet.length;
  }

  /** Given to runs as a watch. */
  readonly watch = (event: ModelEvent, state: ModelState): void => {
    if (this.unmet.some((s) => s.met(event, state))) this.unmet = this.unmet.filter((s) => !s.met(event, state));
  };

  /** Situations that have not happened yet. */
  notReached(): readonly Sometimes[] {
    return this.unmet;
  }

  /** What a campaign has to answer for, as lines; none when it reached everything. */
  complaints(effects: ReadonlyMap<string, number>): readonly string[] {
    const expected = this.common ? FAULT_EFFECTS : [];
    return [
      ...this.unmet.map((s) => `never happened: ${s.sentence} (${s.id})`),
      ...expected.filter((name) => (effects.get(name) ?? 0) === 0).map((name) => `never took effect: ${name}`),
    ];
  }
}
