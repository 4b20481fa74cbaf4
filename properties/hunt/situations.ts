/**
 * The situations that a command may meet: what the table's duplication, its bulk load and its checkpoints are at, which fault
 * has just struck, and which command it is. A situation is one value of each of the five, kept as one small integer, so that
 * counting costs an addition; what a campaign has explored is told over pairs and triples of them.
 */

/** One value of it belongs to each situation. The first is the quiet one. */
export interface Dimension {
  readonly name: string;
  readonly values: readonly string[];
}

/** Of the table: of the newest duplication that is not removed, else `DS_REMOVED`; `fed`: some duplication writes to the table. */
const DUPLICATION: Dimension = { name: 'duplication', values: ['no duplication', 'DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE', 'DS_REMOVED', 'fed by a duplication'] };

/** Of the table's record: of a load that has ended as long as nobody has cleared it. */
const BULK_LOAD: Dimension = {
  name: 'bulk load',
  values: ['no load', 'BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_PAUSING', 'BLS_PAUSED', 'BLS_SUCCEED', 'BLS_FAILED', 'BLS_CANCELED'],
};

/**
 * Of the table's replicas, the first that fits: one was asked for an emergency checkpoint and has not made it; one has flushed
 * what no checkpoint lists; none has a checkpoint; one has applied what is not flushed; everything is in checkpoints.
 */
const CHECKPOINT: Dimension = { name: 'checkpoint', values: ['all in checkpoints', 'no checkpoint yet', 'asked for', 'flushed and not listed', 'behind what is applied'] };

const FAULT: Dimension = {
  name: 'fault',
  values: [
    'no fault',
    'replica server down',
    'meta server down',
    'process paused',
    'link cut or reset',
    'link slow',
    'reply lost',
    'disk slow',
    'disk error',
    'bytes lost or flipped',
    'store slow',
    'store error',
    'pool busy',
    'clock moved',
    'provider slow or failing',
  ],
};

/** Commands that do the same to these subsystems are one. `none`: a fault strikes while no command is looked at. */
const COMMAND: Dimension = {
  name: 'command',
  values: [
    'no command',
    'write',
    'read',
    'createTable',
    'dropTable',
    'setEnvs',
    'checkpoint',
    'manualCompact',
    'movePrimary',
    'query',
    'addDup',
    'startDup',
    'pauseDup',
    'removeDup',
    'setDupFailMode',
    'startBulkLoad',
    'pauseBulkLoad',
    'restartBulkLoad',
    'cancelBulkLoad',
    'clearBulkLoad',
  ],
};

export const DIMENSIONS: readonly Dimension[] = [DUPLICATION, BULK_LOAD, CHECKPOINT, FAULT, COMMAND];

/** How many situations there are, met or not. */
export const SITUATIONS: number = DIMENSIONS.reduce((all, { values }) => all * values.length, 1);

/** Values by dimension, in the order of DIMENSIONS. */
export type Situation = readonly [duplication: number, load: number, checkpoint: number, fault: number, command: number];

export function situationAt(index: number): Situation {
  let left = index;
  const values = [0, 0, 0, 0, 0];
  for (let i = DIMENSIONS.length - 1; i >= 0; i -= 1) {
    const count = DIMENSIONS[i]?.values.length ?? 1;
    values[i] = left % count;
    left = Math.floor(left / count);
  }
  const [duplication = 0, load = 0, checkpoint = 0, fault = 0, command = 0] = values;
  return [duplication, load, checkpoint, fault, command];
}

const LOADS = BULK_LOAD.values.length;
const CHECKPOINTS = CHECKPOINT.values.length;
const FAULTS = FAULT.values.length;
const COMMANDS = COMMAND.values.length;

export function indexOfSituation(duplication: number, load: number, checkpoint: number, fault: number, command: number): number {
  return (((duplication * LOADS + load) * CHECKPOINTS + checkpoint) * FAULTS + fault) * COMMANDS + command;
}

/** Pairs of values that no run can meet, by construction: they are not counted among what is to be explored. */
interface Excluded {
  readonly why: string;
  readonly a: readonly [dimension: string, value: string];
  readonly b: readonly [dimension: string, value: string];
}

export const EXCLUDED: readonly Excluded[] = [
  { why: 'without a command a situation is looked at because a fault strikes', a: ['fault', 'no fault'], b: ['command', 'no command'] },
];

/** Positions of the words of EXCLUDED. */
const excludedPositions = EXCLUDED.map(({ a, b }) => [position(a), position(b)] as const);

function position([dimension, value]: readonly [string, string]): readonly [number, number] {
  const at = DIMENSIONS.findIndex(({ name }) => name === dimension);
  const word = DIMENSIONS[at]?.values.indexOf(value) ?? -1;
  if (word < 0) throw new Error(`no value ${value} of ${dimension}`);
  return [at, word];
}

/** Can these values (of the dimensions at the same places) never be met together? */
export function isExcluded(dimensions: readonly number[], values: readonly number[]): boolean {
  return excludedPositions.some(([a, b]) => holds(dimensions, values, a) && holds(dimensions, values, b));
}

function holds(dimensions: readonly number[], values: readonly number[], [dimension, word]: readonly [number, number]): boolean {
  const at = dimensions.indexOf(dimension);
  return at >= 0 && values[at] === word;
}
