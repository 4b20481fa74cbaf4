/**
 * Steps said by a simpler kind of step: a line for the shell by the command that it stands for, a write of several rows by one of a
 * single row, a power loss by a crash, a crash by a graceful restart.
 */
import { isBulkLoadLine, parseBulkLoadLine, type BulkLoadShellCommand } from '../../impl/client/bulkLoadShell.ts';
import { parseDuplicationLine, type DuplicationShellCommand } from '../../impl/client/duplicationShell.ts';
import { num, str, strings } from '../plan/spec.ts';
import { specOf } from '../plan/steps/index.ts';
import type { Plan, Step, StepValue } from '../plan/types.ts';
import { withStep } from './fields.ts';
import type { Pass, Tries } from './minimize.ts';

/** Kinds that something simpler may stand for; the larger number goes down to the smaller. */
const RANKS: Readonly<Record<string, number>> = { shell: 2, multiPut: 1, powerLoss: 2, crash: 1 };

export function kindRank(kind: string): number {
  return RANKS[kind] ?? 0;
}

type Fields = Readonly<Record<string, StepValue>>;

/** A table's name as a plan's reference. */
function refOf(table: string): string {
  return table.replace(/^t(\d{1,4})$/, 'table#$1');
}

const FAIL_MODES = { FAIL_SLOW: 'slow', FAIL_SKIP: 'skip', FAIL_FAST: 'fast' } as const;

/** The fields of the step that gives a command; `dup`: the line's own word for its duplication. Of an addition nobody could name the duplication. */
function fieldsOf(command: DuplicationShellCommand | BulkLoadShellCommand, dup: string): Fields | undefined {
  switch (command.kind) {
    case 'addDup':
      return undefined;
    case 'removeDup':
    case 'startDup':
    case 'pauseDup':
      return { table: refOf(command.table), dup };
    case 'setDupFailMode':
      return { table: refOf(command.table), dup, failMode: FAIL_MODES[command.failMode] };
    case 'listDups':
      return { pattern: command.pattern, match: command.matchType.toLowerCase() };
    case 'startBulkLoad': {
      const { table, clusterName, provider, root, ingestBehind } = command;
      return { table: refOf(table), folder: clusterName, provider, root, ingestBehind };
    }
    case 'cancelBulkLoad':
      return { table: refOf(command.table), forced: command.forced };
    case 'queryDup':
    case 'pauseBulkLoad':
    case 'restartBulkLoad':
    case 'clearBulkLoad':
    case 'queryBulkLoad':
      return { table: refOf(command.table) };
  }
}

function* commandsOf(step: Step): Generator<Step> {
  const cluster = str(step, 'cluster');
  const line = str(step, 'line');
  const plain = line.replace(/\bdup#(\d{1,4})/g, '$1');
  const parsed = isBulkLoadLine(plain) ? parseBulkLoadLine(plain) : parseDuplicationLine(plain, cluster);
  if ('error' in parsed) return;
  const { command } = parsed;
  const id = 'dupId' in command ? String(command.dupId) : '';
  const fields = fieldsOf(command, /\bdup#\d{1,4}/.exec(line)?.[0] ?? id);
  if (fields !== undefined) yield* checked(command.kind, step.afterMs, { cluster, ...fields });
}

/** Only what a file may hold: the kind's own fields, each with a value that it takes. */
function checked(kind: string, afterMs: number, given: Fields): readonly Step[] {
  const spec = specOf(kind);
  const names = Object.keys(spec?.fields ?? {});
  if (spec === undefined || names.some((name) => spec.fields[name]?.check(given[name]) !== undefined)) return [];
  const fields = Object.fromEntries(names.map((name) => [name, given[name] ?? '']));
  return [{ kind, afterMs, ...fields }];
}

function* rowsOf(step: Step): Generator<Step> {
  const sortKeys = strings(step, 'sortKeys');
  const values = strings(step, 'values');
  for (let i = sortKeys.length - 1; i >= 0; i -= 1) {
    yield* checked('put', step.afterMs, { ...step, sortKey: sortKeys[i] ?? '', value: values[i] ?? '' });
  }
  if (sortKeys.length < 2) return;
  for (let i = sortKeys.length - 1; i >= 0; i -= 1) {
    yield { ...step, sortKeys: sortKeys.filter((_, j) => j !== i), values: values.filter((_, j) => j !== i) };
  }
}

/** The same said by simpler steps, the simplest first. */
export function* simplerKindsOf(step: Step): Generator<Step> {
  if (step.kind === 'shell') yield* commandsOf(step);
  if (step.kind === 'multiPut') yield* rowsOf(step);
  const { node = '', downMs = 0 } = step;
  if (step.kind === 'powerLoss' || (step.kind === 'crash' && num(step, 'insideCall') === 0)) yield* checked('restart', step.afterMs, { node, downMs });
  if (step.kind === 'powerLoss') yield* checked('crash', step.afterMs, { node, downMs, insideCall: 0 });
}

export const simplerKinds: Pass<Plan> = {
  name: 'kinds of steps',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (let at = 0; at < start.steps.length; at += 1) {
      for (let again = true; again; ) {
        again = false;
        const step = plan.steps[at];
        if (step === undefined) return;
        for (const simpler of simplerKindsOf(step)) {
          const taken = yield withStep(plan, at, simpler);
          if (taken === undefined) continue;
          plan = taken;
          again = true;
          break;
        }
      }
    }
  },
};
