/** The lanes of the status timeline: how long each table, duplication, load, replica, process and fault was in which status. */
import type { ModelEvent } from '../../model/events.ts';
import { stepText } from '../plan/text.ts';
import { specOf } from '../plan/steps/index.ts';
import type { Plan, Step } from '../plan/types.ts';
import type { EventFacts } from './eventFacts.ts';
import type { TapeLane, TapeSpan } from './tape.ts';

type Span = { -readonly [K in keyof TapeSpan]: TapeSpan[K] };

interface Lane extends Omit<TapeLane, 'spans'> {
  readonly spans: Span[];
}

/** These go on when the others are undone. */
const OUTLASTS_HEAL: ReadonlySet<string> = new Set(['pause', 'poolLoad']);

/** Of a span that has not ended. */
const OPEN = -1;

export class Lanes {
  private readonly lanes = new Map<string, Lane>();

  event(event: ModelEvent, { cluster, gpid, table }: EventFacts): void {
    const { atUs } = event;
    switch (event.kind) {
      case 'table.stored':
        this.enter({ name: `table ${event.name}`, kind: 'table', cluster, gpid: '' }, atUs, event.status);
        break;
      case 'dup.stored':
        this.enter({ name: `duplication ${String(event.dupId)}`, kind: 'duplication', cluster, gpid: '' }, atUs, `${event.record.status} ${event.record.failMode}`);
        break;
      case 'dup.erased':
        this.leave(`duplication ${String(event.dupId)}`, cluster, atUs);
        break;
      case 'load.stored':
        this.enter({ name: `load ${String(event.record.loadId)} of ${table}`, kind: 'load', cluster, gpid: '' }, atUs, event.record.status);
        break;
      case 'load.erased':
        for (const lane of this.lanes.values()) if (lane.kind === 'load' && lane.cluster === cluster && lane.name.endsWith(` of ${table}`)) end(lane, atUs);
        break;
      case 'replica.status':
        this.enter(replicaLane(event.node, cluster, gpid), atUs, event.to);
        break;
      case 'replica.opened':
        this.enter(replicaLane(event.node, cluster, gpid), atUs, 'PS_INACTIVE');
        break;
      case 'replica.closed':
      case 'replica.load-failed':
        this.leave(`${event.node} ${gpid}`, cluster, atUs);
        break;
      case 'process.started':
        this.enter(processLane(event.node, cluster), atUs, 'up');
        break;
      case 'process.stopped':
        this.stopped(event.node, cluster, event.cause, atUs);
        break;
      case 'fault.struck':
        this.struck(event.fault, cluster, gpid, [event.node, event.detail].filter((text) => text !== '').join(' '), atUs);
        break;
      default:
        break;
    }
  }

  /** Nothing of the process runs until then. */
  paused(node: string, cluster: string, fromUs: number, lateUs: number): void {
    const lane = processLane(node, cluster);
    this.enter(lane, fromUs, 'paused');
    this.enter(lane, fromUs + lateUs, 'up');
  }

  /** Faults that were put in force for a while: from the moment at which their step began, until their time or heal; not those of steps that did nothing. */
  windows(plan: Plan, begunUs: readonly number[], skipped: readonly number[], healedUs: number | undefined): void {
    plan.steps.forEach((step, i) => {
      const fromUs = begunUs[i];
      const forMs = step['forMs'];
      if (fromUs === undefined || skipped.includes(i) || typeof forMs !== 'number' || specOf(step.kind)?.family !== 'fault') return;
      const endUs = OUTLASTS_HEAL.has(step.kind) ? Infinity : (healedUs ?? Infinity);
      this.laneOf(windowLane(step)).spans.push({ fromUs, toUs: Math.min(fromUs + forMs * 1000, endUs), word: stepText(step) });
    });
  }

  /** What is still going on ends with the run. */
  finish(endUs: number): readonly TapeLane[] {
    for (const lane of this.lanes.values()) {
      end(lane, endUs);
      for (const span of lane.spans) span.toUs = Math.min(span.toUs, endUs);
    }
    return [...this.lanes.values()];
  }

  private stopped(node: string, cluster: string, cause: string, atUs: number): void {
    this.enter(processLane(node, cluster), atUs, `down (${cause})`);
    for (const lane of this.lanes.values()) if (lane.kind === 'replica' && lane.name.startsWith(`${node} `)) end(lane, atUs);
  }

  private struck(fault: string, cluster: string, gpid: string, word: string, atUs: number): void {
    this.laneOf({ name: `fault ${fault}`, kind: 'fault', cluster, gpid }).spans.push({ fromUs: atUs, toUs: atUs, word });
  }

  private enter(id: Omit<TapeLane, 'spans'>, atUs: number, word: string): void {
    const lane = this.laneOf(id);
    const last = lane.spans.at(-1);
    if (last?.toUs === OPEN && last.word === word) return;
    end(lane, atUs);
    // A worker that is blocked by its disk is ahead of the others of its process, which see what it did already.
    lane.spans.push({ fromUs: Math.max(atUs, last?.toUs ?? atUs), toUs: OPEN, word });
  }

  private leave(name: string, cluster: string, atUs: number): void {
    const lane = this.lanes.get(`${cluster}\n${name}`);
    if (lane !== undefined) end(lane, atUs);
  }

  private laneOf(id: Omit<TapeLane, 'spans'>): Lane {
    const key = `${id.cluster}\n${id.name}`;
    let lane = this.lanes.get(key);
    if (lane === undefined) this.lanes.set(key, (lane = { ...id, spans: [] }));
    return lane;
  }
}

/** One lane for each thing that is struck, so that what goes on at once does not lie over one another. */
function windowLane(step: Step): Omit<TapeLane, 'spans'> {
  const struck = ['node', 'from', 'to', 'cluster', 'provider'].flatMap((field) => (typeof step[field] === 'string' ? [step[field]] : []));
  return { name: ['fault', step.kind, ...struck].join(' '), kind: 'fault', cluster: /\(([a-z]+),/.exec(struck.join(' '))?.[1] ?? '', gpid: '' };
}

function end(lane: Lane, atUs: number): void {
  const last = lane.spans.at(-1);
  if (last?.toUs === OPEN) last.toUs = Math.max(last.fromUs, atUs);
}

function replicaLane(node: string, cluster: string, gpid: string): Omit<TapeLane, 'spans'> {
  return { name: `${node} ${gpid}`, kind: 'replica', cluster, gpid };
}

function processLane(node: string, cluster: string): Omit<TapeLane, 'spans'> {
  return { name: node, kind: 'process', cluster, gpid: '' };
}
