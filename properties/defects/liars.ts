/**
 * Liars: for each claimed kind one that omits the claim and one that falsifies it. The code does the right thing and says
 * something else; the audits must speak.
 */
import { CLAIMED_KINDS, type Claim, type ClaimedEvent } from '../../model/events.ts';
import type { Env } from '../../impl/env/contract.ts';
import type { Defect } from './types.ts';

type Lie = (claim: Claim) => Claim | undefined;

/** The same env, but for what it is told. */
function lying(env: Env, lie: Lie): Env {
  return {
    self: env.self,
    clock: env.clock,
    tasks: env.tasks,
    rpc: env.rpc,
    disk: env.disk,
    store: env.store,
    provider: env.provider,
    random: () => env.random(),
    check: (condition, name, detail): void => {
      env.check(condition, name, detail);
    },
    emit: (claim): void => {
      const said = lie(claim);
      if (said !== undefined) env.emit(said);
    },
  };
}

function liar(id: string, symptom: string, expected: readonly string[], lie: Lie): Defect {
  return {
    id,
    issue: '',
    symptom,
    expected,
    family: 'liar',
    upstream: 'never had it',
    changes: [
      {
        part: 'ReplicaServer',
        mend: (Base) =>
          class extends Base {
            constructor(...[ctx, options]: ConstructorParameters<typeof Base>) {
              super({ ...ctx, env: lying(ctx.env, lie) }, options);
            }
          },
      },
    ],
  };
}

/** What each kind's falsifier says instead. */
const FALSE: { readonly [K in ClaimedEvent['kind']]: (claim: Extract<Claim, { readonly kind: K }>) => Claim } = {
  'replica.status': (c) => ({ ...c, ballot: c.ballot + 1 }),
  'replica.prepared': (c) => ({ ...c, mutation: { ...c.mutation, timestampUs: c.mutation.timestampUs + 1 } }),
  'replica.committed': (c) => ({ ...c, decree: c.decree + 1 }),
  'replica.applied': (c) => ({ ...c, decree: c.decree + 1 }),
  'replica.opened': (c) => ({ ...c, maxPrepared: c.maxPrepared + 1 }),
  'replica.load-failed': (c) => ({ kind: 'replica.closed', gpid: c.gpid }),
  'replica.closed': (c) => ({ kind: 'replica.load-failed', gpid: c.gpid, error: 'ERR_CORRUPTION' }),
  'checkpoint.ended': (c) => ({ ...c, durable: c.durable + 1 }),
  'replica.list-cut': (c) => ({ ...c, committed: c.committed + 1 }),
  'checkpoint.manual-flag': (c) => ({ ...c, serverCount: c.serverCount + 1 }),
  'dup.started': (c) => ({ ...c, start: c.start + 1 }),
  'dup.stopped': (c) => ({ ...c, dupId: c.dupId + 1 }),
  'dup.shipped': (c) => ({ ...c, last: c.last + 1 }),
  'dup.skipped': (c) => ({ ...c, to: c.to + 1 }),
  'load.slot': (c) => ({ ...c, serverCount: c.serverCount + 1 }),
  'throttle.verdict': (c) => ({ ...c, verdict: c.verdict === 'DELAY' ? 'REJECT' : 'DELAY' }),
};

function falsify(claim: Claim, kind: ClaimedEvent['kind']): Claim {
  if (claim.kind !== kind) return claim;
  const told: (claim: never) => Claim = FALSE[kind];
  return told(claim as never);
}

/** The audits' properties, and those of the rules that may notice first what no longer fits. */
const CAUGHT_BY: { readonly [K in ClaimedEvent['kind']]: readonly string[] } = {
  'replica.status': ['S8', 'repl.S1', 'repl.S2'],
  'replica.prepared': ['S8', 'repl.S22'],
  'replica.committed': ['S8', 'repl.S5', 'repl.S7'],
  'replica.applied': ['S8', 'repl.S7'],
  'replica.opened': ['S8', 'S1'],
  'replica.load-failed': ['S8'],
  'replica.closed': ['S8', 'L4'],
  'checkpoint.ended': ['S6'],
  'replica.list-cut': ['S8', 'repl.S5', 'repl.S7'],
  'checkpoint.manual-flag': ['S8', 'S9'],
  'dup.started': ['S8'],
  'dup.stopped': ['S8'],
  'dup.shipped': ['S8', 'S3'],
  'dup.skipped': ['S8', 'S3'],
  'load.slot': ['S8', 'S9'],
  'throttle.verdict': ['S8', 'thr.S1', 'thr.S2', 'thr.S3'],
};

export const LIARS: readonly Defect[] = CLAIMED_KINDS.flatMap((kind) => [
  liar(`liar-omits-${kind}`, `${kind} is never said`, CAUGHT_BY[kind], (claim) =>
    claim.kind === kind ? undefined : claim,
  ),
  liar(`liar-falsifies-${kind}`, `${kind} is said with a false value`, CAUGHT_BY[kind], (claim) =>
    falsify(claim, kind),
  ),
]);
