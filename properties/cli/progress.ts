/** Live progress: one line that is redrawn on a terminal, a plain line now and then otherwise. */
import { totalsText } from './hunt.ts';
import type { Totals } from '../hunt/search.ts';
import type { Io } from './io.ts';

const REDRAW_MS = 200;
const PLAIN_MS = 10_000;

export class Progress {
  private readonly io: Io;
  private readonly quiet: boolean;
  private readonly began = performance.now();
  private last = performance.now();
  private drawn = false;

  constructor(io: Io, quiet: boolean) {
    this.io = io;
    this.quiet = quiet;
  }

  show(totals: Totals): void {
    if (this.quiet) return;
    const now = performance.now();
    if (now - this.last < (this.io.interactive ? REDRAW_MS : PLAIN_MS)) return;
    this.last = now;
    const line = totalsText(totals, (now - this.began) / 1000);
    if (this.io.interactive) {
      process.stdout.write(`\r\u001b[2K${line}`);
      this.drawn = true;
    } else this.io.out(line);
  }

  end(): void {
    if (this.drawn) process.stdout.write('\r\u001b[2K');
  }
}
