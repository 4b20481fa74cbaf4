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

/** The meta server stops about a control, or anywhere between two writes. */
export function drawMetaAmidWrites(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  if (draw.chance(400)) return [hold(draw.pick([100, 300, 500, 700])), ...drawAroundAWrite(casting, load.cluster, drawControl(casting, load))];
  const pause: readonly Step[] = draw.chance(350) ? [{ kind: 'pauseBulkLoad', afterMs: draw.pick([20, 300]), ...named(load) }] : [];
  const afterMs = draw.pick([0, 400, 1200, 1900, 2100]);
  const meta = { ...crash(casting, `meta(${load.cluster},0)`), insideCall: 0 };
  return [...pause, hold(pause.length > 0 ? 0 : afterMs), slowStore(load, draw.pick([200, 400]), 6000), hold(draw.int(1, 30) * 100), meta];
}

/** Mostly the ingestion write leaves four polls after the start. A member does not answer when it comes to it, and another stops before it is committed. */
export function drawAmidIngestion(casting: Casting, load: LoadSymbol): readonly Step[] {
  const { draw } = casting;
  const away = drawServer(casting, load.cluster);
  const others = serversOf(casting, load.cluster).filter((node) => node !== away);
  const stop = { ...crash(casting, draw.pick(others.length === 0 ? [away] : others)), insideCall: 0 };
  return [hold(draw.pick([1100, 1700, 1850, 1950, 3100])), { kind: 'pause', afterMs: 0, node: away, forMs: draw.pick([800, 1500]) }, hold(draw.pick([120, 250, 350, 500])), stop];
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
