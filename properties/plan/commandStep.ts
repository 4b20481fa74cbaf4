/** Steps that issue a command: what the command is, is said once; running it and printing it as a shell line follow. */
import { shellLine } from '../../impl/client/shellLines.ts';
import type { Command } from '../../model/commands.ts';
import { tableNameOf } from '../run/names.ts';
import type { Stage } from '../run/stage.ts';
import { str, type StepSpec } from './spec.ts';
import type { Step } from './types.ts';

interface CommandSpec extends Omit<StepSpec, 'run' | 'text' | 'guard'> {
  readonly text?: StepSpec['text'];
  readonly guard?: StepSpec['guard'];
  /** What else the step does, before the command. */
  readonly before?: (step: Step, stage: Stage) => void;
  /** `stage`: undefined when the command is only to be printed. */
  readonly command: (step: Step, stage?: Stage) => Command;
  /** What else it does once the command is on its way. */
  readonly after?: (step: Step, stage: Stage, commandId: number) => void;
}

/** The cluster is one of the plan's, and the table's reference has been given a table. */
export function resolves(step: Step, stage: Stage): boolean {
  return stage.hasCluster(str(step, 'cluster')) && (step['table'] === undefined || stage.tableResolves(str(step, 'table')));
}

export function commandStep(spec: CommandSpec): StepSpec {
  const { before, command, after, guard, ...rest } = spec;
  return {
    ...rest,
    guard: guard ?? resolves,
    run(step, stage) {
      before?.(step, stage);
      const id = stage.invoke(str(step, 'cluster'), command(step, stage));
      after?.(step, stage, id);
    },
    text: spec.text ?? ((step) => shellLine(command(step))),
  };
}

/** The name of the table that a step's field refers to. */
export function table(step: Step, field = 'table'): string {
  return tableNameOf(str(step, field));
}
