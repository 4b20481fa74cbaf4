/** Every property of the suite, `sometimes` first. */
import { ALWAYS, EVENTUALLY } from './always.ts';
import { SOMETIMES } from './sometimes.ts';
import { STATE_PREDICATES } from './state.ts';
import type { Property } from './types.ts';

export type { CheckedIn, Property, Sometimes, StatePredicate, Subsystem } from './types.ts';
export { SOMETIMES } from './sometimes.ts';
export { STATE_PREDICATES } from './state.ts';

export const PROPERTIES: readonly Property[] = [...SOMETIMES, ...ALWAYS, ...STATE_PREDICATES, ...EVENTUALLY];

export function propertyIds(): readonly string[] {
  return PROPERTIES.map(({ id }) => id);
}

/** The row of an id. */
export function propertyOf(id: string): Property | undefined {
  return PROPERTIES.find((property) => property.id === id);
}
