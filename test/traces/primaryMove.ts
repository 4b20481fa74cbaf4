/** Refusing traces of a primary that is moved (bl 17.2; docs/departures FM12): configurations, answers, roles, what is proposed again. */
import type { Refused } from './refused.ts';
import type { Answer, Command } from '../../model/commands.ts';
import type { ModelEvent, MutationFact } from '../../model/events.ts';
import type { ErrorCode, NodeId } from '../../model/vocabulary.ts';
import {
  A,
  acked,
  answers,
  asks,
  B,
  committed,
  config,
  done,
  EMPTY,
  everywhere,
  G,
  logged,
  mutation,
  P,
  prepared,
  READY,
  status,
} from './story.ts';

const move = (to: NodeId, partitionIndex = 0): Command => ({ kind: 'movePrimary', table: 't', partitionIndex, to });
const says = (error: ErrorCode, hint = ''): Answer => ({ kind: 'admin', error, hint });

const WISHED = [...READY, asks(2, move(A), 10)];
const LEFT = [
  ...WISHED,
  answers(2, done(), 20),
  status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1),
  config(2, '', [A, B, P], 1),
];
const TAKES_OVER: readonly ModelEvent[] = [
  status(P, 'PS_INACTIVE', 'PS_SECONDARY', 2),
  status(A, 'PS_SECONDARY', 'PS_SECONDARY', 2),
  status(A, 'PS_SECONDARY', 'PS_INACTIVE', 2),
  config(3, A, [B, P]),
];
const MOVED = [...LEFT, ...TAKES_OVER, status(A, 'PS_INACTIVE', 'PS_PRIMARY', 3)];

const m2 = mutation(1, 2, [EMPTY], 1);
/** Decree 1 is committed at P only, and decree 2 is prepared everywhere, when the primary leaves. */
const SUFFIX = [
  ...READY,
  ...everywhere(m2),
  ...LEFT.slice(READY.length),
  ...TAKES_OVER,
  status(A, 'PS_INACTIVE', 'PS_PRIMARY', 3),
];
const proposes = (m: MutationFact, reproposal = false): ModelEvent => ({
  kind: 'replica.prepared',
  as: 'primary',
  reproposal,
  mutation: m,
  node: A,
  gpid: G,
  atUs: 0,
});
const again = (decree: number): MutationFact => mutation(3, decree, [EMPTY], 0);

export const PRIMARY_MOVE: readonly Refused[] = [
  {
    rule: 'tables/one-step-at-a-time',
    why: 'another primary at once',
    before: WISHED,
    event: config(2, A, [P, B]),
    permitted: config(2, '', [P, A, B], 1),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'nobody can leave any more',
    before: LEFT,
    event: config(3, '', [A, B, P]),
    permitted: config(3, B, [A, P]),
  },
  {
    rule: 'tables/primary-leaves-as-asked',
    why: 'nobody wished it',
    before: READY,
    event: config(2, '', [P, A, B]),
    permitted: config(2),
  },
  {
    rule: 'tables/primary-leaves-as-asked',
    why: 'a wish moves it once',
    before: MOVED,
    event: config(4, '', [A, B, P]),
    permitted: config(4, A, [B, P]),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'who steps down takes nobody with it',
    before: WISHED,
    event: config(2, '', [A, P]),
    permitted: config(2, '', [A, B, P]),
  },

  {
    rule: 'answers/move-primary',
    why: 'it is the primary already',
    before: [...READY, asks(2, move(P), 10)],
    event: answers(2, done(), 20),
    permitted: answers(2, says('ERR_INVALID_PARAMETERS', `${P} is no secondary of 1.0`), 20),
  },
  {
    rule: 'answers/move-primary',
    why: 'the table is there',
    before: WISHED,
    event: answers(2, says('ERR_APP_NOT_EXIST'), 20),
    permitted: answers(2, done(), 20),
  },
  {
    rule: 'answers/move-primary',
    why: 'nothing changes the partition',
    before: WISHED,
    event: answers(2, says('ERR_BUSY', '1.0 is changing'), 20),
  },
  {
    rule: 'answers/move-primary',
    why: 'A is a secondary',
    before: WISHED,
    event: answers(2, says('ERR_INVALID_PARAMETERS', `${A} is no secondary of 1.0`), 20),
  },
  {
    rule: 'answers/move-primary',
    why: 'another word for a partition that is not there',
    before: [...READY, asks(2, move(A, 7), 10)],
    event: answers(2, says('ERR_INVALID_PARAMETERS', `${A} is no secondary of 1.7`), 20),
    permitted: answers(2, says('ERR_INVALID_PARAMETERS', 'table t has no such partition'), 20),
  },

  {
    rule: 'replication/role-by-configuration',
    why: 'nobody is the primary of ballot 2',
    before: LEFT,
    event: status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
    permitted: status(P, 'PS_INACTIVE', 'PS_SECONDARY', 2),
  },
  {
    rule: 'replication/ballot-is-stored',
    why: 'the next primary is not stored yet',
    before: [...LEFT, ...TAKES_OVER.slice(0, 3)],
    event: status(A, 'PS_INACTIVE', 'PS_PRIMARY', 3),
    permitted: status(A, 'PS_INACTIVE', 'PS_SECONDARY', 2),
  },
  {
    rule: 'replication/reproposals-first',
    why: 'what P had committed is not committed at A',
    before: SUFFIX,
    event: proposes(again(3)),
    permitted: proposes(again(1), true),
  },
  {
    rule: 'replication/commit-needs-all-acks',
    why: 'the former primary has not acknowledged',
    before: [
      ...SUFFIX,
      proposes(again(1), true),
      logged(A, again(1), 1, 300),
      status(B, 'PS_SECONDARY', 'PS_SECONDARY', 3),
      prepared(B, again(1)),
      logged(B, again(1), 1, 300),
      acked(B, 3, 1),
    ],
    event: committed(A, 1, 3),
  },
];
