/**
 * Scenes around bulk loads. A load goes by itself through a dozen polls, some four seconds in all, so that steps drawn one by
 * one seldom meet the moment at which its files are being fetched, its ingestion is on its way, or its record is written; a
 * scene begins a load and lets something befall it, and leaves to the draw what that is and when.
 */
import type { LoadVariant } from '../run/loadSet.ts';
import { crash, drawAroundAWrite, drawServer, drawWrites, hold, serversOf, type Casting } from './sceneSteps.ts';
import { drawDamage } from './steps/damageLoad.ts';
import { drawPrepared, drawVariant, loadPlaces, type LoadPlace } from './steps/prepareLoad.ts';
import { drawRefusedStart, drawStart } from './steps/startBulkLoad.ts';
import { drawAmidIngestion, drawHasty, drawMetaAmidWrites, drawRotten } from './scenesLoadWrites.ts';
import { drawAtMoment, drawUntil } from './scenesMoment.ts';
import type { LoadSymbol } from './symbols.ts';
import { ALLOW_INGEST_BEHIND, drawWriteThrottle } from './tableEnvs.ts';
import type { Step } from './types.ts';

/** From the start on: files come in the first second, the ingestion write leaves after two and a half to three, then all is cleaned up. */
const WHILE_DOWNLOADING_MS: readonly number[] = [0, 2, 20, 100, 300, 500, 700, 1000, 1200];
/** Files are fetched as soon as the members hear of the load; those that find no free slot follow. */
const WHILE_FETCHING_MS: readonly number[] = [0, 2, 4, 6, 8, 20, 300, 700];
const WHILE_PAUSABLE_MS: readonly number[] = [0, 2, 20, 50, 100, 200, 400, 500, 510, 700];
const WHILE_INGESTING_MS: readonly number[] = [1700, 2000, 2300, 2500, 2550, 2600, 2700, 2800, 3000, 3020, 3050, 3100, 3200];
const WHILE_CLEANING_MS: readonly number[] = [3500, 3800, 4200, 4700, 5200];
/** Until a whole load is over. */
const WHOLE_MS = 5000;

/** Until some moment of the load: one that is named, or after so many milliseconds. */
function drawAmid(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  if (casting.allows('waitFor') && draw.chance(600)) return drawUntil(casting, load, 'load');
  const phase = draw.weighted([WHILE_DOWNLOADING_MS, WHILE_INGESTING_MS, WHILE_CLEANING_MS], (at) => (at === WHILE_CLEANING_MS ? 1 : 3));
  return [hold(draw.pick(phase))];
}

/** A load begins early, of a table that mostly has been made by then, and something befalls it. */
export function drawLoadOpening(casting: Casting, gapMs: number): readonly Step[] {
  const { draw } = casting;
  return drawLoad(casting, draw.chance(80) ? gapMs : draw.pick([300, 500, 800]));
}

/** One more, or something that befalls the one that goes on. */
export function drawLoadScene(casting: Casting): readonly Step[] {
  const { draw, symbols } = casting;
  const going = symbols.loads.filter((load) => load.started === true);
  if (going.length > 0 && draw.chance(450)) return [hold(draw.pick([0, 100, 500, 1000])), ...drawBefalls(casting, draw.pick(going))];
  return symbols.loads.length >= 5 ? [] : drawLoad(casting, draw.pick([0, 100]));
}

function drawPlaceOf(casting: Casting): LoadPlace | undefined {
  const { draw, symbols } = casting;
  const places = loadPlaces(symbols);
  // While it is being duplicated.
  const shipped = places.filter((place) => symbols.dups.some((dup) => dup.cluster === place.cluster && dup.table === place.table));
  if (places.length === 0) return undefined;
  return draw.pick(shipped.length > 0 && draw.chance(700) ? shipped : places);
}

/** Rows that the load meets, its files, its start, and what befalls it. */
function drawLoad(casting: Casting, afterMs: number): readonly Step[] {
  const { draw, symbols } = casting;
  const place = drawPlaceOf(casting);
  if (place === undefined) return [];
  const before = draw.chance(600) ? drawWrites(casting, place, draw.int(1, 4)) : [];
  const throttle = casting.allows('setEnvs') && draw.chance(250) ? draw.pick(['delay', 'reject'] as const) : undefined;
  const variant = draw.chance(throttle === undefined ? 400 : 50) ? drawVariant(draw) : 'good';
  const { steps, load } = drawPrepare(casting, place, variant);
  const head = [...steps, ...before].map((step, i) => (i === 0 ? { ...step, afterMs } : step));
  if (throttle !== undefined) return [...head, ...drawThrottled(casting, load, throttle)];
  const around = casting.faults && casting.allows('crash') && casting.allows('slowStore') && draw.chance(120);
  const right = drawStart(draw, symbols, load);
  const start: Step = { kind: 'startBulkLoad', afterMs: draw.pick([0, 0, 10, 100]), ...right };
  // One that is refused gives back what it took, or the next one finds it taken.
  if (draw.chance(180)) head.push({ kind: 'startBulkLoad', afterMs: 0, ...drawRefusedStart(draw, symbols, right) });
  if (casting.faults && casting.allows('slowStore') && casting.allows('pauseBulkLoad') && draw.chance(40)) return [...head, ...drawHasty(casting, load, start)];
  return [...head, ...(around ? drawAroundAWrite(casting, load.cluster, start) : [start, ...drawBefalls(casting, load)])];
}

function drawPrepare({ draw, symbols }: Casting, place: LoadPlace, variant: LoadVariant): { readonly steps: readonly Step[]; readonly load: LoadSymbol } {
  const fields = drawPrepared(draw, symbols, place, variant);
  const load = symbols.loads[symbols.loads.length - 1];
  if (load === undefined) throw new Error('a prepared load is known');
  return { steps: [{ kind: 'prepareLoad', afterMs: 0, ...fields }], load };
}

// ---------------------------------------------------------------- what befalls it

type Befall = (casting: Casting, load: LoadSymbol) => readonly Step[];

/** Each with its weight and the kinds of steps that it needs. */
const BEFALLS: readonly { readonly draw: Befall; readonly weight: number; readonly kinds: readonly string[]; readonly fault: boolean }[] = [
  { draw: drawAtMoment, weight: 12, kinds: ['waitFor'], fault: false },
  { draw: drawNothing, weight: 5, kinds: [], fault: false },
  { draw: drawPause, weight: 3, kinds: ['pauseBulkLoad', 'restartBulkLoad'], fault: false },
  { draw: drawCancel, weight: 3, kinds: ['cancelBulkLoad'], fault: false },
  { draw: drawAnother, weight: 3, kinds: ['cancelBulkLoad', 'clearBulkLoad'], fault: false },
  { draw: drawSecond, weight: 4, kinds: ['startBulkLoad'], fault: false },
  { draw: drawDrop, weight: 2, kinds: ['dropTable'], fault: false },
  { draw: drawMove, weight: 3, kinds: ['movePrimary'], fault: false },
  { draw: drawMember, weight: 6, kinds: ['crash', 'restart', 'pause'], fault: true },
  { draw: drawMeta, weight: 7, kinds: ['crash', 'restart', 'pause'], fault: true },
  { draw: drawSlowStore, weight: 3, kinds: ['slowStore', 'pauseBulkLoad', 'cancelBulkLoad'], fault: true },
  { draw: drawMetaAmidWrites, weight: 6, kinds: ['slowStore', 'crash', 'pauseBulkLoad', 'cancelBulkLoad'], fault: true },
  { draw: drawAmidIngestion, weight: 4, kinds: ['pause', 'crash'], fault: true },
  { draw: drawRotten, weight: 2, kinds: ['bitRot'], fault: true },
  { draw: drawCut, weight: 3, kinds: ['cutLink', 'resetSession'], fault: true },
  { draw: drawDamaged, weight: 2, kinds: ['damageLoad'], fault: true },
  { draw: drawProvider, weight: 3, kinds: ['providerDown', 'slowProvider'], fault: true },
  { draw: drawSlowTransfers, weight: 4, kinds: ['slowProvider', 'pauseBulkLoad', 'restartBulkLoad', 'cancelBulkLoad'], fault: true },
];

/** Something, with writes before and after, mostly until the load is over. */
function drawBefalls(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const able = BEFALLS.filter(({ kinds, fault }) => (!fault || casting.faults) && kinds.every((kind) => casting.allows(kind)));
  const befall = draw.weighted(able, ({ weight }) => weight);
  const during = draw.chance(500) ? drawWrites(casting, load, draw.int(1, 5), draw.pick([0, 10, 100, 400])) : [];
  const rest = draw.chance(750) ? [hold(WHOLE_MS)] : [];
  const asked: readonly Step[] = draw.chance(250) ? [{ kind: 'queryBulkLoad', afterMs: 0, cluster: load.cluster, table: load.table }] : [];
  return [...befall.draw(casting, load), ...during, ...rest, ...asked];
}

/** Writes all the way through: those while a partition ingests are refused. */
function drawNothing(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  if (draw.chance(400)) return [hold(draw.pick(WHILE_INGESTING_MS))];
  return [hold(draw.pick(WHILE_DOWNLOADING_MS)), ...drawWrites(casting, load, draw.int(4, 12), draw.pick([100, 250, 400]))];
}

function named(load: LoadSymbol): { readonly cluster: string; readonly table: string } {
  return { cluster: load.cluster, table: load.table };
}

/** Paused while it downloads (later it cannot be, nor be cancelled but by force), and mostly begun again; something may strike in between. */
function drawPause(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const steps: Step[] = [hold(draw.pick(WHILE_PAUSABLE_MS)), { kind: 'pauseBulkLoad', afterMs: 0, ...named(load) }];
  if (casting.faults && casting.allows('crash') && draw.chance(300)) steps.push(hold(draw.pick([0, 300, 800])), crash(casting, drawServer(casting, load.cluster)));
  steps.push(hold(draw.pick([0, 100, 700, 1500, 3000])));
  if (draw.chance(850)) steps.push({ kind: 'restartBulkLoad', afterMs: 0, ...named(load) });
  return steps;
}

/** By force at any moment, else while it can be; now and then one that is paused, or about to be. */
function drawCancel(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const forced = draw.chance(600);
  const cancel: Step = { kind: 'cancelBulkLoad', afterMs: 0, ...named(load), forced };
  if (draw.chance(450)) return [hold(draw.pick(WHILE_PAUSABLE_MS)), { kind: 'pauseBulkLoad', afterMs: 0, ...named(load) }, hold(draw.pick([0, 1, 300, 600, 1500])), cancel];
  if (forced && draw.chance(500)) return [...drawAmid(casting, load), cancel];
  // Bad files are known as such after two polls.
  const late = [700, 900, 1100, 1300, ...WHILE_INGESTING_MS, ...WHILE_CLEANING_MS];
  return [hold(draw.pick(forced && draw.chance(700) ? late : WHILE_PAUSABLE_MS)), cancel];
}

/** Taken back by force at any moment, forgotten, and another load of the table from elsewhere. */
function drawAnother(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  const table = symbols.tables.find((t) => t.ref === load.table);
  const steps: Step[] = [...drawAmid(casting, load), { kind: 'cancelBulkLoad', afterMs: 0, ...named(load), forced: true }, hold(draw.pick([500, 2000, 2000, 3000]))];
  if (draw.chance(700)) steps.push({ kind: 'clearBulkLoad', afterMs: 0, ...named(load) });
  return table === undefined ? steps : [...steps, ...drawNext(casting, { ...named(load), partitionCount: table.partitionCount })];
}

/** Good files for that table, and the start of their load. */
function drawNext(casting: Casting, place: LoadPlace): readonly Step[] {
  const { draw, symbols } = casting;
  if (symbols.loads.length >= 6) return [];
  const { steps, load } = drawPrepare(casting, place, 'good');
  return [...steps, { kind: 'startBulkLoad', afterMs: draw.pick([0, 10]), ...drawStart(draw, symbols, load) }];
}

/** Another table begins to load beside it, or is refused. */
function drawSecond(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  const others = loadPlaces(symbols).filter(({ table }) => table !== load.table);
  return [hold(draw.pick([0, 20, 500, 1500])), ...(others.length === 0 ? [] : drawNext(casting, draw.pick(others)))];
}

/** Now and then a paused one. Mostly a table of that name is made again, or another one is there, and loads next. */
function drawDrop(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  const table = symbols.tables.find((t) => t.ref === load.table);
  const pause: readonly Step[] = draw.chance(300) ? [hold(draw.pick(WHILE_PAUSABLE_MS)), { kind: 'pauseBulkLoad', afterMs: 0, ...named(load) }] : [];
  const steps: Step[] = [...pause, ...drawAmid(casting, load), { kind: 'dropTable', afterMs: 0, ...named(load) }];
  if (table === undefined) return steps;
  const { ref, partitionCount, replicaCount } = table;
  const again = draw.chance(500);
  table.dropped = !again;
  if (again) steps.push({ kind: 'createTable', afterMs: draw.pick([50, 400, 1500]), cluster: load.cluster, as: ref, name: ref, partitionCount, replicaCount, envs: {}, successIfExist: false });
  const places = loadPlaces(symbols);
  if (places.length > 0 && draw.chance(800)) steps.push(hold(draw.pick([300, 1000, 2500])), ...drawNext(casting, draw.pick(places)));
  if (casting.faults && casting.allows('crash') && draw.chance(250)) steps.push(hold(draw.pick([10, 500, 1500])), crash(casting, `meta(${load.cluster},0)`));
  return steps;
}

/** Another member takes over, which must do with what it was told of the load. */
function drawMove(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  const count = symbols.tables.find((t) => t.ref === load.table)?.partitionCount ?? 1;
  const move = { kind: 'movePrimary', afterMs: 0, ...named(load), partitionIndex: draw.int(0, count - 1), to: drawServer(casting, load.cluster) };
  return [...drawAmid(casting, load), move];
}

function drawDown(casting: Casting, node: string): Step {
  const { draw } = casting;
  const kind = draw.weighted(['crash', 'restart', 'pause'], (word) => (word === 'crash' ? 3 : 1));
  if (kind === 'crash') return crash(casting, node);
  const forMs = draw.pick([50, 200, 600, 1500, 3000]);
  return kind === 'restart' ? { kind, afterMs: 0, node, downMs: forMs } : { kind, afterMs: 0, node, forMs };
}

/** One member is away, or two one after the other. */
function drawMember(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const steps = [...drawAmid(casting, load), drawDown(casting, drawServer(casting, load.cluster))];
  return draw.chance(250) ? [...steps, hold(draw.pick([20, 300, 900])), drawDown(casting, drawServer(casting, load.cluster))] : steps;
}

/**
 * The meta server is away, sometimes while its writes take long, or behind a change of what the table allows. Now and then
 * another load follows: it meets what the restart has made of the one before.
 */
function drawMeta(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw, symbols } = casting;
  const table = symbols.tables.find((t) => t.ref === load.table);
  const steps: Step[] = [];
  if (casting.allows('slowStore') && draw.chance(350)) steps.push(slowStore(casting, load, 6000));
  if (table?.allowsIngestBehind === true && casting.allows('setEnvs') && draw.chance(850)) {
    steps.push(hold(100), { kind: 'setEnvs', afterMs: 0, ...named(load), envs: { [ALLOW_INGEST_BEHIND]: 'false' } });
  }
  const over = draw.chance(200);
  steps.push(...(over ? [hold(WHOLE_MS)] : drawAmid(casting, load)), drawDown(casting, `meta(${load.cluster},0)`));
  const places = loadPlaces(symbols);
  if (places.length > 0 && draw.chance(over ? 800 : 150)) steps.push(hold(draw.pick([300, 800, 1500])), ...drawNext(casting, draw.pick(places)));
  return steps;
}

function slowStore({ draw }: Casting, { cluster }: LoadSymbol, forMs: number): Step {
  return { kind: 'slowStore', afterMs: 0, cluster, factor: draw.pick([20, 100, 400]), forMs };
}

/** Each write of the load's records takes long, and a control comes between two of them, or about one. */
function drawSlowStore(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const afterMs = draw.pick([...WHILE_PAUSABLE_MS, ...WHILE_DOWNLOADING_MS, ...WHILE_INGESTING_MS, ...WHILE_CLEANING_MS]);
  const steps: Step[] = [slowStore(casting, load, draw.pick([1500, 6000])), hold(afterMs)];
  if (draw.chance(400)) return [...steps, { kind: 'pauseBulkLoad', afterMs: 0, ...named(load) }, hold(draw.pick([0, 50, 1500])), { kind: 'restartBulkLoad', afterMs: 0, ...named(load) }];
  return [...steps, { kind: 'cancelBulkLoad', afterMs: 0, ...named(load), forced: draw.chance(600) }];
}

function drawCut(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const from = drawServer(casting, load.cluster);
  const others = [...serversOf(casting, load.cluster), `meta(${load.cluster},0)`].filter((node) => node !== from);
  const to = draw.pick(others);
  const strike: Step = draw.chance(700)
    ? { kind: 'cutLink', afterMs: 0, from, to, oneWay: draw.chance(500), forMs: draw.pick([200, 600, 1500, 4000]) }
    : { kind: 'resetSession', afterMs: 0, a: from, b: to };
  return [...drawAmid(casting, load), strike];
}

function drawDamaged(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  return [hold(draw.pick(WHILE_FETCHING_MS)), { kind: 'damageLoad', afterMs: 0, ...drawDamage(draw, load) }];
}

function drawProvider(casting: Casting): readonly Step[] {
  const { draw } = casting;
  const forMs = draw.pick([100, 500, 1500, 4000]);
  const trouble: Step = draw.chance(500)
    ? { kind: 'providerDown', afterMs: 0, provider: 'local', forMs }
    : { kind: 'slowProvider', afterMs: 0, provider: 'local', factor: draw.pick([20, 100, 400]), forMs };
  return [hold(draw.pick(WHILE_FETCHING_MS)), trouble];
}

/** Files take long to come, and the load is paused, cancelled or dropped, or a server goes, while one is on its way. */
function drawSlowTransfers(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const slow: Step = { kind: 'slowProvider', afterMs: draw.pick([6, 10, 20]), provider: 'local', factor: draw.pick([50, 100, 400]), forMs: draw.pick([3000, 8000]) };
  const steps: readonly Step[] = [slow, hold(draw.pick([50, 200, 400, 800, 1200, 1600, 2000]))];
  const how = draw.weighted(['pause', 'cancel', 'drop', 'server'], (word) => (word === 'pause' ? 3 : 1));
  if (how === 'drop' && casting.allows('dropTable')) return [...steps, ...drawDrop(casting, load)];
  if (how === 'server' && casting.allows('crash')) return [...steps, drawDown(casting, drawServer(casting, load.cluster))];
  if (how === 'cancel') return [...steps, { kind: 'cancelBulkLoad', afterMs: 0, ...named(load), forced: draw.chance(300) }];
  return [...steps, { kind: 'pauseBulkLoad', afterMs: 0, ...named(load) }, hold(draw.pick([700, 1200, 2500])), { kind: 'restartBulkLoad', afterMs: 0, ...named(load) }];
}

// ---------------------------------------------------------------- throttles

/** A throttle that is in force before the ingestion write comes, and writes enough to use its second up. */
function drawThrottled(casting: Casting, load: LoadSymbol, kind: 'delay' | 'reject'): readonly Step[] {
  const { draw, symbols } = casting;
  const set: Step = { kind: 'setEnvs', afterMs: 0, ...named(load), envs: drawWriteThrottle(draw, kind) };
  const start: Step = { kind: 'startBulkLoad', afterMs: 0, ...drawStart(draw, symbols, load) };
  const writes = drawWrites(casting, load, draw.int(8, 16), draw.pick([60, 100, 150]));
  const off: readonly Step[] = draw.chance(300) ? [{ kind: 'setEnvs', afterMs: 0, ...named(load), envs: { 'replica.write_throttling': '20K*delay*10' } }] : [];
  const at = draw.int(0, writes.length);
  // The write that waits finds its load gone.
  const taken: readonly Step[] = casting.allows('cancelBulkLoad') && draw.chance(250) ? [{ kind: 'cancelBulkLoad', afterMs: draw.pick([0, 20, 100]), ...named(load), forced: true }] : [];
  const during = [...writes.slice(0, at), ...taken, ...writes.slice(at)];
  return [set, hold(draw.pick([500, 1500, 2500])), start, hold(draw.pick([1800, 2200, 2500])), ...during, ...off, hold(draw.pick([1000, WHOLE_MS]))];
}
