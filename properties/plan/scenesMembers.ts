/**
 * Members that are away for longer than the meta server's patience, and come back (repl 1.9, 1.10): a server, or two of them,
 * while users go on writing; what they missed is in the primary's prepare list, in its log, or only in a checkpoint. Who
 * teaches or learns may stop in the middle.
 */
import type { Casting } from './sceneSteps.ts';
import { crash, drawReadOfLast, drawServer, drawWrites, hold, serversOf } from './sceneSteps.ts';
import { drawPlace } from './steps/common.ts';
import type { Step } from './types.ts';

/** About the grace time, about the time that a dropout is waited for after it, and longer. */
const AWAY_MS = [10_500, 12_000, 14_000, 17_500, 24_000] as const;
/** Until a primary that stays away has been replaced, or should have been (model/absence.ts). */
const REPLACED_MS = 22_000;
const FOR_LONG_MS = 60_000;
/** Between two that leave. */
const APART_MS = [0, 100, 3000, 11_500] as const;
/** About the time of a lease: it ends, and the grace time does not. */
const LEASE_LOST_MS = [6500, 9500, 10_300] as const;
/** What a learner goes through. */
const MOMENTS = ['learn.answered', 'learn.answered', 'storage.replaced', 'log.replaced', 'config.stored', 'log.file-created'] as const;

interface Place {
  readonly cluster: string;
  readonly table: string;
}

export function drawMembersScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const place = drawPlace(draw, symbols, 250);
  const before = drawWrites(casting, place, draw.int(0, 3));
  const steps: Step[] = [...before];
  for (let left = draw.chance(300) ? 2 : 1; left > 0; left -= 1) steps.push(...drawAway(casting, place.cluster), hold(draw.pick(APART_MS)));
  const missed = drawWrites(casting, place, draw.pick([0, 1, 4, 12]), draw.pick([0, 10, 300]));
  steps.push(hold(draw.pick([500, 9000, 12_000])), ...missed);
  if (draw.chance(500)) steps.push(...drawMeeting(casting, place));
  const after = drawWrites(casting, place, draw.int(0, 3), draw.pick([0, 20, 400]));
  steps.push(hold(draw.pick([100, 2000, 8000])), ...after, ...drawReadOfLast(casting, [...before, ...missed, ...after], [0, 30, 2000]));
  // Nobody is back before that, nor is anything else in the way.
  if (draw.chance(150) && casting.allows('crash'))
    steps.push({ kind: 'crash', afterMs: 0, node: drawServer(casting, place.cluster), downMs: FOR_LONG_MS, insideCall: 0 }, hold(REPLACED_MS));
  return steps;
}

/** Down, cut off from its meta server, or cut off from everybody. */
function drawAway(casting: Casting, cluster: string): readonly Step[] {
  const { draw } = casting;
  const node = drawServer(casting, cluster);
  const awayMs = draw.pick(AWAY_MS);
  if (casting.allows('cutLink') && draw.chance(350)) {
    const others = draw.chance(500) ? [] : serversOf(casting, cluster).filter((other) => other !== node);
    return [`meta(${cluster},0)`, ...others].map((to) => ({ kind: 'cutLink', afterMs: 0, from: node, to, oneWay: false, forMs: awayMs }));
  }
  return casting.allows('crash') ? [{ kind: 'crash', afterMs: 0, node, downMs: awayMs, insideCall: 0 }] : [];
}

/** Something befalls who teaches or who learns while somebody does; once more at the next such moment. */
function drawMeeting(casting: Casting, place: Place): readonly Step[] {
  const { draw } = casting;
  const { cluster, table } = place;
  if (!casting.allows('waitFor') || !casting.allows('crash')) return [];
  const steps: Step[] = [];
  for (let left = draw.int(1, 3); left > 0; left -= 1) {
    steps.push({ kind: 'waitFor', afterMs: 0, cluster, table, moment: draw.pick(MOMENTS), nth: 1, atMostMs: 20_000 });
    steps.push(...drawStrike(casting, place));
  }
  return steps;
}

/**
 * Who stops loses everything. What comes between the two leaves each with what it knows: a learner that was given up, and is
 * offered again; a primary without a lease, and one that comes back. Behind other work, or on a slow disk, a learner's checkpoint
 * lasts until what is committed meanwhile has left its prepare list.
 */
function drawStrike(casting: Casting, place: Place): readonly Step[] {
  const { draw } = casting;
  const { cluster } = place;
  const afterMs = draw.pick([0, 0, 1, 3]);
  const strikes: readonly (readonly [what: string, weight: number])[] = [
    ['stop', 4],
    ['between', casting.allows('cutLink') ? 4 : 0],
    ['lease', casting.allows('cutLink') ? 2 : 0],
    ['busy', casting.allows('poolBusy') ? 3 : 0],
    ['slow', casting.allows('slowDisk') ? 2 : 0],
    ['power', casting.allows('powerLoss') ? 2 : 0],
  ];
  switch (draw.weighted(strikes, ([, weight]) => weight)[0]) {
    case 'between':
      return [{ ...cutBetween(casting, cluster), afterMs }, ...drawWrites(casting, place, draw.int(0, 3), draw.pick([0, 10, 200]))];
    case 'lease':
      return [{ kind: 'cutLink', afterMs, from: drawServer(casting, cluster), to: `meta(${cluster},0)`, oneWay: false, forMs: draw.pick(LEASE_LOST_MS) }];
    case 'busy': {
      const busy: Step = { kind: 'poolBusy', afterMs, node: drawServer(casting, cluster), tasks: draw.pick([1, 4]), costMs: 200, forMs: draw.pick([200, 1000]) };
      return [busy, ...drawWrites(casting, place, draw.pick([4, 12, 20]), draw.pick([0, 1, 10]))];
    }
    case 'slow': {
      const slow: Step = { kind: 'slowDisk', afterMs, node: drawServer(casting, cluster), factor: draw.pick([100, 400]), forMs: draw.pick([300, 1000]) };
      return [slow, ...drawWrites(casting, place, draw.pick([4, 12, 20]), draw.pick([0, 1, 5]))];
    }
    case 'power':
      return [{ kind: 'powerLoss', afterMs, node: drawServer(casting, cluster), downMs: draw.pick([50, 1000, 12_000]), tail: draw.pick(['cut', 'torn']), keepPermille: draw.pick([0, 500]) }];
    default:
      return [{ ...crash(casting, draw.chance(150) ? `meta(${cluster},0)` : drawServer(casting, cluster)), afterMs }];
  }
}

/** Long enough for some calls to be given up; not long enough for the meta server to hear of it. */
function cutBetween(casting: Casting, cluster: string): Step {
  const { draw } = casting;
  const servers = serversOf(casting, cluster);
  const from = draw.pick(servers);
  const others = servers.filter((node) => node !== from);
  const to = others.length === 0 ? `meta(${cluster},0)` : draw.pick(others);
  return { kind: 'cutLink', afterMs: 0, from, to, oneWay: draw.chance(400), forMs: draw.pick([50, 400, 800, 2000]) };
}
