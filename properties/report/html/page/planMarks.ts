/** What was tried of each line of a plan: its own mark, those of what is within it, and what they come to. */
import type { Mark, PlanPart } from '../../../explain/explanation.ts';
import type { PlanLine } from '../../finding.ts';

/** Marks of a line: its own, and those of fields within it. */
export interface Marked {
  readonly line: PlanLine;
  readonly own: Mark | undefined;
  readonly fields: readonly Mark[];
}

function samePart(a: PlanPart, b: PlanPart): boolean {
  return a.kind === b.kind && Object.entries(a).every(([name, value]) => Object.entries(b).some(([other, word]) => other === name && word === value));
}

function within(line: PlanPart, part: PlanPart): boolean {
  if (line.kind === 'step') return part.kind === 'field' && part.step === line.step;
  if (line.kind === 'deviation') return part.kind === 'amount' && part.deviation === line.deviation;
  return line.kind === 'cluster' && part.kind === 'servers' && part.cluster === line.cluster;
}

/** The line that tells how many servers a cluster has is the line of the cluster, which may be left out as a whole. */
function partOf({ part }: PlanLine): PlanPart {
  return part.kind === 'servers' ? { kind: 'cluster', cluster: part.cluster } : part;
}

export function markedLines(lines: readonly PlanLine[], marks: readonly Mark[]): readonly Marked[] {
  return lines.map((line) => {
    const part = partOf(line);
    return { line, own: marks.find((mark) => samePart(mark.part, part)), fields: marks.filter((mark) => within(part, mark.part)) };
  });
}

/**
 * A line that could not be left out by itself is necessary when something in it is; that all in it is free does not make it free,
 * but for a cluster, whose servers are all that its line tells.
 */
export function strength({ line, own, fields }: Marked): Mark['mark'] {
  if (own !== undefined && own.mark !== 'untried') return own.mark;
  if (fields.some((mark) => mark.mark === 'necessary')) return 'necessary';
  return own?.mark ?? (line.part.kind === 'servers' ? fields[0]?.mark : undefined) ?? 'untried';
}
