/** What the defects of duplication share: upstream had, or has, each of them. */
import type { Defect } from '../types.ts';

type Told = Omit<Defect, 'family'>;

/** A defect of defects.md: `issue` is upstream's number. */
export function upstream(told: Told): Defect {
  return { ...told, family: 'upstream' };
}

/** A suspect of the fact sheet (`dup.B1` and so on), as upstream's code stands. */
export function suspect(told: Omit<Told, 'upstream'>): Defect {
  return { ...told, family: 'upstream', upstream: 'open' };
}
