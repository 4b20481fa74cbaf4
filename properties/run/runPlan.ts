/**
 * A run: a pure function of a plan (and of the part table). Assembles the world, lets the driver take it through its phases, and
 * turns what the judge saw into a verdict.
 */
import { owedMeanwhile } from '../../model/absence.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import { DEFAULT_PARTS, type Parts } from '../../impl/parts.ts';
import { DISPATCH_LIMIT, SETTLE_LIMIT_MS } from '../plan/limits.ts';
import type { Deviation, Plan } from '../plan/types.ts';
import { assemble, type Assembled } from './assemble.ts';
import { Atlas } from './atlas.ts';
import type { DrawRecord } from './chance.ts';
import { Patience, type Phase, type Ratio } from './patience.ts';
import type { Blame, Verdict } from './verdict.ts';
import { voidedBy } from './premises.ts';
import { cutOffReason, restlessReason } from './cutOff.ts';
import { limitText, waitingLines } from './waitingText.ts';
import type { Witness } from './witness.ts';

export interface RunOptions {
  readonly parts?: Parts;
  /** Keep every event. */
  readonly trace?: boolean;
  /** Keep every draw (exploring plans). */
  readonly draws?: boolean;
  /** Without model and audits only the implementation runs (for measuring). */
  readonly follow?: boolean;
  /** Deep-freeze messages and verify their bytes. */
  readonly strict?: boolean;
  /** Dispatches after which the run is given up as a runaway. */
  readonly dispatchLimit?: number;
  /** Only what breaks this property is a finding; undefined: everything. */
  readonly property?: string;
  /** Called for every event after the model took it in ("sometimes" obligations). */
  readonly watch?: readonly ((event: ModelEvent, state: ModelState) => void)[];
  /** Sees the world besides the events. */
  readonly witness?: Witness;
}

export interface RunResult {
  readonly verdict: Verdict;
  readonly digest: string;
  readonly dispatches: number;
  readonly virtualMs: number;
  /** What deviated, by cause: freezing the run means replacing its chance by these. */
  readonly deviations: readonly Deviation[];
  readonly skippedSteps: readonly number[];
  /** How often each fault took effect. */
  readonly effects: ReadonlyMap<string, number>;
  /** Observed over allowed time, the largest per obligation. */
  readonly ratios: ReadonlyMap<string, Ratio>;
  readonly trace: readonly ModelEvent[] | undefined;
  readonly draws: readonly DrawRecord[] | undefined;
  /** Who waited for what when the run ended (stuck and limit verdicts). */
  readonly waiting: readonly string[];
  readonly state: ModelState;
}

/** How often the run looks whether it has settled, virtual milliseconds. */
const LOOK_MS = 100;
/** Before heal. */
const AMID_FAULTS: Phase = { healedUs: undefined, lastCommandUs: 0 };

export function runPlan(plan: Plan, options: RunOptions = {}): RunResult {
  const atlas = new Atlas((cluster) => settingOf(plan, cluster, 'plogForceFlush') === 1);
  const assembled = assemble(plan, {
    parts: options.parts ?? DEFAULT_PARTS,
    trace: options.trace ?? false,
    draws: options.draws ?? false,
    follow: options.follow ?? true,
    strict: options.strict ?? false,
    dispatchLimit: options.dispatchLimit ?? DISPATCH_LIMIT,
    ...(options.property === undefined ? {} : { property: options.property }),
    ...(options.witness === undefined ? {} : { witness: options.witness }),
    watch: [(event, state): void => { atlas.event(event, state); }, ...(options.watch ?? [])],
  });
  const patience = new Patience(options.property);
  const verdict = conduct(plan, assembled, patience, atlas);
  const { world, judge, chance, driver } = assembled;
  return {
    verdict,
    digest: judge.digest.hex(),
    dispatches: world.dispatches(),
    virtualMs: world.nowUs() / 1000,
    deviations: chance.deviations,
    skippedSteps: driver.skipped,
    effects: world.faultEffects(),
    ratios: patience.ratios,
    trace: judge.trace,
    draws: 'draws' in chance ? chance.draws : undefined,
    waiting: verdict.kind === 'stuck' || verdict.kind === 'limit' ? waitingLines(world.waiting()) : [],
    state: judge.state,
  };
}

/** Steps, heal, settle; probe by writes where something is duplicated, settle; probe by reads, settle; the primaries' tour. */
function conduct(plan: Plan, run: Assembled, patience: Patience, atlas: Atlas): Verdict {
  run.driver.begin();
  const meanwhile = new Patience(patience.property, owedMeanwhile, patience.ratios);
  let wrote = false;
  let read = false;
  for (;;) {
    const ended = run.world.run({ untilUs: run.world.nowUs() + LOOK_MS * 1000, stop: () => run.judge.first !== undefined });
    if (run.judge.first !== undefined) return violated(plan, run, atlas);
    if (typeof ended === 'object') return limited(limitText(ended), cutOffReason(run.world.nowUs(), run.driver.healedUs, patience.stillOwed()), run);
    const healedUs = run.driver.healedUs;
    const nowUs = run.world.nowUs();
    const { events } = run.judge.digest;
    // Commands do not put off what is owed while faults last.
    const overdue = healedUs === undefined ? meanwhile.look(run.judge.state, AMID_FAULTS, nowUs, events) : patience.look(run.judge.state, run.driver, nowUs, events);
    if (overdue !== undefined) return { kind: 'stuck', ...overdue, atUs: nowUs, event: events, blame: blameOf(plan, atlas, overdue) };
    if (healedUs === undefined) continue;
    if (patience.outstanding > 0 || run.driver.open.size > 0) {
      if (run.world.nowUs() <= Math.max(healedUs + SETTLE_LIMIT_MS * 1000, patience.dueUs)) continue;
      return limited('settling time', restlessReason(run.world.nowUs(), healedUs, patience.stillOwed()), run);
    }
    if (read) {
      if (run.driver.tourPrimaries(run.judge.state)) continue;
      return { kind: 'pass' };
    }
    if (!wrote) {
      wrote = true;
      if (run.driver.probeWrites()) continue;
    }
    read = true;
    run.driver.probeReads();
  }
}

function limited(limit: string, reason: string, run: Assembled): Verdict {
  return { kind: 'limit', limit, atUs: run.world.nowUs(), blame: { kind: 'inconclusive', reason } };
}

/** A fault beyond the budget first; then what the plan's settings take away; what is left is a bug. */
function blameOf(plan: Plan, atlas: Atlas, { property, gpid, node, cluster }: About): Blame {
  const blame = atlas.blame(property, gpid, node, cluster);
  const reason = blame.kind === 'bug' ? voidedBy(plan, property) : undefined;
  return reason === undefined ? blame : { kind: 'inconclusive', reason };
}

interface About {
  readonly property: string;
  readonly cluster: string;
  readonly gpid: string;
  readonly node: string;
}

function violated(plan: Plan, run: Assembled, atlas: Atlas): Verdict {
  const first = run.judge.first;
  if (first === undefined) return { kind: 'pass' };
  const { violation, said } = first;
  const about = { property: violation.property, cluster: first.cluster, gpid: gpidIn(violation.message) || gpidIn(said), node: '' };
  return {
    kind: 'violation',
    ...about,
    rule: violation.rule,
    message: said,
    expected: violation.expected,
    actual: violation.actual,
    atUs: first.atUs,
    event: first.event,
    blame: blameOf(plan, atlas, about),
  };
}

/** The partition that a message is about; messages carry their ids. */
function gpidIn(message: string): string {
  return /\b\d+\.\d+\b/.exec(message)?.[0] ?? '';
}

/** What a cluster's servers were told; undefined: the calm value. */
function settingOf(plan: Plan, cluster: string, name: string): number | undefined {
  return plan.clusters.find((c) => c.id === cluster)?.settings?.[name] ?? plan.settings[name];
}

/** The plan with its chance replaced by what a run of it deviated in. */
export function freeze(plan: Plan, deviations: readonly Deviation[]): Plan {
  return { ...plan, chance: { kind: 'frozen', deviations } };
}
