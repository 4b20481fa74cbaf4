/**
 * A plan: one JSON value of which a run is a pure function (design: the plan contract). Cluster shape, settings, steps
 * (commands, faults, waits), and either a seed for chance (*exploring*) or an explicit list of deviations (*frozen*).
 */
import type { ClusterId } from '../../model/vocabulary.ts';
import type { ChancePoint } from '../../impl/env/sim/chance.ts';

export const PLAN_FORMAT = 'pegasus-check/plan';
/** Older ones are migrated when they are read (migrate.ts). */
export const PLAN_VERSION = 2;

export interface ClusterShape {
  readonly id: ClusterId;
  readonly replicaServers: number;
  /** Settings of this cluster's processes where they are not the plan's. */
  readonly settings?: Readonly<Record<string, number>>;
}

/** A step of any kind; the spec of its kind knows the other fields. */
export interface Step {
  readonly kind: string;
  /** Virtual time between the step before and this one. */
  readonly afterMs: number;
  readonly [field: string]: StepValue;
}
export type StepValue = string | number | boolean | readonly string[] | readonly number[] | Readonly<Record<string, string>>;

/** One draw that left the calm default, named by its cause (see impl/env/sim/chance.ts). */
export interface Deviation {
  readonly cause: string;
  readonly value: number;
}

export interface ExploringChance {
  readonly kind: 'exploring';
  readonly seed: string;
  /** Per point: chance per thousand that a draw deviates, and the largest number of deviations of the whole run. */
  readonly permille: Readonly<Partial<Record<ChancePoint, number>>>;
  readonly budget: number;
}
export interface FrozenChance {
  readonly kind: 'frozen';
  readonly deviations: readonly Deviation[];
}

/** A table that is there from the start: its partition's members boot from copies of a private log's files. */
export interface Preload {
  readonly cluster: ClusterId;
  readonly table: string;
  readonly gpid: string;
  readonly partitionCount: number;
  readonly files: readonly { readonly name: string; readonly hex: string }[];
}

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly version: typeof PLAN_VERSION;
  readonly clusters: readonly ClusterShape[];
  readonly settings: Readonly<Record<string, number>>;
  readonly preload?: Preload;
  readonly steps: readonly Step[];
  readonly chance: ExploringChance | FrozenChance;
}
