/** Where a command prints, and how it ends. */

export interface Io {
  out(text: string): void;
  err(text: string): void;
  readonly interactive: boolean;
}

export const TERMINAL: Io = {
  out: (text) => {
    process.stdout.write(`${text}\n`);
  },
  err: (text) => {
    process.stderr.write(`${text}\n`);
  },
  interactive: process.stdout.isTTY,
};

/** Exit codes (also in README.md). */
export const EXIT = { nothingFound: 0, finding: 1, badUsage: 2, damagedData: 3 } as const;
