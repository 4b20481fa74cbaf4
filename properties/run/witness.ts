/** Somebody who watches a whole run from outside (a tape, an explanation): raw effects, and the world that they happen in. */
import type { Assembled } from './assemble.ts';
import type { Onlookers } from './onlookers.ts';

export interface Witness {
  /** Stands in the place of the plain ones: hears of every raw effect, and must hand it on (`super`). */
  readonly onlookers: Onlookers;
  /** The world stands, and none of its processes runs yet. To be read only. */
  ready(run: Assembled): void;
}
