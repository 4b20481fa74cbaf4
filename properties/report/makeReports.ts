/** From a plan that was run to its reports: explained, recorded where a format needs it, written. Loaded only when somebody asks for reports. */
import { partsWith, type Defect } from '../defects/types.ts';
import type { ExplainOptions } from '../explain/explain.ts';
import type { Plan } from '../plan/types.ts';
import { runPlan } from '../run/runPlan.ts';
import type { FindingRecord } from './finding.ts';
import { findingRecord } from './findingRecord.ts';
import { needsTape, type Format } from './formats.ts';
import type { Tape } from './tape.ts';

export interface MakeOptions {
  readonly defects: readonly Defect[];
  /** Only this property is looked at. */
  readonly property?: string;
  readonly formats: readonly Format[];
  /** Undefined: not explained. */
  readonly explain: Pick<ExplainOptions, 'maxRuns' | 'maxMs' | 'stopped'> | undefined;
  readonly search?: FindingRecord['search'];
  readonly repeat: string;
}

/** Runs the plan, and says all there is to say of it; the tape is made when one of the formats shows it. */
export async function makeReport(plan: Plan, options: MakeOptions): Promise<{ readonly record: FindingRecord; readonly tape: Tape | undefined }> {
  const { defects, property, formats, search, repeat } = options;
  const parts = partsWith(defects);
  const limits = property === undefined ? {} : { property };
  const { result, tape } = needsTape(formats)
    ? (await import('./record.ts')).recordRun(plan, { parts, ...limits })
    : { result: runPlan(plan, { parts, trace: true, ...limits }), tape: undefined };
  const explained = options.explain === undefined ? {} : { explanation: (await import('../explain/explain.ts')).explain(plan, result, { ...options.explain, parts, ...limits }) };
  const record = findingRecord({ plan, result, ...explained, defects: defects.map(({ id }) => id), ...(search === undefined ? {} : { search }), repeat });
  return { record, tape };
}
