/**
 * Log, appends and resets in the simulated world: the log's own tasks on real pools, a simulated disk, and crashes and
 * losses of power at any env call, round after round on the same disk. What the next process finds is the old log or the
 * new one, each up to some record, and nothing that was acknowledged or answered is missing.
 */
import { expect, test } from 'vitest';
import type { Env } from '../../../../impl/env/contract.ts';
import { reply, task } from '../../../../impl/env/contract.ts';
import { CALM } from '../../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../../impl/env/sim/world.ts';
import type { Parts } from '../../../../impl/parts.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import { plogParts } from '../../../../impl/storage/plog/parts.ts';
import type { PrivateLog } from '../../../../impl/storage/plog/privateLog.ts';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { TraceObserver } from '../../env/fixture.ts';
import { makeContext } from './fakeEnv.ts';
import { DIR, GPID, mutation, openLog } from './helpers.ts';
import { LEARN } from './resetWorld.ts';

const NODE = 'c/replica-0';
const SETTINGS = { ...DEFAULT_SETTINGS, plogForceFlush: true, logPrivateFileSizeBytes: 400 };

interface LearnedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A primary's log that begins behind `first`; its offsets and its void part differ from round to round. */
function primaryFiles(round: number, first: number): { readonly files: readonly LearnedFile[]; readonly valid: readonly string[] } {
  const log = openLog(makeContext(undefined, { logPrivateFileSizeBytes: 300 + round }));
  const write = (decree: number): void => {
    log.append(mutation(decree, { ballot: round }));
    log.ctx.env.tasks.run();
  };
  for (let i = 0; i < round % 5; i++) write(first + i);
  if (round % 3 === 0) log.log.onPartitionReset(first - 1);
  const valid: string[] = [];
  for (let i = 0; i < 5; i++) {
    write(first + i);
    valid.push(`${first + i}/${round}`);
  }
  const again = Array.from({ length: round % 3 === 0 ? 0 : round % 5 }, (_, i) => `${first + i}/${round}`);
  const { disk } = log.ctx.env;
  const files = disk.list(DIR).map((name) => ({ name, bytes: disk.bytes(`${DIR}/${name}`) }));
  return { files, valid: [...again, ...valid] };
}

/** What the test knows of one process when it has ended. */
class Root {
  readonly env: Env;
  readonly log: PrivateLog;
  readonly round: number;
  error: ErrorCode | 'not yet' = 'not yet';
  resetError: ErrorCode | 'not yet' = 'not yet';
  found: readonly string[] = [];
  /** Records found at the opening, then those appended. */
  readonly records: string[] = [];
  /** The same for the log that replaces it; undefined until it may be there. */
  learned: string[] | undefined;
  /** How many of the records of the log in use were acknowledged or found. */
  known = 0;
  /** What the replica may have stored of the log's valid start. */
  valid = 0;

  constructor(env: Env, round: number, stored: number) {
    this.env = env;
    this.round = round;
    const ctx = { env, settings: SETTINGS, parts: plogParts as Parts };
    this.log = new ctx.parts.PrivateLog(ctx, { gpid: GPID, dir: DIR, hash: 1, onIoError: reply(this, 'onIoError') });
    env.tasks.post('LPC_OPEN_REPLICA', 1, 0, task(this, 'onOpen', stored));
  }

  onOpen(stored: number): void {
    this.log.setValidStartOffsetOnOpen(stored);
    this.error = this.log.open(0, (mu, isValid) => {
      if (isValid) this.records.push(`${mu.decree}/${mu.ballot}`);
      return isValid;
    });
    this.found = [...this.records];
    this.known = this.found.length;
    this.valid = this.log.validStartOffset();
    if (this.error !== 'ERR_OK') return;
    this.env.tasks.post('LPC_REPLICATION_HIGH', 1, 0, task(this, 'onWrite', 4));
  }

  onWrite(left: number): void {
    const list = this.learned ?? this.records;
    const decree = this.log.maxDecree() + 1;
    list.push(`${decree}/${1000 + this.round}`);
    this.log.append(mutation(decree, { ballot: 1000 + this.round }), reply(this, 'onAppended', list.length, list === this.learned));
    if (left > 0) this.env.tasks.post('LPC_REPLICATION_HIGH', 1, 1, task(this, 'onWrite', left - 1));
    else if (this.learned === undefined) this.env.tasks.post('LPC_REPLICATION_LONG_HIGH', 1, 0, task(this, 'onReset'));
  }

  onAppended(error: ErrorCode, count: number, toLearned: boolean): void {
    if (error === 'ERR_OK' && toLearned === (this.resetError === 'ERR_OK')) this.known = Math.max(this.known, count);
  }

  onIoError(): void {}

  onReset(): void {
    const { disk } = this.env;
    if (disk.exists(LEARN)) disk.remove(LEARN, { recursive: true });
    disk.mkdir(LEARN);
    const { files, valid } = primaryFiles(this.round, this.log.maxDecree() - 2);
    for (const file of files) {
      disk.create(`${LEARN}/${file.name}`);
      disk.write(`${LEARN}/${file.name}`, 0, file.bytes);
    }
    this.learned = [...valid];
    this.resetError = this.log.resetFrom(LEARN);
    this.valid = this.log.validStartOffset();
    this.known = this.learned.length;
    this.env.tasks.post('LPC_REPLICATION_HIGH', 1, 1, task(this, 'onWrite', 3));
  }
}

function isPrefix(found: readonly string[], whole: readonly string[]): boolean {
  return found.every((record, i) => record === whole[i]);
}

test.each(['crash', 'power-loss'] as const)('%s at any call, again and again', (cause) => {
  const world = new SimWorld({ chance: CALM, observer: new TraceObserver(), startWallUs: 1_700_000_000_000_000 });
  let now: Root | undefined;
  let round = 0;
  let stored = 0;
  const { poolWorkers, taskOverrides } = SETTINGS;
  world.addNode(NODE, { cluster: 'c', poolWorkers, taskOverrides, boot: (env) => (now = new Root(env, round, stored)) });
  const processOf = (): Root | undefined => now;
  let before: Root | undefined;
  const seen = { old: 0, new: 0, unheard: 0 };
  for (round = 1; round <= 150; round++) {
    world.startNode(NODE);
    world.crashInside(NODE, 60 + ((round * 37) % 190));
    world.run({ untilUs: world.nowUs() + 60_000 });
    const life = processOf();
    world.stopNode(NODE, cause, { mode: 'cut', keepPermille: (round * 331) % 1001 });
    if (life === undefined || life.error === 'not yet') continue;
    const where = `round ${round}`;
    expect(life.error, where).toBe('ERR_OK');
    if (before !== undefined) note(before, life, where);
    before = life;
    // Now and then the replica stores what holds, as it does with a new ballot.
    if (round % 4 === 0) stored = life.valid;
  }
  expect(Math.min(seen.old, seen.new, seen.unheard)).toBeGreaterThan(3);

  function note(earlier: Root, { found }: Root, where: string): void {
    const isNew = earlier.learned !== undefined && isPrefix(earlier.learned.slice(0, 5), found);
    const whole = isNew ? (earlier.learned ?? []) : earlier.records;
    expect(isPrefix(found, whole), `${where}: ${found.join(' ')} of ${whole.join(' ')}`).toBe(true);
    if (earlier.resetError === 'ERR_OK') expect(isNew, where).toBe(true);
    if (isNew === (earlier.resetError === 'ERR_OK')) expect(found.length, where).toBeGreaterThanOrEqual(earlier.known);
    if (isNew && earlier.resetError === 'not yet') seen.unheard++;
    seen[isNew ? 'new' : 'old']++;
  }
});
