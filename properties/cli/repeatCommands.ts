/** The commands that show something again, as they are printed and written: a shell reads each back as it is. */
import { BadInput } from '../plan/parse.ts';
import { propertyIds } from '../registry/index.ts';

/** What makes two searches the same. */
export interface Repeatable {
  readonly seconds?: number;
  readonly property?: string;
  readonly subsystem?: string;
  readonly defect: readonly string[];
  readonly plog?: string;
  /** As `1/4`. */
  readonly shard?: string;
  readonly keepGoing?: boolean;
  readonly stopAtFirst?: boolean;
  /** Replayed first. */
  readonly corpus?: string;
}

/** A word that a shell reads back as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function replayCommand(file: string, defects: readonly string[]): string {
  return ['npx pegasus-check replay', shellWord(file), ...defects.map((d) => `--defect ${shellWord(d)}`)].join(' ');
}

export function huntCommand(seed: number, runs: number | undefined, options: Repeatable): string {
  const words = ['npx pegasus-check hunt', `--seed ${String(seed)}`];
  if (runs !== undefined) words.push(`--runs ${String(runs)}`);
  else if (options.seconds !== undefined) words.push(`--seconds ${String(options.seconds)}`);
  if (options.shard !== undefined) words.push(`--shard ${options.shard}`);
  if (options.keepGoing === true) words.push('--keep-going');
  if (options.stopAtFirst === true) words.push('--stop-at-first');
  if (options.property !== undefined) words.push(`--property ${shellWord(options.property)}`);
  if (options.subsystem !== undefined) words.push(`--subsystem ${shellWord(options.subsystem)}`);
  if (options.plog !== undefined) words.push(`--plog ${shellWord(options.plog)}`);
  if (options.corpus !== undefined) words.push(`--corpus ${shellWord(options.corpus)}`);
  for (const defect of options.defect) words.push(`--defect ${shellWord(defect)}`);
  return words.join(' ');
}

/** A seed for people who gave none; printed, so that it can be given. */
export function freshSeed(): number {
  return Number(process.hrtime.bigint() & 0x7fffffffn);
}

/** Throws BadInput. */
export function checkProperty(id: string): void {
  if (!propertyIds().includes(id)) throw new BadInput(`--property ${id}: no such property; "pegasus-check properties" lists them`);
}
