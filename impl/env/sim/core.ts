/**
 * What all mechanisms of one world share: kernel, chance, observer, the handler that runs now and the virtual time it
 * has spent, and the count of fault effects (a campaign in which a fault never took effect has not tested it).
 */
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { Chance, ChancePoint } from './chance.ts';
import { LimitReached } from './ended.ts';
import { Kernel } from './kernel.ts';
import type { Limits } from './limits.ts';
import type { WorldObserver } from './observer.ts';
import type { SimTask } from './pools.ts';
import type { SimProcess } from './process.ts';

export class Core {
  readonly kernel: Kernel;
  readonly chance: Chance;
  readonly observer: WorldObserver;
  readonly limits: Limits;
  readonly startWallUs: number;
  /** Freeze bodies and verify that handed-over bytes stay as they were. */
  readonly strict: boolean;
  /** The process whose handler runs now; undefined for the driver and for the world's own events. */
  running: SimProcess | undefined = undefined;
  runningTask: SimTask | undefined = undefined;
  /** Virtual time the running handler has spent so far, beyond its base cost; 0 outside handlers. */
  chargedUs = 0;
  /** Env calls of the running handler. */
  handlerCalls = 0;
  /** How often each fault took effect, by name. */
  readonly effects = new Map<string, number>();

  constructor(chance: Chance, observer: WorldObserver, limits: Limits, startWallUs: number, strict: boolean) {
    this.kernel = new Kernel(limits);
    this.chance = chance;
    this.observer = observer;
    this.limits = limits;
    this.startWallUs = startWallUs;
    this.strict = strict;
  }

  /** The present moment as the running handler sees it: its start plus what it has charged. */
  momentUs(): number {
    return this.kernel.nowUs + this.chargedUs;
  }

  /** Can a point deviate now? If not, its cause need not even be named: nearly all disk calls and messages are calm. */
  mayDeviate(point: ChancePoint): boolean {
    return this.chance.isCalm?.(point) !== true;
  }

  /** A lasting fault took effect once more; the observer was told when it first did. */
  count(fault: string): void {
    this.effects.set(fault, (this.effects.get(fault) ?? 0) + 1);
  }

  /** A fault took effect: count it and tell the observer what it hit. */
  strike(fault: string, node: NodeId | '', gpid: Gpid | '', detail: string): void {
    this.count(fault);
    this.observer.faultStruck(fault, node, gpid, detail);
  }

  /** Ends the run with a typed outcome; inside a handler it also cuts the handler off. */
  hitLimit(limit: keyof Limits, where: string): void {
    this.kernel.limitHit ??= { limit, where };
    if (this.running !== undefined) throw new LimitReached(limit);
  }
}
