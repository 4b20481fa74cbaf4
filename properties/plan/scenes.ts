/**
 * Short scenes around duplications. Steps drawn one by one seldom meet a duplication in a status that lasts for a second, or in the
 * middle of a write of its record; a scene brings together what has to meet and leaves the rest to the draw: which table, how
 * long, what strikes, and where in it.
 */
import { drawAtMoment, drawUntil } from './scenesMoment.ts';
import { drawConflict, drawWider, pairOf } from './scenesTopology.ts';
import { crash, drawAroundAWrite, drawServer, drawWrites, hold, serversOf, type Casting } from './sceneSteps.ts';
import { drawAdd, drawAddAgain, drawAddBack } from './steps/addDup.ts';
import { drawFollowerTable } from './steps/createTable.ts';
import type { DupSymbol } from './symbols.ts';
import type { Step } from './types.ts';

const STATUS_STEPS: readonly string[] = ['startDup', 'pauseDup', 'removeDup', 'setDupFailMode'];

/**
 * From the command on: first the record is written and told, and a checkpoint is made; for about a second after two to five the
 * follower's table is being filled, if nothing is in the way.
 */
const UNTIL_PREPARED_MS: readonly number[] = [0, 1, 2, 5, 50, 300, 800, 1200];
const UNTIL_FILLED_MS: readonly number[] = [1600, 1900, 2200, 2500, 2800, 3200, 3600, 4000, 4400, 5000];

/** A duplication begins early, with a checkpoint or to a table that is made for it, and mostly it gets time to get going. */
export function drawOpening(casting: Casting, gapMs: number): readonly Step[] {
  const { draw, symbols } = casting;
  const table = symbols.liveTables().find((t) => !symbols.dups.some((d) => d.cluster === 'source' && d.table === t.ref));
  if (table === undefined) return [];
  const steps: Step[] = [];
  // Mostly the table has been made by then.
  const afterMs = draw.chance(80) ? gapMs : draw.pick([300, 500, 800]);
  const remote = draw.chance(350) && symbols.remotes.length === 0 ? drawFollowerTable(draw, symbols) : undefined;
  if (remote !== undefined) steps.push({ kind: 'createTable', afterMs, ...remote });
  const add = drawAdd(draw, symbols, table);
  if (add === undefined) return steps;
  const begin: Step = { kind: 'addDup', afterMs, ...add };
  steps.push(...drawChange(casting, 'source', begin, 150));
  const dup = symbols.dups[symbols.dups.length - 1];
  if (dup !== undefined && draw.chance(550)) steps.push(...drawFilling(casting, dup));
  else if (draw.chance(850)) steps.push(hold(draw.pick([1000, 5000, 7000, 10_000])));
  if (dup !== undefined && draw.chance(500)) steps.push(...drawWrites(casting, dup, draw.int(1, 5)), hold(draw.pick([0, 300, 1000])));
  const back = draw.chance(120) ? drawAddBack(draw, symbols) : undefined;
  if (back !== undefined) steps.push({ kind: 'addDup', afterMs: draw.pick([0, 10, 400]), ...back });
  if (dup !== undefined) steps.push(...drawWider(casting, dup));
  return steps;
}

/** What befalls a duplication on its way from one status to the next, and at the end time to get over it. */
function drawFilling(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  if (draw.chance(200)) return drawAtMoment(casting, dup);
  const slowly = casting.faults && casting.allows('crash') && draw.chance(500);
  return [
    ...(slowly ? drawSlowFilling(casting) : drawAmidFilling(casting, dup)),
    ...(casting.faults && casting.allows('slowStore') && draw.chance(150) ? drawHasty(casting, dup) : drawStrike(casting, dup)),
    ...(draw.chance(700) ? [hold(draw.pick([1000, 3000, 5000, 8000]))] : []),
  ];
}

function drawAmidFilling(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  if (casting.allows('waitFor') && draw.chance(500)) return drawUntil(casting, dup, 'duplication');
  return [hold(draw.pick(draw.chance(350) ? UNTIL_PREPARED_MS : UNTIL_FILLED_MS))];
}

/** Without one of its servers a follower's table is not filled, and the duplication stays in the status before shipping. */
function drawSlowFilling(casting: Casting): readonly Step[] {
  const { draw } = casting;
  const node = drawServer(casting, 'follower');
  const steps: Step[] = [
    hold(draw.pick([0, 800, 1600])),
    { kind: 'crash', afterMs: 0, node, downMs: 6000, insideCall: 0 },
    hold(draw.pick([2000, 2500, 3000, 3500, 4000])),
  ];
  if (casting.allows('bitRot') && draw.chance(800)) steps.push(...drawLostFollower(casting, drawServer(casting, 'follower')));
  return steps;
}

/** A member of a follower's table whose data are damaged when it comes back. */
function drawLostFollower(casting: Casting, node: string): readonly Step[] {
  const { draw } = casting;
  return [
    { kind: 'crash', afterMs: 0, node, downMs: draw.pick([200, 1000]), insideCall: 0 },
    { kind: 'bitRot', afterMs: 0, node, file: draw.pick(['sst', 'manifest', 'manifest']), nth: draw.int(0, 3), atPermille: draw.int(0, 999), bit: draw.int(0, 7) },
  ];
}

/** Something that befalls a duplication just now. */
function drawStrike(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const faults = casting.faults && casting.allows('crash');
  const strikes: readonly (readonly [what: string, weight: number])[] = [
    ['modify', 3],
    ['around', casting.allows('slowStore') && faults ? 4 : 0],
    ['hasty', casting.allows('slowStore') && faults ? 2 : 0],
    ['clock', casting.faults && casting.allows('wallShift') ? 2 : 0],
    ['loaded', casting.allows('poolLoad') && faults ? 2 : 0],
    ['meta', faults ? 2 : 0],
    ['primary', faults ? 3 : 0],
    ['follower', faults ? 2 : 0],
  ];
  switch (draw.weighted(strikes, ([, weight]) => weight)[0]) {
    case 'modify':
      return [drawModify(casting, dup)];
    case 'around':
      return drawAroundAWrite(casting, dup.cluster, drawModify(casting, dup));
    case 'hasty':
      return drawHasty(casting, dup);
    case 'clock':
      return [{ kind: 'wallShift', afterMs: 0, node: drawServer(casting, dup.cluster), deltaMs: draw.pick([-60_000, -5000, -5000, 5000, 60_000]) }];
    case 'loaded':
      return drawLoadedStart(casting, drawServer(casting, dup.cluster));
    case 'meta':
      return [crash(casting, `meta(${dup.cluster},0)`)];
    case 'primary':
      return [crash(casting, drawServer(casting, dup.cluster))];
    default:
      return [crash(casting, drawServer(casting, dup.remoteCluster))];
  }
}

/** Begun by hand and paused at once, while an answer of the follower's slow meta server is on its way (it is asked in DS_APP). */
function drawHasty(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const named = { cluster: dup.cluster, table: dup.table, dup: dup.ref };
  const { cluster, table } = dup;
  const asked: readonly Step[] = casting.allows('waitFor') && draw.chance(600) ? [{ kind: 'waitFor', afterMs: 0, cluster, table, moment: 'dup.stored:DS_APP', nth: 1, atMostMs: 3000 }] : [];
  return [
    ...asked,
    { kind: 'slowStore', afterMs: 0, cluster: dup.remoteCluster, factor: draw.pick([100, 400]), forMs: 3000 },
    { kind: 'startDup', afterMs: draw.pick([0, 200, 800]), ...named },
    { kind: 'pauseDup', afterMs: draw.pick([1, 20, 200]), ...named },
  ];
}

/** A server comes back to other work: what it begins with has to wait. */
function drawLoadedStart(casting: Casting, node: string): readonly Step[] {
  return [drawLoad(casting, node), { ...crash(casting, node), insideCall: 0 }];
}

function drawLoad({ draw }: Casting, node: string): Step {
  return { kind: 'poolLoad', afterMs: 0, node, tasks: draw.int(2, 3), costMs: draw.pick([10, 20]), forMs: draw.pick([5000, 20_000]) };
}

/** A change of a duplication's record; now and then the meta server stops about then. */
function drawChange(casting: Casting, cluster: string, change: Step, permille = 400): readonly Step[] {
  const cut = casting.faults && casting.allows('crash') && casting.allows('slowStore') && casting.draw.chance(permille);
  return cut ? drawAroundAWrite(casting, cluster, change) : [change];
}

function drawModify(casting: Casting, dup: DupSymbol): Step {
  const { draw } = casting;
  const kinds = STATUS_STEPS.filter((kind) => casting.allows(kind));
  const kind = draw.weighted(kinds, (k) => (k === 'removeDup' ? 4 : 3));
  if (kind === 'removeDup') dup.removed = true;
  const step = { kind, afterMs: 0, cluster: dup.cluster, table: dup.table, dup: dup.ref };
  return kind === 'setDupFailMode' ? { ...step, failMode: draw.pick(['slow', 'skip', 'fast']) } : step;
}

// ---------------------------------------------------------------- scenes of a duplication that ships

/** One scene of some duplication of the plan. */
export function drawScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  if (symbols.dups.length === 0) return [];
  const there = symbols.dups.filter((d) => d.removed !== true);
  const dup = draw.pick(there.length === 0 || draw.chance(50) ? symbols.dups : there);
  const rot = casting.faults && casting.allows('bitRot') && casting.allows('setDupFailMode');
  const hole = casting.faults && casting.allows('powerLoss') && casting.allows('pauseDup') && casting.allows('setDupFailMode');
  const scenes: readonly (readonly [scene: string, weight: number])[] = [
    ['writes', 3],
    ['steady', 4],
    ['pause', 4],
    ['again', casting.allows('removeDup') ? 2 : 0],
    ['strike', 4],
    ['unreadable', rot ? 5 : 0],
    ['hole', hole ? 8 : 0],
    ['conflict', pairOf(casting, dup) === undefined ? 0 : 8],
  ];
  switch (draw.weighted(scenes, ([, weight]) => weight)[0]) {
    case 'writes':
      return [...drawWrites(casting, dup, draw.int(3, 10)), ...(draw.chance(500) ? [hold(draw.pick([300, 1000, 3000]))] : [])];
    case 'steady':
      return drawSteady(casting, dup);
    case 'again':
      return drawAgain(casting, dup);
    case 'pause':
      return drawPause(casting, dup);
    case 'strike':
      return [...drawWrites(casting, dup, draw.int(0, 4)), ...(casting.allows('waitFor') && draw.chance(400) ? drawUntil(casting, dup, 'duplication') : [hold(draw.pick([0, 50, 200]))]), ...drawStrike(casting, dup)];
    case 'unreadable':
      return drawUnreadable(casting, dup);
    case 'conflict':
      return drawConflict(casting, dup);
    default:
      return drawHole(casting, dup);
  }
}

/** Writes one after the other, mostly beside other work of the servers that ship them; now and then a disk on their way is slow. */
function drawSteady(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const loaded = casting.faults && casting.allows('poolLoad') && draw.chance(700);
  const loads = loaded ? serversOf(casting, dup.cluster).map((node) => drawLoad(casting, node)) : [];
  const slow = casting.faults && casting.allows('slowDisk') && draw.chance(350);
  const disk: Step = { kind: 'slowDisk', afterMs: 0, node: drawServer(casting, draw.pick([dup.cluster, dup.cluster, dup.remoteCluster])), factor: draw.pick([100, 1000]), forMs: 4000 };
  return [...loads, ...(slow ? [disk] : []), ...drawWrites(casting, dup, draw.int(6, 14), draw.pick([5, 30, 150, 400]))];
}

/** Removed and added again, to the table that is there from before or to another. */
function drawAgain(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  dup.removed = true;
  const steps: Step[] = [{ kind: 'removeDup', afterMs: draw.pick([0, 100]), cluster: dup.cluster, table: dup.table, dup: dup.ref }];
  steps.push(hold(draw.pick([0, 20, 1000, 3000])), ...drawWrites(casting, dup, draw.int(0, 3)));
  const { cluster, again } = drawAddAgain(draw, symbols, dup);
  if (casting.allows('dropTable') && draw.chance(200)) steps.push({ kind: 'dropTable', afterMs: 0, cluster, table: again.remoteTable });
  steps.push({ kind: 'addDup', afterMs: draw.pick([0, 10, 500]), ...again }, hold(draw.pick([1000, 4000, 7000])));
  return steps;
}

/** Paused, written to meanwhile (the log rolls), and mostly begun again; something may strike while it is paused. */
function drawPause(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  if (!casting.allows('pauseDup') || !casting.allows('startDup')) return drawWrites(casting, dup, 4);
  const named = { cluster: dup.cluster, table: dup.table, dup: dup.ref };
  const steps: Step[] = [...drawChange(casting, dup.cluster, { kind: 'pauseDup', afterMs: draw.pick([0, 100]), ...named })];
  steps.push(hold(draw.pick([0, 50, 1200, 2500])), ...drawWrites(casting, dup, draw.int(2, 9)));
  if (casting.allows('triggerCheckpoint') && draw.chance(300)) steps.push({ kind: 'triggerCheckpoint', afterMs: 20, cluster: dup.cluster, table: dup.table, partitionIndex: 0 }, hold(draw.pick([700, 2500])));
  if (draw.chance(450)) steps.push(...drawStrike(casting, dup), ...drawWrites(casting, dup, draw.int(0, 2)), hold(draw.pick([0, 300, 1000])));
  if (draw.chance(750)) steps.push(...drawChange(casting, dup.cluster, { kind: 'startDup', afterMs: draw.pick([0, 10, 800]), ...named }));
  if (draw.chance(500)) steps.push(hold(draw.pick([500, 2000])));
  return steps;
}

/** Bits of the source's logs flip before what they hold is shipped, under a fail mode. */
function drawUnreadable(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const named = { cluster: dup.cluster, table: dup.table, dup: dup.ref };
  const steps: Step[] = [...drawChange(casting, dup.cluster, { kind: 'setDupFailMode', afterMs: 0, ...named, failMode: draw.pick(['slow', 'skip', 'skip', 'fast']) })];
  const paused = casting.allows('pauseDup') && draw.chance(500);
  if (paused) steps.push({ kind: 'pauseDup', afterMs: 10, ...named });
  steps.push(hold(draw.pick([100, 1200, 2500])), ...drawWrites(casting, dup, draw.int(4, 10)));
  if (paused && draw.chance(500)) steps.push({ kind: 'startDup', afterMs: 0, ...named }, hold(draw.pick([2, 10, 100])));
  for (const node of serversOf(casting, dup.cluster)) {
    steps.push({ kind: 'bitRot', afterMs: draw.pick([0, 1, 5]), node, file: 'plog', nth: draw.int(0, 4), atPermille: draw.int(0, 999), bit: draw.int(0, 7) });
  }
  if (paused) steps.push({ kind: 'startDup', afterMs: 10, ...named });
  steps.push(hold(draw.pick([100, 2000, 6000])), ...drawWrites(casting, dup, draw.int(1, 4)));
  return steps;
}

/** What is not shipped yet goes lost with the log's tail at a power loss, while storage has it: the log goes on behind a hole. */
function drawHole(casting: Casting, dup: DupSymbol): readonly Step[] {
  const { draw } = casting;
  const named = { cluster: dup.cluster, table: dup.table, dup: dup.ref };
  // Mostly it ships by then.
  const steps: Step[] = draw.chance(500) ? [hold(3000)] : [];
  if (draw.chance(750)) steps.push({ kind: 'setDupFailMode', afterMs: 0, ...named, failMode: draw.pick(['slow', 'skip', 'fast', 'fast', 'fast']) }, hold(20));
  steps.push({ kind: 'pauseDup', afterMs: 0, ...named }, hold(draw.pick([1200, 2500])), ...drawWrites(casting, dup, draw.int(3, 8)));
  if (casting.allows('triggerCheckpoint') && draw.chance(700)) steps.push({ kind: 'triggerCheckpoint', afterMs: 20, cluster: dup.cluster, table: dup.table, partitionIndex: 0 });
  steps.push(hold(draw.pick([300, 1500, 3000])));
  for (const node of serversOf(casting, dup.cluster)) {
    if (draw.chance(400)) continue;
    steps.push({ kind: 'powerLoss', afterMs: draw.pick([0, 5]), node, downMs: draw.pick([200, 500]), tail: draw.pick(['cut', 'torn']), keepPermille: draw.pick([0, 0, 300]) });
  }
  steps.push(hold(1000), ...drawWrites(casting, dup, draw.int(1, 4)), { kind: 'startDup', afterMs: 10, ...named });
  return steps;
}
