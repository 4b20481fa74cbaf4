/** Every property of the suite, `sometimes` first. */
import { ALWAYS, EVENTUALLY } from './always.ts';
import { DUP_ALWAYS, DUP_EVENTUALLY } from './duplication.ts';
import { DUP_SOMETIMES } from './duplicationSometimes.ts';
import { TOPOLOGY_SOMETIMES } from './topologySometimes.ts';
import { INGESTION_ALWAYS } from './ingestion.ts';
import { LOAD_FILES_SOMETIMES } from './loadFilesSometimes.ts';
import { LEADER_SOMETIMES } from './leaderSometimes.ts';
import { LOAD_ALWAYS, LOAD_EVENTUALLY, LOAD_STATE_PREDICATES } from './loads.ts';
import { LOAD_STATUS_SOMETIMES } from './loadSometimes.ts';
import { MEMBERS_SOMETIMES } from './membersSometimes.ts';
import { SOMETIMES as REPLICATION_SOMETIMES } from './sometimes.ts';
import { DUP_STATE_PREDICATES } from './duplicationState.ts';
import { STATE_PREDICATES as REPLICATION_PREDICATES } from './state.ts';
import { NAME_SOMETIMES } from './nameSometimes.ts';
import { THROTTLE_ALWAYS, THROTTLE_EVENTUALLY, THROTTLE_SOMETIMES } from './throttling.ts';
import type { Property, Sometimes, StatePredicate } from './types.ts';

export type { CheckedIn, Property, Sometimes, StatePredicate, Subsystem } from './types.ts';

/** What holds in every state of the model: the explorer asks. */
export const STATE_PREDICATES: readonly StatePredicate[] = [
  ...REPLICATION_PREDICATES,
  ...DUP_STATE_PREDICATES,
  ...LOAD_STATE_PREDICATES,
];

/** What a campaign must have seen. */
export const SOMETIMES: readonly Sometimes[] = [
  ...REPLICATION_SOMETIMES,
  ...MEMBERS_SOMETIMES,
  ...LEADER_SOMETIMES,
  ...DUP_SOMETIMES,
  ...TOPOLOGY_SOMETIMES,
  ...LOAD_STATUS_SOMETIMES,
  ...LOAD_FILES_SOMETIMES,
  ...THROTTLE_SOMETIMES,
  ...NAME_SOMETIMES,
];

export const PROPERTIES: readonly Property[] = [
  ...SOMETIMES,
  ...ALWAYS,
  ...DUP_ALWAYS,
  ...INGESTION_ALWAYS,
  ...LOAD_ALWAYS,
  ...THROTTLE_ALWAYS,
  ...STATE_PREDICATES,
  ...EVENTUALLY,
  ...DUP_EVENTUALLY,
  ...LOAD_EVENTUALLY,
  ...THROTTLE_EVENTUALLY,
];

export function propertyIds(): readonly string[] {
  return PROPERTIES.map(({ id }) => id);
}

/** The row of an id. */
export function propertyOf(id: string): Property | undefined {
  return PROPERTIES.find((property) => property.id === id);
}
