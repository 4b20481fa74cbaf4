/** A table is dropped and called back, or gets another name, while users write, and at a bad moment for its meta server. */
import type { Casting } from './sceneSteps.ts';
import { crash, drawAroundAWrite, drawReadOfLast, drawServer, drawWrites, hold } from './sceneSteps.ts';
import { renameTable } from './steps/renameTable.ts';
import { recallTable } from './steps/recallTable.ts';
import type { TableSymbol } from './symbols.ts';
import type { Step } from './types.ts';

/** From at once, when no server has heard of it, to when all have closed their replicas. */
const DROPPED_MS = [0, 2, 20, 300, 1500, 4000] as const;

export function drawNameScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const live = symbols.liveTables();
  if (live.length === 0) return [];
  const table = draw.pick(live);
  const writes = drawWrites(casting, { cluster: 'source', table: table.ref }, draw.int(1, 4));
  const isRecall = casting.allows('recallTable') && casting.allows('dropTable') && draw.chance(650);
  return [...writes, ...(isRecall ? drawRecall(casting, table) : drawRename(casting)), ...drawAfter(casting)];
}

function drawRecall(casting: Casting, table: TableSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  const drop: Step = { kind: 'dropTable', afterMs: draw.pick([0, 1, 20, 300]), cluster: 'source', table: table.ref };
  table.dropped = true;
  const steps: Step[] = [...about(casting, drop), hold(draw.pick(DROPPED_MS))];
  if (casting.faults && casting.allows('crash') && draw.chance(250)) steps.push(crash(casting, drawServer(casting, 'source')), hold(draw.pick([0, 500])));
  const recall = recallTable.draw(draw, symbols);
  if (recall !== undefined) steps.push(...about(casting, { kind: 'recallTable', afterMs: 0, ...recall }));
  return steps;
}

function drawRename(casting: Casting): readonly Step[] {
  if (!casting.allows('renameTable')) return [];
  const rename = renameTable.draw(casting.draw, casting.symbols);
  return rename === undefined ? [] : about(casting, { kind: 'renameTable', afterMs: casting.draw.pick([0, 1, 20]), ...rename });
}

/** Now and then the meta server stops about a write of it. */
function about(casting: Casting, change: Step): readonly Step[] {
  const strikes = casting.faults && casting.allows('slowStore') && casting.allows('crash') && casting.draw.chance(250);
  return strikes ? drawAroundAWrite(casting, 'source', change) : [change];
}

/** Users go on with whatever there is by then. */
function drawAfter(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const live = symbols.liveTables();
  if (live.length === 0) return [];
  const place = { cluster: 'source', table: draw.pick(live).ref };
  const steps: Step[] = draw.chance(700) ? [hold(draw.pick([10, 500, 3000, 8000]))] : [];
  const writes = drawWrites(casting, place, draw.int(0, 3));
  return [...steps, ...writes, ...drawReadOfLast(casting, writes, [0, 5, 100])];
}
