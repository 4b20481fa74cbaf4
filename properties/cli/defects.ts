/** `pegasus-check defects`: the modules that can be put in. */
import { DEFECTS } from '../defects/index.ts';
import { EXIT, type Io } from './io.ts';

export function runDefects(options: { readonly json: boolean }, io: Io): number {
  const rows = DEFECTS.map((d) => ({ id: d.id, family: d.family, issue: d.issue, upstream: d.upstream, symptom: d.symptom, expected: d.expected, parts: d.changes.map((c) => c.part) }));
  if (options.json) io.out(JSON.stringify(rows));
  else for (const r of rows) io.out(`${r.id.padEnd(34)} ${r.family.padEnd(9)} ${r.symptom}`);
  return EXIT.nothingFound;
}
