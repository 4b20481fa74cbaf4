/**
 * `throttle.verdict` (thr 5): it is about the request that came in the same task, or about a delayed read that is carried
 * out; what was refused is answered ERR_BUSY and nothing else is, and nobody is answered before the wait is over.
 */
import type { AuditPair, ClaimOf, Desk } from '../audit.ts';
import type { ThrottledRequest } from '../throttleView.ts';
import type { ReplicaView } from '../view.ts';

type Verdict = ClaimOf<'throttle.verdict'>;

const KIND = 'throttle.verdict';

/** Is there a delayed read whose wait is over? */
function isDelayedReadDue(desk: Desk, { throttle }: ReplicaView): boolean {
  for (const { of, verdict, dueUs } of throttle.requests.values()) {
    if (of === 'read' && verdict === 'DELAY' && dueUs <= desk.nowUs()) return true;
  }
  return false;
}

function claimed(desk: Desk, view: ReplicaView, claim: Verdict): void {
  const { throttle } = view;
  const { current } = throttle;
  const text = `${view.toString()} says ${claim.verdict} of a ${claim.of} by ${claim.by}`;
  if (current === undefined && claim.of === 'read' && claim.by === 'size' && isDelayedReadDue(desk, view)) {
    throttle.lateRefusals++;
  } else if (current?.of !== claim.of || current.verdict !== undefined) {
    const actual = current === undefined ? 'none' : `a ${current.of}, ${current.verdict ?? 'no verdict'}`;
    desk.lie(KIND, 'claimed-implies-real', view, text, `a ${claim.of} that came just now`, actual);
  } else {
    current.verdict = claim.verdict;
    current.dueUs = desk.nowUs() + claim.waitMs * 1000;
  }
}

function kept(desk: Desk, view: ReplicaView, request: ThrottledRequest | undefined, error: string): void {
  if (request?.verdict === undefined) return;
  const text = `${view.toString()} answers a ${request.of} of which it said ${request.verdict}`;
  if (request.verdict === 'REJECT' && error !== 'ERR_BUSY') {
    desk.lie(KIND, 'claimed-implies-real', view, text, 'ERR_BUSY', error);
  } else if (desk.nowUs() < request.dueUs) {
    const early = `${error} at ${String(desk.nowUs())}`;
    desk.lie(KIND, 'claimed-implies-real', view, text, `no answer before ${String(request.dueUs)}`, early);
  }
}

function explained(desk: Desk, view: ReplicaView, request: ThrottledRequest | undefined, error: string): void {
  if (error !== 'ERR_BUSY' || request?.verdict === 'REJECT') return;
  if (request?.verdict === 'DELAY' && request.of === 'read' && view.throttle.lateRefusals > 0) {
    view.throttle.lateRefusals--;
    return;
  }
  const said = request?.verdict ?? 'nothing';
  desk.lie(KIND, 'real-implies-claimed', view, `${view.toString()} answers ERR_BUSY`, 'REJECT said before', said);
}

export const throttleAudits: AuditPair<'throttle.verdict'> = {
  claimedImpliesReal: {
    holds: 'a verdict is about a request that came; a refused one is told ERR_BUSY, and no other than at its time',
    claim: claimed,
    requestAnswered: kept,
  },
  realImpliesClaimed: {
    holds: 'each ERR_BUSY of the data path was claimed a refusal of that request',
    requestAnswered: explained,
  },
};
