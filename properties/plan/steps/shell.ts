/**
 * A line of the shell, typed at one cluster (dup 3.4): read as the shell reads it when the plan is read, so that a line that the shell
 * refuses is no plan. `dup#n` in the place of an id stands for the id of that duplication.
 */
import { duplicationLine, parseDuplicationLine, type DuplicationShellCommand } from '../../../impl/client/duplicationShell.ts';
import { tableNameOf } from '../../run/names.ts';
import type { Stage } from '../../run/stage.ts';
import { str, text, type StepSpec } from '../spec.ts';
import type { Step } from '../types.ts';
import { clusterField } from './common.ts';

const REFERENCE = /\bdup#\d{1,4}/g;

/** The line with each reference replaced; undefined when one of them has no id yet. */
function resolved(line: string, stage: Stage): string | undefined {
  const refs = line.match(REFERENCE) ?? [];
  if (refs.some((ref) => stage.dupId(ref) === undefined)) return undefined;
  return line.replace(REFERENCE, (ref) => String(stage.dupId(ref)));
}

function commandOf(step: Step, stage: Stage): DuplicationShellCommand | undefined {
  const line = resolved(str(step, 'line'), stage);
  const parsed = line === undefined ? undefined : parseDuplicationLine(line, str(step, 'cluster'));
  return parsed === undefined || 'error' in parsed ? undefined : parsed.command;
}

export const shell: StepSpec = {
  kind: 'shell',
  family: 'admin',
  weight: 1,
  needsFollower: true,
  fields: { cluster: clusterField, line: text(/^[\x20-\x7e]{1,256}$/, 'a line of 1 to 256 printable ASCII characters') },
  check(step) {
    const parsed = parseDuplicationLine(str(step, 'line').replace(REFERENCE, '1'), str(step, 'cluster'));
    return 'error' in parsed ? { field: 'line', message: `the shell refuses it: ${parsed.error}` } : undefined;
  },
  draw(draw, symbols) {
    if (symbols.dups.length === 0) return undefined;
    const { ref, cluster, table } = draw.pick(symbols.dups);
    const name = tableNameOf(table);
    const line = draw.pick([
      `query_dup ${name}${draw.chance(500) ? ' --detail' : ''}`,
      `dups -p -g ${String(draw.int(-1, 2))} -u -j`,
      duplicationLine({ kind: 'listDups', pattern: name, matchType: 'PREFIX' }),
      `start_dup ${name} ${ref}`,
      `use ${name} ; duplication pause -d ${ref}`,
      `set_dup_fail_mode ${name} ${ref} ${draw.pick(['slow', 'skip'])}`,
    ]);
    return { cluster, line };
  },
  guard: (step, stage) => stage.hasCluster(str(step, 'cluster')) && commandOf(step, stage) !== undefined,
  run(step, stage) {
    const command = commandOf(step, stage);
    if (command !== undefined) stage.invoke(str(step, 'cluster'), command);
  },
  text: (step) => str(step, 'line'),
};
