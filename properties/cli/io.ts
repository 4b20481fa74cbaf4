/** Where a command prints, how it hears of Ctrl-C, and how it ends. */
import { styleText } from 'node:util';

export interface Io {
  /** One or more whole lines. */
  out(text: string): void;
  /** One line for people. */
  err(text: string): void;
  /** A person watches: colours, and a line that is redrawn. */
  readonly interactive: boolean;
  /** Redraws the last line of a terminal; '' wipes it. */
  draw?(line: string): void;
  /** Whether the person has asked for the end (Ctrl-C). */
  stopped?(): boolean;
  /** The same, for what waits. */
  readonly signal?: AbortSignal;
}

/** Bytes that would move a terminal's cursor or break "one line" are shown as escapes. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').replaceAll(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A redrawn line must not wrap, or the next drawing leaves a piece of it behind. */
function fitted(line: string): string {
  const columns = process.stdout.columns || 80;
  return line.length < columns ? line : line.slice(0, columns - 1);
}

export const TERMINAL: Io = {
  out: (text) => {
    process.stdout.write(`${text}\n`);
  },
  err: (text) => {
    process.stderr.write(`${text}\n`);
  },
  interactive: process.stdout.isTTY,
  draw: (line) => {
    process.stdout.write(`\r\u001b[2K${fitted(line)}`);
  },
};

/** Coloured on a terminal only (and not under NO_COLOR). */
export function painted(io: Io, format: 'bold' | 'underline' | 'red' | 'green', text: string): string {
  const colours = io.interactive && (process.env['NO_COLOR'] ?? '') === '';
  return colours ? styleText(format, text, { validateStream: false }) : text;
}

/** Exit codes (also in README.md). */
export const EXIT = { nothingFound: 0, finding: 1, badUsage: 2, damagedData: 3 } as const;
