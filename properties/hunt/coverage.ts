/**
 * What a campaign has reached: the "sometimes" obligations of the registry, the effects of each fault, and the situations in which
 * its commands found a table (situations.ts). A campaign in which an interesting situation never happened, or a fault never took
 * effect, has not tested what it says. What several workers reached is one coverage: `toJSON`, `fromJSON`, `merge`.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import { BadInput } from '../plan/parse.ts';
import { SOMETIMES, type Sometimes, type Subsystem } from '../registry/index.ts';
import { DIMENSIONS, SITUATIONS } from './situations.ts';
import { SituationWatch } from './situationWatch.ts';

/** Every way in which a fault takes effect in the simulated world (impl/env/sim). */
export const FAULT_EFFECTS: readonly string[] = [
  'process.crash',
  'process.power-loss',
  'process.pause',
  'process.shutdown',
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

/** A coverage as plain data, for other threads and for files. */
export interface CoverageJson {
  /** Undefined: of the common profile. */
  readonly subsystem?: string;
  /** Ids of the registry's situations that have happened. */
  readonly reached: readonly string[];
  /** What the indices mean: a coverage of other dimensions cannot be merged. */
  readonly dimensions: readonly string[];
  /** Each situation that was met, by its index, and how often; ascending. */
  readonly situations: readonly (readonly [situation: number, times: number])[];
}

export class Coverage {
  /** How many of the registry's situations there are to be reached. */
  readonly total: number;
  /** How often each situation (situations.ts) was met, by its index. */
  readonly situations = new Float64Array(SITUATIONS);
  /** Undefined: of the common profile. */
  readonly subsystem: string | undefined;
  private unmet: readonly Sometimes[];
  private readonly watcher = new SituationWatch((situation) => {
    this.situations[situation] = (this.situations[situation] ?? 0) + 1;
  });

  constructor(subsystem?: string) {
    this.subsystem = subsystem;
    this.unmet = situationsOf(subsystem);
    this.total = this.unmet.length;
  }

  /** Throws BadInput for what another version wrote. */
  static fromJSON(json: CoverageJson): Coverage {
    const coverage = new Coverage(json.subsystem);
    if (json.dimensions.join() !== wordsOfDimensions().join()) {
      throw new BadInput('coverage: its situations are not those of this version; merge what one version has reached');
    }
    const reached = new Set(json.reached);
    coverage.unmet = coverage.unmet.filter(({ id }) => !reached.has(id));
    for (const [situation, times] of json.situations) coverage.situations[situation] = times;
    return coverage;
  }

  /** Given to runs as a watch. */
  readonly watch = (event: ModelEvent, state: ModelState): void => {
    if (this.unmet.some((s) => s.met(event, state))) this.unmet = this.unmet.filter((s) => !s.met(event, state));
    this.watcher.event(event, state);
  };

  /** Takes in what another one of the same subject has reached. */
  merge(other: Coverage): void {
    const unmet = new Set(other.unmet.map(({ id }) => id));
    this.unmet = this.unmet.filter(({ id }) => unmet.has(id));
    other.situations.forEach((times, situation) => {
      this.situations[situation] = (this.situations[situation] ?? 0) + times;
    });
  }

  toJSON(): CoverageJson {
    const unmet = new Set(this.unmet.map(({ id }) => id));
    const situations: (readonly [number, number])[] = [];
    this.situations.forEach((times, situation) => {
      if (times > 0) situations.push([situation, times]);
    });
    return {
      ...(this.subsystem === undefined ? {} : { subsystem: this.subsystem }),
      reached: situationsOf(this.subsystem).filter(({ id }) => !unmet.has(id)).map(({ id }) => id),
      dimensions: wordsOfDimensions(),
      situations,
    };
  }

  /** Situations of the registry that have not happened yet. */
  notReached(): readonly Sometimes[] {
    return this.unmet;
  }

  /** What a campaign has to answer for, as lines; none when it reached everything. */
  complaints(effects: ReadonlyMap<string, number>): readonly string[] {
    const expected = this.subsystem === undefined ? FAULT_EFFECTS : [];
    return [
      ...this.unmet.map((s) => `never happened: ${s.sentence} (${s.id})`),
      ...expected.filter((name) => (effects.get(name) ?? 0) === 0).map((name) => `never took effect: ${name}`),
    ];
  }
}

function wordsOfDimensions(): readonly string[] {
  return DIMENSIONS.map(({ name, values }) => `${name}: ${values.join(' | ')}`);
}
