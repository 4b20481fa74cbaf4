/** Writes the reports of a finding beside one another. */
import { writeNew } from '../cli/files.ts';
import type { FindingRecord } from './finding.ts';
import { baseNameOf } from './findingRecord.ts';
import { extensionOf, render, type Format } from './formats.ts';
import type { Tape } from './tape.ts';

export interface WriteOptions {
  /** The file of the plan, for SARIF; '' when there is none. */
  readonly planFile?: string;
  /** Only this property was looked at. */
  readonly property?: string;
}

/**
 * `<cause>-<digest>.<extension>` for each format; answers their paths. An existing file is never replaced. Throws BadInput, in one
 * line, when the folder cannot be written or the disk is full; what was written before stays.
 */
export async function writeReports(record: FindingRecord, tape: Tape | undefined, dir: string, formats: readonly Format[], options: WriteOptions = {}): Promise<readonly string[]> {
  const { planFile = '', property } = options;
  const paths: string[] = [];
  for (const format of formats) {
    const text = await render(format, { record, tape, planFile, ...(property === undefined ? {} : { property }) });
    paths.push(writeNew(dir, baseNameOf(record), text, extensionOf(format)));
  }
  return paths;
}
