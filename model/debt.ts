/** Debts of decrees: what is owed, and since when. */
import type { Decree } from './vocabulary.ts';

/**
 * A decree that is owed, and since when (-1: nothing is). The target is what was wanted when the debt began: more that is
 * wanted meanwhile does not move the start, so that what is stuck cannot hide behind what goes on elsewhere.
 */
export interface Debt {
  target: Decree;
  sinceUs: number;
}

/** To be called whenever either may have changed. Reaching the target without what is wanted by now begins a new debt. */
export function noteDebt(debt: Debt, reached: Decree, wanted: Decree, atUs: number): void {
  if (reached >= wanted) debt.sinceUs = -1;
  else if (debt.sinceUs < 0 || reached >= debt.target) {
    debt.target = wanted;
    debt.sinceUs = atUs;
  }
}
