/** The audits' hooks, gathered once by name, so that an effect visits only those that care. */
import type { Audit, AuditPair, ClaimedKind, ClaimOf, Desk, Hooks } from './audit.ts';
import { AUDITS } from './claims/index.ts';
import type { ReplicaView } from './view.ts';

type HookName = keyof Hooks;
type HookTable = { readonly [N in HookName]: readonly NonNullable<Hooks[N]>[] };

interface OtherClaimHook {
  readonly kind: ClaimedKind;
  readonly hook: NonNullable<Hooks['otherClaim']>;
}

/**
 * All audits with the kind they belong to, in the order of the table: first claimed implies real, then real implies
 * claimed.
 */
const ALL: readonly { readonly kind: ClaimedKind; readonly hooks: Hooks }[] = Object.entries(AUDITS).flatMap(([kind, pair]) => [
  { kind: kindOf(kind), hooks: pair.claimedImpliesReal },
  { kind: kindOf(kind), hooks: pair.realImpliesClaimed },
]);

function kindOf(name: string): ClaimedKind {
  if (!(name in AUDITS)) throw new Error(`no audit ${name}`);
  return name as ClaimedKind;
}

function gather<N extends HookName>(name: N): readonly NonNullable<Hooks[N]>[] {
  const found: NonNullable<Hooks[N]>[] = [];
  for (const { hooks } of ALL) {
    const hook = hooks[name];
    if (hook !== undefined && hook !== null) found.push(hook);
  }
  return found;
}

export const HOOKS: HookTable = {
  otherClaim: gather('otherClaim'),
  prepareSent: gather('prepareSent'),
  prepareReceived: gather('prepareReceived'),
  prepareAnswered: gather('prepareAnswered'),
  groupCheckSent: gather('groupCheckSent'),
  groupCheckAnswered: gather('groupCheckAnswered'),
  writeAnswered: gather('writeAnswered'),
  requestAnswered: gather('requestAnswered'),
  replicaReported: gather('replicaReported'),
  duplicateSent: gather('duplicateSent'),
  progressReported: gather('progressReported'),
  downloaded: gather('downloaded'),
  memberReported: gather('memberReported'),
  logged: gather('logged'),
  flushed: gather('flushed'),
  checkpointListed: gather('checkpointListed'),
  initInfoReplaced: gather('initInfoReplaced'),
  directoryGone: gather('directoryGone'),
  cliAnswered: gather('cliAnswered'),
  settle: gather('settle'),
};

const OTHER_CLAIMS: readonly OtherClaimHook[] = ALL.flatMap(({ kind, hooks }) =>
  hooks.otherClaim === undefined ? [] : [{ kind, hook: hooks.otherClaim }],
);

/** A claim before the view takes it over: its own audits, then those of other kinds that look at it. */
export function runClaim<K extends ClaimedKind>(desk: Desk, view: ReplicaView, kind: K, claim: ClaimOf<K>): void {
  const pair: AuditPair<K> = AUDITS[kind];
  const first: Audit<K> = pair.claimedImpliesReal;
  const second: Audit<K> = pair.realImpliesClaimed;
  first.claim?.(desk, view, claim);
  second.claim?.(desk, view, claim);
}

/** The `otherClaim` hooks of every other kind. */
export function runOtherClaims(desk: Desk, view: ReplicaView, claim: ClaimOf<ClaimedKind>): void {
  for (const { kind, hook } of OTHER_CLAIMS) if (kind !== claim.kind) hook(desk, view, claim);
}
