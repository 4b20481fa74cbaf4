/** Live progress: one line that is redrawn on a terminal, a plain line now and then otherwise. */
import type { CampaignProgress } from '../hunt/campaign.ts';
import { progressText } from './totals.ts';
import type { Io } from './io.ts';

const REDRAW_MS = 200;
const PLAIN_MS = 10_000;

export class Progress {
  private readonly io: Io;
  private readonly quiet: boolean;
  private readonly head: string;
  private last = performance.now();
  private drawn = false;

  /** `head` begins every line. A quiet one shows nothing. */
  constructor(io: Io, quiet: boolean, head = '') {
    this.io = io;
    this.quiet = quiet;
    this.head = head;
  }

  readonly show = (progress: CampaignProgress): void => {
    if (this.quiet) return;
    const now = performance.now();
    if (now - this.last < (this.io.interactive ? REDRAW_MS : PLAIN_MS)) return;
    this.last = now;
    const line = `${this.head}${progressText(progress)}`;
    if (this.io.interactive && this.io.draw !== undefined) {
      this.io.draw(line);
      this.drawn = true;
    } else this.io.out(line);
  };

  /** A line that stays. */
  say(line: string): void {
    if (this.quiet) return;
    this.end();
    this.io.out(line);
  }

  end(): void {
    if (this.drawn) this.io.draw?.('');
    this.drawn = false;
  }
}
