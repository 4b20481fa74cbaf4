/**
 * Something befalls a table at a named moment: a wait for an event of its duplication, its load or its replicas, and right behind
 * it any fault, any command about it, or both; sometimes while something has been slow from before. Nothing here knows what is
 * worth meeting: which moment, what befalls it and where is left to the draw.
 */
import { hold, serversOf, type Casting } from './sceneSteps.ts';
import type { Subject } from './moments.ts';
import { drawSubject, drawWaitFor } from './steps/waitFor.ts';
import { hasSubject } from './spec.ts';
import { drawAdd } from './steps/addDup.ts';
import { specOf } from './steps/index.ts';
import { drawPrepared } from './steps/prepareLoad.ts';
import { drawStart } from './steps/startBulkLoad.ts';
import type { Step } from './types.ts';

interface Place {
  readonly cluster: string;
  readonly table: string;
}

/** Kinds with their shares; those of a subject are drawn at its moments more often than others. */
type Share = readonly [kind: string, weight: number];

const CONTROLS: Readonly<Record<Subject, readonly Share[]>> = {
  duplication: [['startDup', 6], ['pauseDup', 6], ['removeDup', 6], ['setDupFailMode', 4]],
  load: [['pauseBulkLoad', 5], ['restartBulkLoad', 4], ['cancelBulkLoad', 9], ['clearBulkLoad', 3]],
  replica: [['triggerCheckpoint', 2], ['emergencyCheckpoint', 2], ['manualCompact', 1]],
};
const COMMANDS: readonly Share[] = [['put', 3], ['multiPut', 1], ['movePrimary', 2], ['dropTable', 2], ['setEnvs', 2]];
const STRIKES: readonly Share[] = [['crash', 16], ['powerLoss', 3], ['restart', 4], ['pause', 6], ['cutLink', 6], ['resetSession', 6], ['diskFull', 2], ['bitRot', 2]];
const SLOW: readonly Share[] = [['slowStore', 8], ['slowDisk', 6], ['poolLoad', 4], ['slowProvider', 6], ['providerDown', 4], ['wallShift', 2]];

const AFTER_MS: readonly number[] = [0, 0, 0, 1, 2, 5, 20, 100, 400];

/** At a moment of some table that is duplicated or loaded, mostly; of any other now and then. */
export function drawMomentScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const busy = [...symbols.dups.filter((dup) => dup.removed !== true), ...symbols.loads.filter((load) => load.started === true)].map(({ cluster, table }) => ({ cluster, table }));
  const live = symbols.liveTables().map(({ ref }) => ({ cluster: 'source', table: ref }));
  const places: readonly Place[] = [...live, ...busy, ...busy, ...busy, ...symbols.remotes];
  if (places.length === 0) return [];
  const { cluster, table } = draw.pick(places);
  return drawAtMoment(casting, { cluster, table });
}

/** At a moment of this table, or at several, one after the other. */
export function drawAtMoment(casting: Casting, { cluster, table }: Place): readonly Step[] {
  const { draw } = casting;
  const place = { cluster, table };
  if (!casting.allows('waitFor')) return [hold(draw.pick([100, 500, 2000]))];
  const steps: Step[] = [];
  if (casting.faults && draw.chance(250)) steps.push(...drawOf(casting, place, SLOW));
  for (let left = draw.weighted([1, 2, 3, 4], (n) => 5 - n); left > 0; left -= 1) steps.push(...drawMeeting(casting, place));
  if (draw.chance(600)) steps.push(hold(draw.pick([300, 1000, 3000])));
  return steps;
}

function drawMeeting(casting: Casting, place: Place): readonly Step[] {
  const { draw, symbols } = casting;
  const subject = drawSubject(draw, symbols, place);
  const steps: Step[] = [...(draw.chance(300) ? drawWay(casting, place, subject) : drawAsItComes(casting, place, subject))];
  const commands = [...CONTROLS[subject], ...COMMANDS];
  const strikes = casting.faults ? [...STRIKES, ...SLOW] : [];
  // What is rare elsewhere is as frequent as anything in every third meeting.
  const level = (shares: readonly Share[]): readonly Share[] => shares.map(([kind]) => [kind, 1]);
  const [ofCommands, ofStrikes] = draw.chance(350) ? [level(commands), level(strikes)] : [commands, strikes];
  for (let left = draw.weighted([1, 2, 3], (n) => 4 - n); left > 0; left -= 1) {
    const some = draw.chance(100) ? drawBeginning(casting, place) : drawOf(casting, place, strikes.length > 0 && draw.chance(550) ? ofStrikes : ofCommands);
    steps.push(...some.map((step, i) => (i === 0 ? { ...step, afterMs: draw.pick(AFTER_MS) } : step)));
  }
  return steps;
}

/** A duplication or a load of the table begins, beside what goes on. */
function drawBeginning(casting: Casting, { cluster, table: ref }: Place): readonly Step[] {
  const { draw, symbols } = casting;
  const table = cluster === 'source' ? symbols.liveTables().find((one) => one.ref === ref) : undefined;
  if (table === undefined) return [];
  const isDuplicated = symbols.dups.some((dup) => dup.cluster === cluster && dup.table === ref && dup.removed !== true);
  const add = casting.allows('addDup') && !isDuplicated ? drawAdd(draw, symbols, table) : undefined;
  if (add !== undefined) return [{ kind: 'addDup', afterMs: 0, ...add }];
  if (!casting.allows('startBulkLoad') || !symbols.withLoads || symbols.loads.length >= 5) return [];
  const fields = drawPrepared(draw, symbols, { cluster, table: ref, partitionCount: table.partitionCount }, 'good');
  const load = symbols.loads[symbols.loads.length - 1];
  if (load === undefined) return [];
  return [{ kind: 'prepareLoad', afterMs: 0, ...fields }, { kind: 'startBulkLoad', afterMs: 0, ...drawStart(draw, symbols, load) }];
}

/** A moment, and now and then another one behind it: what a status brings about is over in milliseconds. */
function drawAsItComes({ draw }: Casting, place: Place, subject: Subject): readonly Step[] {
  const first: Step = { kind: 'waitFor', afterMs: draw.pick([0, 0, 20, 300]), ...drawWaitFor(draw, place, subject) };
  return draw.chance(350) ? [first, { kind: 'waitFor', afterMs: 0, ...drawWaitFor(draw, place, subject, 0) }] : [first];
}

/** What leads to a status that does not come by itself. */
interface Way {
  readonly moment: string;
  readonly by: string;
  /** When that may be asked for. */
  readonly at: string;
}
const WAYS: Readonly<Record<Subject, readonly Way[]>> = {
  duplication: [
    { moment: 'dup.stored:DS_PAUSE', by: 'pauseDup', at: 'dup.stored:DS_LOG' },
    { moment: 'dup.told:DS_PAUSE', by: 'pauseDup', at: 'dup.stored:DS_LOG' },
    { moment: 'dup.erased', by: 'removeDup', at: 'dup.stored:DS_LOG' },
  ],
  load: [
    { moment: 'load.stored:BLS_PAUSING', by: 'pauseBulkLoad', at: 'load.stored:BLS_DOWNLOADING' },
    { moment: 'load.stored:BLS_PAUSED', by: 'pauseBulkLoad', at: 'load.stored:BLS_DOWNLOADING' },
    { moment: 'load.stored:BLS_CANCELED', by: 'cancelBulkLoad', at: 'load.stored:BLS_DOWNLOADING' },
    { moment: 'load.stored:BLS_FAILED', by: 'damageLoad', at: 'load.stored:BLS_DOWNLOADING' },
  ],
  replica: [{ moment: 'checkpoint.manual-flag', by: 'emergencyCheckpoint', at: 'config.stored' }],
};

/** Somebody asks for that status, as soon as it can be asked for, and it is there. */
function drawWay(casting: Casting, place: Place, subject: Subject): readonly Step[] {
  const { draw } = casting;
  const { moment, by, at } = draw.pick(WAYS[subject]);
  const until = (name: string): Step => ({ kind: 'waitFor', afterMs: 0, ...place, moment: name, nth: 1, atMostMs: draw.pick([1500, 3000]) });
  return [...(draw.chance(700) ? [until(at)] : []), ...drawOf(casting, place, [[by, 1]]), until(moment)];
}

/** One step of these kinds, aimed at the table; none when the plan has no such thing. */
function drawOf(casting: Casting, place: Place, shares: readonly Share[]): readonly Step[] {
  const { draw, symbols } = casting;
  const able = shares.filter(([kind]) => {
    const spec = specOf(kind);
    return casting.allows(kind) && spec !== undefined && hasSubject(spec, symbols.follower() !== undefined, symbols.withLoads);
  });
  if (able.length === 0) return [];
  const [kind] = draw.weighted(able, ([, weight]) => weight);
  const fields = specOf(kind)?.draw(draw, symbols);
  return fields === undefined ? [] : [aimed(casting, place, { kind, afterMs: 0, ...fields })];
}

/** What the step is about becomes this table, its cluster, its duplication, a server of it or its meta server. */
function aimed(casting: Casting, place: Place, step: Step): Step {
  const { draw, symbols } = casting;
  const fields = { ...step };
  // The store of the other cluster matters as much to what goes from one to the other.
  if ('cluster' in step && step.kind !== 'slowStore') fields['cluster'] = place.cluster;
  if ('table' in step) fields['table'] = place.table;
  const dups = symbols.dups.filter((dup) => dup.cluster === place.cluster && dup.table === place.table);
  if ('dup' in step && dups.length > 0) fields['dup'] = draw.pick(dups).ref;
  if ('node' in step && draw.chance(800)) {
    const servers = serversOf(casting, place.cluster);
    const isOfServers = step.kind !== 'crash' && step.kind !== 'restart' && step.kind !== 'pause' && step.kind !== 'powerLoss';
    fields['node'] = isOfServers || draw.chance(600) ? draw.pick(servers) : `meta(${place.cluster},0)`;
  }
  return fields;
}

/** Until a moment of that subject of the table, and mostly a little longer. */
export function drawUntil({ draw }: Casting, place: Place, subject: Subject): readonly Step[] {
  const longerMs = draw.pick([0, 0, 0, 2, 10, 50, 200, 500]);
  return [{ kind: 'waitFor', afterMs: 0, ...drawWaitFor(draw, place, subject) }, ...(longerMs === 0 ? [] : [hold(longerMs)])];
}
