/**
 * Throttling (thr 3 - 6, 8): which verdicts a table's envs allow, that nothing within a limit is held back, and that
 * nothing beyond it gets through. A node whose wall clock jumped is not counted for: its seconds are not the world's.
 */
import type { ThrottleAnswered, ThrottleArrived, ThrottleClaim, ThrottleTold } from '../loadEvents.ts';
import { settingsOfCluster } from '../config.ts';
import { noteVerdict } from '../metrics.ts';
import type { ModelState, TableState } from '../state.ts';
import { BUCKET_ENV, bucketRate, waitWithin, windowLimits, type WindowLimits } from '../throttle.ts';
import { newThrottle, type ThrottledRequest, type ThrottleState, type ToldEnvs } from '../throttleState.ts';
import {
  certainSince,
  chargeBucket,
  enterLife,
  excessOf,
  forgetOld,
  HANDLER_US,
  secondOf,
  toldAt,
  usedLeast,
  usedMost,
} from '../throttleWindow.ts';
import { guard, replicaScene, rule, type Refusal, type ReplicaScene } from './rule.ts';

interface ThrottleScene extends ReplicaScene {
  readonly throttle: ThrottleState;
  readonly table: TableState;
}

type AtReplica = Parameters<typeof replicaScene>[1] & { readonly atUs: number };

function throttleScene(state: ModelState, e: AtReplica): ThrottleScene | string {
  const scene = replicaScene(state, e);
  if (typeof scene === 'string') return scene;
  const { cluster, part, replica } = scene;
  const table = cluster.tables[part.appId];
  if (table === undefined) return `table ${part.appId}`;
  const throttle = (cluster.throttles[`${e.gpid} ${e.node}`] ??= newThrottle(replica.incarnation));
  enterLife(state, replica, throttle);
  return { ...scene, table, throttle };
}

const ENV_OF: { readonly [K in ThrottleClaim['of']]: { readonly [B in ThrottleClaim['by']]: string } } = {
  write: { units: 'replica.write_throttling', size: 'replica.write_throttling_by_size' },
  read: { units: 'replica.read_throttling', size: BUCKET_ENV },
};

// ---------------------------------------------------------------- throttle.told

function isSame(a: ToldEnvs['envs'], b: ToldEnvs['envs']): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

export const throttleTold = rule<ThrottleScene, ThrottleTold>(throttleScene, [], ({ state, replica, throttle }, e) => {
  const { envs, ballot, atUs } = e;
  const last = throttle.told[throttle.told.length - 1];
  if (last === undefined || !isSame(last.envs, envs)) {
    throttle.told = [...toldAt(state, replica, throttle, atUs), { envs: { ...envs }, lastUs: atUs, ballot, ballotUs: atUs }];
    return;
  }
  last.lastUs = atUs;
  if (ballot <= last.ballot) return;
  last.ballot = ballot;
  last.ballotUs = atUs;
});

// ---------------------------------------------------------------- throttle.arrived

export const throttleArrived = rule<ThrottleScene, ThrottleArrived>(throttleScene, [], (scene, e) => {
  const { state, replica, throttle, table } = scene;
  const { of, command, sizeBytes, timeoutMs, atUs } = e;
  forgetOld(throttle, atUs);
  const certain = certainSince(state, replica, throttle, secondOf(atUs) * 1e6);
  const limits = (key: string): WindowLimits | undefined => windowLimits(certain?.envs[key], table.partitionCount);
  throttle.requests.push({
    id: e.request,
    of,
    command,
    sizeBytes,
    timeoutMs,
    atUs,
    verdict: '',
    by: 'units',
    dueUs: -1,
    answer: '',
    units: limits(ENV_OF[of].units),
    size: of === 'write' ? limits(ENV_OF[of].size) : undefined,
    rate: of === 'read' ? bucketRate(certain?.envs[BUCKET_ENV], table.partitionCount) : undefined,
    emptyS: throttle.emptyLeastS,
  });
});

// ---------------------------------------------------------------- throttle.verdict

interface VerdictScene extends ThrottleScene {
  readonly request: ThrottledRequest | undefined;
  /** What the replica may go by. */
  readonly limits: readonly WindowLimits[];
  readonly rates: readonly number[];
}

/** The request that is being handled; or a delayed read that runs now, whose bucket is empty. */
function requestOf({ requests }: ThrottleState, { of, by, atUs, timeoutMs }: ThrottleClaim): ThrottledRequest | undefined {
  const now = requests.findLast((one) => one.of === of && one.answer === '' && one.atUs + HANDLER_US >= atUs);
  if (now?.verdict === '') return now;
  if (of !== 'read' || by !== 'size') return undefined;
  const due = requests.filter((one) => one.verdict === 'DELAY' && one.of === of && one.answer === '' && one.dueUs <= atUs);
  // Several may be due at once; which of them it is nobody says.
  return due.find((one) => one.timeoutMs === timeoutMs) ?? due[0];
}

function verdictScene(state: ModelState, e: ThrottleClaim): VerdictScene | string {
  const scene = throttleScene(state, e);
  if (typeof scene === 'string') return scene;
  const { replica, throttle, table } = scene;
  const told = toldAt(state, replica, throttle, e.atUs);
  const values = told.map(({ envs }) => envs[ENV_OF[e.of][e.by]]);
  const isBucket = e.of === 'read' && e.by === 'size';
  const limits = isBucket ? [] : values.map((value) => windowLimits(value, table.partitionCount));
  const rates = isBucket ? values.map((value) => bucketRate(value, table.partitionCount)) : [];
  return {
    ...scene,
    request: requestOf(throttle, e),
    limits: limits.filter((one) => one !== undefined),
    rates: rates.filter((one) => one !== undefined),
  };
}

const limitOf = (verdict: ThrottleClaim['verdict'], limits: WindowLimits): number =>
  verdict === 'DELAY' ? limits.delayLimit : limits.rejectLimit;
const waitOf = (verdict: ThrottleClaim['verdict'], limits: WindowLimits): number =>
  verdict === 'DELAY' ? limits.delayMs : limits.rejectMs;

const isCounted = ({ state, node }: ThrottleScene): boolean =>
  state.config.wallBaseSeconds !== undefined && Number.isInteger(state.config.wallBaseSeconds) && !node.wallFault;

function beyondTheLimit({ state, replica, throttle, limits }: VerdictScene, e: ThrottleClaim): Refusal | undefined {
  const second = secondOf(e.atUs);
  const most = usedMost(throttle, e.of, e.by, second);
  const allowed = limits.map((one) => limitOf(e.verdict, one)).filter((limit) => limit > 0);
  if (!allowed.some((limit) => most > limit))
    return [`more than ${Math.min(...allowed)} of ${e.by} in this second`, `${most} with this one`];
  // A limit that is new within the second begins to count anew.
  if (e.verdict === 'REJECT' || limits.length !== 1 || certainSince(state, replica, throttle, second * 1e6) === undefined) return undefined;
  const { rejectLimit = 0 } = limits[0] ?? {};
  const used = usedLeast(throttle, e.of, e.by, second) + e.cost;
  return rejectLimit > 0 && used > rejectLimit
    ? [`REJECT beyond ${rejectLimit} of ${e.by}`, `DELAY of number ${used}`]
    : undefined;
}

/** Reads that are under way may have been charged without our knowing how much. */
function withoutTokens({ node, throttle, request }: VerdictScene, e: ThrottleClaim): Refusal | undefined {
  const others = throttle.requests.some((one) => one !== request && one.of === 'read' && one.answer === '');
  if (node.paused || others || throttle.emptyMostS >= (e.atUs - HANDLER_US) / 1e6) return undefined;
  return ['an empty bucket', `empty at ${throttle.emptyMostS} s, filled since then`];
}

export const throttled = rule<VerdictScene, ThrottleClaim>(
  verdictScene,
  [
    guard('throttle/verdict-of-a-request', 'S8', ({ request }, e) => {
      if (request === undefined) return [`a ${e.of} that came just now`, 'none without a verdict'];
      const cost = e.of === 'write' && e.by === 'size' ? request.sizeBytes : 1;
      return request.timeoutMs === e.timeoutMs && cost === e.cost
        ? undefined
        : [`a cost of ${cost}, ${request.timeoutMs} ms`, `${e.cost}, ${e.timeoutMs} ms`];
    }),
    guard('throttle/verdict-by-env', 'thr.S1', ({ limits, rates }, e) => {
      const isLimited =
        e.of === 'read' && e.by === 'size'
          ? e.verdict === 'REJECT' && rates.length > 0
          : limits.some((one) => limitOf(e.verdict, one) > 0);
      return isLimited ? undefined : [`a limit in ${ENV_OF[e.of][e.by]} that this replica was told`, e.verdict];
    }),
    guard('throttle/wait-as-configured', 'thr.S3', ({ limits, rates }, e) => {
      const waits = limits
        .filter((one) => limitOf(e.verdict, one) > 0)
        .map((one) => waitWithin(e.timeoutMs, waitOf(e.verdict, one)));
      if (rates.length > 0) waits.push(0);
      return waits.includes(e.waitMs) ? undefined : [`a wait of ${waits.join(' or ')} ms`, `${e.waitMs} ms`];
    }),
    guard('throttle/only-beyond-the-limit', 'thr.S4', (scene, e) => {
      if (e.of === 'read' && e.by === 'size') return withoutTokens(scene, e);
      return isCounted(scene) ? beyondTheLimit(scene, e) : undefined;
    }),
  ],
  ({ state, cluster, request }, e) => {
    const { verdict, by, atUs, waitMs } = e;
    noteVerdict(state, cluster, e);
    // Of a delayed read that is refused at last its answer tells which it was.
    if (request?.verdict !== '') return;
    request.verdict = verdict;
    request.by = by;
    request.dueUs = atUs + waitMs * 1000;
  },
);

// ---------------------------------------------------------------- throttle.answered

interface AnsweredScene extends ThrottleScene {
  /** undefined: of an earlier life of the replica, or forgotten. */
  readonly request: ThrottledRequest | undefined;
}

function answeredScene(state: ModelState, e: ThrottleAnswered): AnsweredScene | string {
  const scene = throttleScene(state, e);
  if (typeof scene === 'string') return scene;
  return { ...scene, request: scene.throttle.requests.find(({ id }) => id === e.request) };
}

/** From the end of the wait to the answer of a refused request, on servers that nothing disturbs. */
const ANSWERED_WITHIN_US = 1_000_000;

/** What was delayed may have mutations before it, as any write. */
function answeredInTime({ state, cluster, request }: AnsweredScene, e: ThrottleAnswered): Refusal | undefined {
  // A fault of before, a pause of a member say, may last.
  if (request === undefined || request.verdict === '' || !state.calm) return undefined;
  const { prepareTimeoutMs } = settingsOfCluster(state.config, cluster.id);
  const workUs = ANSWERED_WITHIN_US + (request.verdict === 'DELAY' ? prepareTimeoutMs * 1000 : 0);
  return e.atUs <= request.dueUs + workUs
    ? undefined
    : [`an answer at most ${workUs} us after ${request.dueUs}`, `one at ${e.atUs}`];
}

export const throttleAnswered = rule<AnsweredScene, ThrottleAnswered>(
  answeredScene,
  [
    guard('throttle/limit-is-kept', 'thr.S2', (scene, e) => {
      const { throttle, request } = scene;
      if (request === undefined || request.verdict !== '' || e.error !== 'ERR_OK' || !isCounted(scene)) return undefined;
      const excess = excessOf(throttle, request, 'units') ?? excessOf(throttle, request, 'size');
      return excess === undefined
        ? undefined
        : [`${excess.verdict} beyond ${excess.limit} of ${excess.by} in a second`, `${excess.used} let in`];
    }),
    guard('throttle/no-read-without-tokens', 'thr.S2', ({ node, request }, e) => {
      if (request?.rate === undefined || request.verdict !== '' || e.error !== 'ERR_OK' || node.paused) return undefined;
      return request.emptyS < (request.atUs + 10 * HANDLER_US) / 1e6
        ? undefined
        : [`no read before ${request.emptyS} s`, `one at ${request.atUs / 1e6} s`];
    }),
    guard('throttle/answered-in-time', 'thr.S3', answeredInTime),
  ],
  ({ state, cluster, replica, throttle, table, request }, e) => {
    if (request === undefined) return;
    request.answer = e.error;
    const command = cluster.commands[request.command];
    if (e.error === 'ERR_BUSY' && command !== undefined) command.throttled = true;
    if (request.of !== 'read' || e.error !== 'ERR_OK') return;
    const told = toldAt(state, replica, throttle, request.atUs);
    const rates = told.map(({ envs }) => bucketRate(envs[BUCKET_ENV], table.partitionCount));
    chargeBucket(throttle, request, e.cost, rates, e.atUs);
  },
);
