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
/** Between two that leave. */
const APART_MS = [0, 100, 3000, 11_500] as const;
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

/** Somebody stops while somebody learns; once more at the next such moment. */
function drawMeeting(casting: Casting, { cluster, table }: Place): readonly Step[] {
  const { draw } = casting;
  if (!casting.allows('waitFor') || !casting.allows('crash')) return [];
  const steps: Step[] = [];
  for (let left = draw.int(1, 2); left > 0; left -= 1) {
    steps.push({ kind: 'waitFor', afterMs: 0, cluster, table, moment: draw.pick(MOMENTS), nth: 1, atMostMs: 20_000 });
    steps.push({ ...crash(casting, draw.chance(150) ? `meta(${cluster},0)` : drawServer(casting, cluster)), afterMs: draw.pick([0, 0, 1, 3]) });
  }
  return steps;
}
