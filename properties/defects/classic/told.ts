/** What all classic mistakes share. */
import type { Defect } from '../types.ts';

type Told = Omit<Defect, 'family' | 'issue' | 'upstream'>;

export function classic(told: Told): Defect {
  return { ...told, family: 'classic', issue: '', upstream: 'never had it' };
}
