/**
 * Records a run for people's eyes: runs the plan once more with a witness that listens to every event and message, and looks at the
 * states of model and implementation after each event. It only listens, so that what is recorded is the very run that failed.
 */
import { MetaServer } from '../../impl/meta/metaServer.ts';
import type { Parts } from '../../impl/parts.ts';
import { ReplicaServer } from '../../impl/replica/replicaStub.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import type { Plan } from '../plan/types.ts';
import type { Assembled } from '../run/assemble.ts';
import { eventText } from '../run/eventText.ts';
import { clientNode, metaServer, replicaServers, tableNameOf } from '../run/names.ts';
import { runPlan, type RunResult } from '../run/runPlan.ts';
import type { Witness } from '../run/witness.ts';
import { FactReader, type EventFacts } from './eventFacts.ts';
import { FlatState } from './flatState.ts';
import { Lanes } from './lanes.ts';
import { MessageLog } from './messageLog.ts';
import { metaServerWords } from './metaWords.ts';
import { ModelWords } from './modelWords.ts';
import { clusterOfNode } from '../run/eventPlace.ts';
import { replicaServerWords } from './serverWords.ts';
import { TapeOnlookers } from './tapeOnlookers.ts';
import type { Tape, TapeEvent, TapeNode } from './tape.ts';

export interface RecordOptions {
  readonly parts?: Parts;
  /** Only what breaks this property is a finding. */
  readonly property?: string;
  /** Of a longer run, states and messages of this many of the newest events are recorded. */
  readonly window?: number;
}

/** A run that goes beyond it has run away, or says as much by its end. */
const WINDOW = 10_000;

const FULL_LOOK_EVERY = 64;

/** Kinds that may change more than the partition that they name. */
const WIDE: ReadonlySet<ModelEvent['kind']> = new Set<ModelEvent['kind']>(['process.started', 'process.stopped', 'table.stored', 'fault.struck', 'world.healed']);

export interface Recorded {
  /** With its trace. */
  readonly result: RunResult;
  readonly tape: Tape;
}

/** Runs the plan and records it. The digest is that of any other run of it. */
export function recordRun(plan: Plan, options: RecordOptions = {}): Recorded {
  const { window = WINDOW } = options;
  const first = recordFrom(0, plan, options);
  const length = first.result.trace?.length ?? 0;
  return length <= window ? first : recordFrom(length - window, plan, options);
}

function recordFrom(from: number, plan: Plan, { parts, property, window = WINDOW }: RecordOptions): Recorded {
  const recorder = new Recorder(plan, from, from + window);
  const result = runPlan(plan, {
    trace: true,
    ...(parts === undefined ? {} : { parts }),
    ...(property === undefined ? {} : { property }),
    watch: [recorder.event],
    witness: recorder,
  });
  return { result, tape: recorder.tape(result) };
}

class Recorder implements Witness {
  readonly onlookers: TapeOnlookers;
  private readonly plan: Plan;
  private run: Assembled | undefined;
  private readonly messages = new MessageLog();
  private readonly lanes = new Lanes();
  private readonly facts = new FactReader();
  private readonly events: TapeEvent[] = [];
  private readonly model = new FlatState();
  private readonly modelWords = new ModelWords(this.model);
  private readonly implementation = new FlatState();
  /** Nodes that may have done something since they were looked at. */
  private readonly active = new Set<string>();
  /** No handler has begun since the last event: the one that told it may be going on. */
  private speaking = false;
  private lastStep = -1;
  /** States and messages are recorded from this event on, and up to that one. */
  private readonly from: number;
  private readonly to: number;

  constructor(plan: Plan, from: number, to: number) {
    this.plan = plan;
    this.from = from;
    this.to = to;
    const { preload } = plan;
    if (preload !== undefined) this.facts.addTable(preload.cluster, Number(preload.gpid.split('.')[0]), tableNameOf(preload.table));
    this.onlookers = new TapeOnlookers(this.messages, {
      isRecording: () => this.isOpen(this.events.length),
      nowUs: () => this.run?.world.momentUs() ?? 0,
      begins: (node) => {
        this.begins(node);
      },
      paused: (node, lateUs) => {
        this.lanes.paused(node, clusterOfNode(node), this.run?.world.momentUs() ?? 0, lateUs);
      },
    });
  }

  ready(run: Assembled): void {
    this.run = run;
  }

  readonly event = (event: ModelEvent, state: ModelState): void => {
    // Too long: it is recorded once more, from a later event on.
    if (this.events.length >= this.to) return;
    const facts = this.facts.read(event);
    const step = this.stepBegun();
    const { atUs, kind } = event;
    const { node, cluster, gpid, table } = facts;
    this.events.push({ atUs, kind, node, cluster, gpid, table, text: eventText(event), ...(step === undefined ? {} : { step }) });
    this.lanes.event(event, facts);
    if (!this.isOpen(this.events.length - 1)) return;
    this.lookAtModel(event, facts, state);
    this.lookAtActive();
    this.speaking = true;
  };

  tape(result: RunResult): Tape {
    const last = this.events.length - 1;
    if (this.isOpen(last)) this.lookAtActive();
    if (this.isOpen(last)) this.modelWords.look(result.state, last, 'all');
    const { driver } = this.run ?? {};
    const endUs = Math.round(result.virtualMs * 1000);
    if (driver !== undefined) this.lanes.windows(this.plan, driver.begunUs, driver.skipped, driver.healedUs);
    return {
      endUs,
      nodes: nodesOf(this.plan),
      events: this.events,
      messages: this.messages.messages,
      model: this.model.tape(),
      implementation: this.implementation.tape(),
      lanes: this.lanes.finish(endUs),
    };
  }

  /** All partitions are looked at where an event may change any, and now and then, so that nothing is overlooked for long. */
  private lookAtModel({ kind }: ModelEvent, { cluster, gpid }: EventFacts, state: ModelState): void {
    const event = this.events.length - 1;
    const any = event === this.from || event % FULL_LOOK_EVERY === 0 || WIDE.has(kind);
    this.modelWords.look(state, event, any ? 'all' : { cluster, gpid });
  }

  private isOpen(event: number): boolean {
    return event >= this.from && event < this.to;
  }

  /** The first event that a step causes at once; of a step that says nothing itself there is none. */
  private stepBegun(): number | undefined {
    const driver = this.run?.driver;
    if (driver === undefined || !driver.isPerforming) return undefined;
    const step = driver.begunUs.length - 1;
    if (step === this.lastStep) return undefined;
    this.lastStep = step;
    return step;
  }

  /** A handler, a boot or an end: what the one before it left behind belongs to the last event. */
  private begins(node: string): void {
    if (this.speaking) {
      this.lookAtActive();
      this.active.clear();
    }
    this.speaking = false;
    this.active.add(node);
  }

  private lookAtActive(): void {
    const world = this.run?.world;
    if (world === undefined || this.events.length === 0) return;
    for (const node of this.active) {
      this.implementation.begin(node, this.events.length - 1);
      const root = world.rootOf(node);
      if (root instanceof ReplicaServer) replicaServerWords(this.implementation, node, root);
      else if (root instanceof MetaServer) metaServerWords(this.implementation, node, root);
      this.implementation.end();
    }
  }
}

function nodesOf(plan: Plan): readonly TapeNode[] {
  return plan.clusters.flatMap((cluster): readonly TapeNode[] => [
    { id: clientNode(cluster.id), cluster: cluster.id, role: 'client' },
    { id: metaServer(cluster.id), cluster: cluster.id, role: 'meta' },
    ...replicaServers(cluster).map((id): TapeNode => ({ id, cluster: cluster.id, role: 'replica' })),
  ]);
}
