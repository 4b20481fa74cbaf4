/**
 * A line of the shell, typed at one cluster (dup 3.4, bl 6.5): read as the shell reads it when the plan is read, so that a line that
 * the shell refuses is no plan. `dup#n` in the place of an id stands for the id of that duplication.
 */
import { bulkLoadLine, isBulkLoadLine, parseBulkLoadLine, type ParsedLoadLine } from '../../../impl/client/bulkLoadShell.ts';
import { duplicationLine, parseDuplicationLine, type ParsedLine } from '../../../impl/client/duplicationShell.ts';
import type { Command } from '../../../model/commands.ts';
import { tableNameOf } from '../../run/names.ts';
import type { Stage } from '../../run/stage.ts';
import type { Draw } from '../draw.ts';
import { str, text, type StepSpec } from '../spec.ts';
import type { LoadSymbol, Symbols } from '../symbols.ts';
import type { Step } from '../types.ts';
import { clusterField } from './common.ts';

const REFERENCE = /\bdup#\d{1,4}/g;

/** The line with each reference replaced; undefined when one of them has no id yet. */
function resolved(line: string, stage: Stage): string | undefined {
  const refs = line.match(REFERENCE) ?? [];
  if (refs.some((ref) => stage.dupId(ref) === undefined)) return undefined;
  return line.replace(REFERENCE, (ref) => String(stage.dupId(ref)));
}

function parse(line: string, cluster: string): ParsedLine | ParsedLoadLine {
  return isBulkLoadLine(line) ? parseBulkLoadLine(line) : parseDuplicationLine(line, cluster);
}

function commandOf(step: Step, stage: Stage): Command | undefined {
  const line = resolved(str(step, 'line'), stage);
  const parsed = line === undefined ? undefined : parse(line, str(step, 'cluster'));
  return parsed === undefined || 'error' in parsed ? undefined : parsed.command;
}

function drawLoadLine(draw: Draw, { table, folder, root }: LoadSymbol): string {
  const name = tableNameOf(table);
  return draw.pick([
    `query_bulk_load_status -a ${name}${draw.chance(500) ? ' -d' : ''}${draw.chance(300) ? ` -i ${String(draw.int(-1, 2))}` : ''}`,
    `start_bulk_load --app_name=${name} -c${folder} -p local -r ${root}${draw.chance(200) ? ' -i' : ''}`,
    bulkLoadLine({ kind: 'pauseBulkLoad', table: name }),
    `restart_bulk_load --app ${name}`,
    `cancel_bulk_load ${draw.chance(500) ? '-fa' : '-a'} ${name}`,
    `clear_bulk_load -a${name}`,
  ]);
}

function drawDuplicationLine(draw: Draw, symbols: Symbols): { readonly cluster: string; readonly line: string } {
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
}

export const shell: StepSpec = {
  kind: 'shell',
  family: 'admin',
  weight: 1,
  needsFollower: true,
  needsLoads: true,
  fields: { cluster: clusterField, line: text(/^[\x20-\x7e]{1,256}$/, 'a line of 1 to 256 printable ASCII characters') },
  check(step) {
    const parsed = parse(str(step, 'line').replace(REFERENCE, '1'), str(step, 'cluster'));
    if (!('error' in parsed)) return undefined;
    const also = parsed.error.endsWith(' no command of duplication') ? ' or of bulk load' : '';
    return { field: 'line', message: `the shell refuses it: ${parsed.error}${also}` };
  },
  draw(draw, symbols) {
    if (symbols.loads.length > 0 && (symbols.dups.length === 0 || draw.chance(500))) {
      const load = draw.pick(symbols.loads);
      return { cluster: load.cluster, line: drawLoadLine(draw, load) };
    }
    return symbols.dups.length === 0 ? undefined : drawDuplicationLine(draw, symbols);
  },
  guard: (step, stage) => stage.hasCluster(str(step, 'cluster')) && commandOf(step, stage) !== undefined,
  run(step, stage) {
    const command = commandOf(step, stage);
    if (command !== undefined) stage.invoke(str(step, 'cluster'), command);
  },
  text: (step) => str(step, 'line'),
};
