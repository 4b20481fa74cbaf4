/**
 * Keeps what a campaign finds, as soon as it is found: whatever ends the program later, the plan is in a file. A smaller plan of the
 * same cause takes the place of the one that was written before it. What cannot be written is told in one line, once; the campaign
 * goes on, and the finding is printed all the same.
 */
import { unlinkSync } from 'node:fs';
import { keepInCorpus } from '../hunt/corpus.ts';
import type { PlainFinding } from '../hunt/job.ts';
import { BadInput, printPlan } from '../plan/parse.ts';
import { orBadInput, replaceFile, writeNew } from './files.ts';
import type { Io } from './io.ts';

export class FindingKeeper {
  private readonly out: string;
  private readonly corpus: string | undefined;
  private readonly io: Io;
  /** By cause; `base`: the name that was wanted, which a plan that fails in the same way wants too. */
  private readonly files = new Map<string, { readonly base: string; readonly path: string }>();
  private readonly told = new Set<string>();

  /** `corpus`: a folder that is kept beside, undefined: none. */
  constructor(out: string, corpus: string | undefined, io: Io) {
    this.out = out;
    this.corpus = corpus;
    this.io = io;
  }

  keep(finding: PlainFinding): void {
    const { cause, digest, plan } = finding;
    const before = this.files.get(cause);
    const base = `${cause.replaceAll(/[^A-Za-z0-9.]+/g, '-')}-${digest}`;
    const written = this.attempt(() => (before?.base === base ? replaced(before.path, printPlan(plan)) : writeNew(this.out, base, printPlan(plan))));
    if (written !== undefined) {
      this.files.set(cause, { base, path: written });
      if (before !== undefined && before.path !== written) this.attempt(() => { removeFile(before.path); });
    }
    const { corpus } = this;
    if (corpus !== undefined) this.attempt(() => keepInCorpus(corpus, finding));
  }

  /** Where the plan of a cause is; undefined: it could not be written. */
  fileOf(cause: string): string | undefined {
    return this.files.get(cause)?.path;
  }

  /** What was told as not to be done. */
  get problems(): readonly string[] {
    return [...this.told];
  }

  /** Does what may fail for want of space or rights; undefined and one line when it does. */
  attempt<T>(doing: () => T): T | undefined {
    try {
      return doing();
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      this.tell(error.message);
      return undefined;
    }
  }

  /** One line about what could not be done; the same is told once. */
  tell(line: string): void {
    if (!this.told.has(line)) this.io.err(`pegasus-check: ${line}`);
    this.told.add(line);
  }
}

function replaced(path: string, text: string): string {
  replaceFile(path, text);
  return path;
}

function removeFile(path: string): void {
  orBadInput(
    () => {
      unlinkSync(path);
    },
    (reason) => `${path}: cannot remove (${reason}); a smaller plan of its cause is beside it`,
  );
}
