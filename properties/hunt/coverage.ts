/**
 * What a campaign has reached: the "sometimes" obligations of the registry, and the effects of each fault. A campaign in which
 * an interesting situation never happened, or a fault never took effect, has not tested what it says.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import { SOMETIMES, type Sometimes } from '../registry/index.ts';

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
];

/** Runs after which a campaign of the common profile must have reached everything. */
export const CAMPAIGN_RUNS = 2000;

export class Coverage {
  private unmet: readonly Sometimes[] = SOMETIMES;

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
    return [
      ...this.unmet.map((s) => `never happened: ${s.sentence} (${s.id})`),
      ...FAULT_EFFECTS.filter((name) => (effects.get(name) ?? 0) === 0).map((name) => `never took effect: ${name}`),
    ];
  }
}
