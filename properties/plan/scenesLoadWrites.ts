/**
 * Scenes about the writes that a load consists of: records of the meta server that take so long that a control or a stop falls
 * between two of them, and ingestion writes that are on their way while members are away. A write of a record takes effect after
 * half a millisecond times the factor of a slow store and is known after another half; a load takes about a dozen.
 */
import { crash, drawAroundAWrite, drawServer, hold, serversOf, type Casting } from './sceneSteps.ts';
import type { LoadSymbol } from './symbols.ts';
import type { Step } from './types.ts';

function named(load: LoadSymbol): { readonly cluster: string; readonly table: string } {
  return { cluster: load.cluster, table: load.table };
}

function slowStore({ cluster }: LoadSymbol, factor: number, forMs: number): Step {
  return { kind: 'slowStore', afterMs: 0, cluster, factor, forMs };
}

function drawControl({ draw }: Casting, load: LoadSymbol): Step {
  const kind = draw.pick(['pauseBulkLoad', 'cancelBulkLoad']);
  return kind === 'cancelBulkLoad' ? { kind, afterMs: 0, ...named(load), forced: draw.chance(600) } : { kind, afterMs: 0, ...named(load) };
}

/** The table is stored as loading, and a control comes before its load is. */
export function drawHasty(casting: Casting, load: LoadSymbol, start: Step): readonly Step[] {
  const { draw } = casting;
  const factor = draw.pick([50, 100]);
  const then: readonly Step[] = draw.chance(500) ? [hold(draw.pick([1000, 3000])), { kind: 'restartBulkLoad', afterMs: 0, ...named(load) }] : [];
  return [slowStore(load, factor, 1000), start, hold(factor * draw.pick([1, 2, 3]) + factor / 2), drawControl(casting, load), ...then, hold(5000)];
}

/** When the ingestion write leaves after the start, mostly: with four polls, by how often there is one. */
const INGESTION_MS: readonly number[] = [1200, 2000, 2000, 3200];

/** The meta server stops about a control, between the two writes of a step, or anywhere. */
export function drawMetaAmidWrites(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  if (draw.chance(300)) return [hold(draw.pick([100, 300, 500, 700])), ...drawAroundAWrite(casting, load.cluster, drawControl(casting, load))];
  const meta = { ...crash(casting, `meta(${load.cluster},0)`), insideCall: 0 };
  if (draw.chance(600)) return [...drawStepToBeTaken(casting, load), meta];
  return [hold(draw.pick([0, 400, 1200, 1900])), slowStore(load, draw.pick([200, 400]), 6000), hold(draw.int(1, 30) * 100), meta];
}

/** Until partitions are stored in a status and their table is not, or the other way round: that lasts four tenths of a second here. */
function drawStepToBeTaken({ draw }: Casting, load: LoadSymbol): readonly Step[] {
  const slow = slowStore(load, 400, 6000);
  switch (draw.pick(['paused', 'ingested', 'failed'])) {
    case 'paused':
      return [{ kind: 'pauseBulkLoad', afterMs: 20, ...named(load) }, slow, hold(draw.pick([1600, 1900, 1900, 2800]))];
    case 'ingested':
      return [hold(draw.pick(INGESTION_MS) + 20), slow, hold(draw.pick([450, 550]))];
    default:
      // Bad files are known as such at the first or second poll.
      return [hold(draw.pick([250, 400])), slow, hold(draw.pick([450, 600, 950]))];
  }
}

/**
 * A member stops before the ingestion write is committed, as another one does not answer meanwhile; or behind that, before its
 * files are in.
 */
export function drawAmidIngestion(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const sentMs = draw.pick(INGESTION_MS);
  const away = drawServer(casting, load.cluster);
  const others = serversOf(casting, load.cluster).filter((node) => node !== away);
  const stop = { ...crash(casting, draw.pick(others.length === 0 ? [away] : others)), insideCall: 0 };
  if (draw.chance(500)) return [hold(sentMs + draw.pick([12, 20, 40, 55])), stop];
  const beforeMs = draw.pick([60, 150, 300]);
  const pause: Step = { kind: 'pause', afterMs: 0, node: away, forMs: draw.pick([800, 1500]) };
  return [hold(sentMs - beforeMs), pause, hold(beforeMs + draw.pick([30, 100, 250])), stop];
}

/** A file goes bad between its download and its ingestion. */
export function drawRotten(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const rot: Step = {
    kind: 'bitRot',
    afterMs: 0,
    node: drawServer(casting, load.cluster),
    file: 'load',
    nth: draw.int(0, 3),
    atPermille: draw.int(0, 999),
    bit: draw.int(0, 7),
  };
  return [hold(draw.pick([20, 300, 1000, 1700, 2300])), rot];
}
