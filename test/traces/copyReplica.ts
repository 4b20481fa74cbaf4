/** Refusing traces of another server in the place of a member (bl 17.2): answers, one member too many, who leaves for whom. */
import type { Refused } from './refused.ts';
import type { Answer, Command } from '../../model/commands.ts';
import type { ErrorCode, NodeId } from '../../model/vocabulary.ts';
import { A, answers, asks, B, config, done, P, SERVING, started, status } from './story.ts';

/** A fourth server, with nothing of the partition. */
const D = 'c/replica-3';
type Place = 'primary' | 'secondary';
const copy = (place: Place, from: NodeId | '', to: NodeId): Command => ({ kind: 'copyReplica', table: 't', partitionIndex: 0, place, from, to });
const says = (error: ErrorCode, hint = ''): Answer => ({ kind: 'admin', error, hint });

/** While the meta server is asked nothing is committed. */
const LEFT_ROLE = status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1);
const wishes = (place: Place, from: NodeId | ''): Refused['before'] => [started(D), ...SERVING, asks(2, copy(place, from, D), 10), answers(2, done(), 20), LEFT_ROLE];
/** Both have D as a member; P steps down in the second, and D takes over. */
const SECONDARY = [...wishes('secondary', A), config(2, P, [A, B, D])];
const PRIMARY = [...wishes('primary', ''), config(2, P, [A, B, D])];
const LEFT = [...PRIMARY, config(3, '', [A, B, D, P])];
const TAKEN = [...LEFT, config(4, D, [A, B, P])];

export const COPY_REPLICA: readonly Refused[] = [
  {
    rule: 'tables/members-are-distinct-nodes',
    why: 'nobody wished one too many',
    before: [started(D), ...SERVING],
    event: config(2, P, [A, B, D]),
    permitted: config(2),
  },
  {
    rule: 'tables/members-stay-in-calm',
    why: 'A has its place until D has learned',
    before: wishes('secondary', A),
    event: config(2, P, [B]),
    permitted: config(2, P, [A, B, D]),
  },
  {
    rule: 'tables/members-stay-in-calm',
    why: 'nobody leaves for nothing',
    before: SERVING,
    event: config(2, P, [B]),
    permitted: config(2),
  },
  {
    rule: 'tables/members-stay-in-calm',
    why: 'it is A that makes room',
    before: SECONDARY,
    event: config(3, P, [A, D]),
    permitted: config(3, P, [B, D]),
  },
  {
    rule: 'tables/members-stay-in-calm',
    why: 'it is the former primary that makes room',
    before: TAKEN,
    event: config(5, D, [B, P]),
    permitted: config(5, D, [A, B]),
  },
  {
    rule: 'tables/primary-leaves-as-asked',
    why: 'a secondary was to be copied',
    before: SECONDARY,
    event: config(3, '', [A, B, D, P]),
    permitted: config(3, P, [B, D]),
  },
  {
    rule: 'tables/primary-leaves-as-asked',
    why: 'a wish moves it once',
    before: TAKEN,
    event: config(5, '', [A, B, D, P]),
    permitted: config(5, D, [A, B]),
  },
  ...([
    ['secondary', P, D, `${P} is no secondary of 1.0`],
    ['secondary', A, B, `${B} is a member of 1.0`],
    ['primary', A, D, `${A} is not the primary of 1.0`],
    ['primary', '', A, `${A} is a member of 1.0`],
    ['secondary', A, 'd/replica-0', 'd/replica-0 is no server of this cluster'],
  ] as const).map(
    ([place, from, to, hint]): Refused => ({
      rule: 'answers/move-primary',
      why: `taken, where it does not fit: ${hint}`,
      before: [started(D), ...SERVING, asks(2, copy(place, from, to), 10)],
      event: answers(2, done(), 20),
      permitted: answers(2, says('ERR_INVALID_PARAMETERS', hint), 20),
    }),
  ),
  ...[
    says('ERR_INVALID_PARAMETERS', `${A} is no secondary of 1.0`),
    says('ERR_INVALID_PARAMETERS', `${D} is a member of 1.0`),
    says('ERR_INVALID_PARAMETERS', `${D} is not alive`),
    says('ERR_BUSY', '1.0 is changing'),
  ].map(
    (answer): Refused => ({
      rule: 'answers/move-primary',
      why: `refused, where it fits: ${answer.kind === 'admin' ? answer.hint : ''}`,
      before: [started(D), ...SERVING, asks(2, copy('secondary', A, D), 10)],
      event: answers(2, answer, 20),
      permitted: answers(2, done(), 20),
    }),
  ),
];
