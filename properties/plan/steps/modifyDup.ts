/**
 * `remove_dup`, `start_dup`, `pause_dup`, `set_dup_fail_mode` (dup 3.3): of a duplication that some step added, in whatever state it
 * is by then; now and then under the name of another table, or with an id that nobody has.
 */
import type { DuplicationFailMode } from '../../../model/vocabulary.ts';
import { duplicationLine } from '../../../impl/client/duplicationShell.ts';
import { commandStep, resolves, table } from '../commandStep.ts';
import type { Draw } from '../draw.ts';
import { dupIdRef, oneOf, str, tableRef, type StepSpec } from '../spec.ts';
import type { Symbols } from '../symbols.ts';
import type { Step } from '../types.ts';
import type { Stage } from '../../run/stage.ts';
import { clusterField, drawTable } from './common.ts';

type StatusKind = 'removeDup' | 'startDup' | 'pauseDup';

const UNKNOWN_ID = '7';

function drawDup(draw: Draw, symbols: Symbols): { readonly cluster: string; readonly table: string; readonly dup: string } | undefined {
  if (symbols.dups.length === 0) return undefined;
  const one = draw.pick(symbols.dups);
  const dup = draw.chance(60) ? UNKNOWN_ID : one.ref;
  return { cluster: one.cluster, table: draw.chance(60) ? drawTable(draw, symbols) : one.table, dup };
}

function dupResolves(step: Step, stage: Stage): boolean {
  return resolves(step, stage) && stage.dupId(str(step, 'dup')) !== undefined;
}

/** Stands for the id in a line until the reference is put there: the id is known only when the step runs. */
const PLACEHOLDER = -999_999_999;

function withReference(line: string, step: Step): string {
  return line.replace(` ${String(PLACEHOLDER)}`, ` ${str(step, 'dup')}`);
}

function statusStep(kind: StatusKind, weight: number): StepSpec {
  const command = (step: Step, stage?: Stage): { readonly kind: StatusKind; readonly table: string; readonly dupId: number } => {
    return { kind, table: table(step), dupId: stage?.dupId(str(step, 'dup')) ?? PLACEHOLDER };
  };
  return commandStep({
    kind,
    family: 'admin',
    weight,
    needsFollower: true,
    fields: { cluster: clusterField, table: tableRef, dup: dupIdRef },
    draw(draw, symbols) {
      const drawn = drawDup(draw, symbols);
      const dup = kind === 'removeDup' ? symbols.dups.find((d) => d.ref === drawn?.dup) : undefined;
      if (dup !== undefined) dup.removed = true;
      return drawn;
    },
    guard: dupResolves,
    command,
    text: (step) => withReference(duplicationLine(command(step)), step),
  });
}

export const removeDup: StepSpec = statusStep('removeDup', 2);
export const startDup: StepSpec = statusStep('startDup', 4);
export const pauseDup: StepSpec = statusStep('pauseDup', 4);

function failModeOf(word: string): DuplicationFailMode {
  return word === 'skip' ? 'FAIL_SKIP' : word === 'fast' ? 'FAIL_FAST' : 'FAIL_SLOW';
}

/** No shell knows `fast`; an RPC client may ask for it. */
export const setDupFailMode: StepSpec = commandStep({
  kind: 'setDupFailMode',
  family: 'admin',
  weight: 2,
  needsFollower: true,
  fields: { cluster: clusterField, table: tableRef, dup: dupIdRef, failMode: oneOf('slow', 'skip', 'fast') },
  draw(draw, symbols) {
    const dup = drawDup(draw, symbols);
    return dup === undefined ? undefined : { ...dup, failMode: draw.pick(['slow', 'skip', 'skip', 'fast']) };
  },
  guard: dupResolves,
  command: (step, stage) => failModeCommand(step, stage?.dupId(str(step, 'dup')) ?? PLACEHOLDER),
  text: (step) => withReference(duplicationLine(failModeCommand(step, PLACEHOLDER)), step),
});

function failModeCommand(step: Step, dupId: number): { readonly kind: 'setDupFailMode'; readonly table: string; readonly dupId: number; readonly failMode: DuplicationFailMode } {
  return { kind: 'setDupFailMode', table: table(step), dupId, failMode: failModeOf(str(step, 'failMode')) };
}
