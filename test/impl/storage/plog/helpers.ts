/** Mutations, listeners and logs for the private log's tests. */
import { reply, task } from '../../../../impl/env/contract.ts';
import type { Continuation } from '../../../../impl/env/contract.ts';
import type { PrivateLog } from '../../../../impl/storage/plog/privateLog.ts';
import type { LogMutation, Update } from '../../../../impl/storage/plog/types.ts';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import type { FakeContext } from './fakeEnv.ts';

export const GPID = '7.2';
export const DIR = 'replica/plog';

export const EMPTY: Update = { code: 'RPC_REPLICATION_WRITE_EMPTY', serializationType: 0, data: new Uint8Array(0) };

export function mutation(decree: number, change: Partial<LogMutation> = {}): LogMutation {
  return {
    gpid: GPID,
    ballot: 3,
    decree,
    logOffset: -1,
    lastCommittedDecree: decree - 1,
    timestampUs: 1_700_000_000_000_000 + decree,
    updates: [EMPTY],
    ...change,
  };
}

/** A mutation whose record is exactly `sizeBytes` long (at least 99). */
export function mutationOfSize(decree: number, sizeBytes: number): LogMutation {
  return mutation(decree, { updates: [{ ...EMPTY, data: new Uint8Array(sizeBytes - 99).fill(decree) }] });
}

/** What a replica would hear. */
export class Listener {
  readonly acks: { readonly decree: number; readonly error: ErrorCode }[] = [];
  readonly ioErrors: ErrorCode[] = [];
  readonly marks: string[] = [];
  onAppended(error: ErrorCode, decree: number): void {
    this.acks.push({ decree, error });
  }
  onIoError(error: ErrorCode): void {
    this.ioErrors.push(error);
  }
  onMark(mark: string): void {
    this.marks.push(mark);
  }
}

export interface Opened {
  readonly ctx: FakeContext;
  readonly log: PrivateLog;
  readonly listener: Listener;
  readonly error: ErrorCode;
  readonly replayed: LogMutation[];
  append(mutation: LogMutation): number;
  mark(name: string): ReturnType<typeof task>;
}

export function makeLog(ctx: FakeContext): { readonly log: PrivateLog; readonly listener: Listener } {
  const listener = new Listener();
  const onIoError: Continuation<ErrorCode> = reply(listener, 'onIoError');
  return { log: new ctx.parts.PrivateLog(ctx, { gpid: GPID, dir: DIR, hash: 55435, onIoError }), listener };
}

/** A log over what is on the context's disk. */
export function openLog(ctx: FakeContext, replayDecree = 0, validStartOffset = 0): Opened {
  const { log, listener } = makeLog(ctx);
  const replayed: LogMutation[] = [];
  log.setValidStartOffsetOnOpen(validStartOffset);
  const error = log.open(replayDecree, (mu) => {
    if (mu.logOffset < validStartOffset) return false;
    replayed.push(mu);
    return true;
  });
  return {
    ctx,
    log,
    listener,
    error,
    replayed,
    append: (mu) => log.append(mu, reply(listener, 'onAppended', mu.decree)),
    mark: (name) => task(listener, 'onMark', name),
  };
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

/** plog 17. */
export const WORKED_EXAMPLE = hex(`
  ef be ad de 2c 00 00 00 55 df e3 e6 00 00 00 00
  ef be ad de 01 00 00 00 e8 03 00 00 00 00 00 00
  01 00 00 00 07 00 00 00 02 00 00 00 29 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 ef be ad de
  86 00 00 00 e7 c0 95 22 3c 00 00 00 00 00 00 00
  00 00 00 00 07 00 00 00 02 00 00 00 09 00 00 00
  00 00 00 00 2a 00 00 00 00 00 00 00 34 04 00 00
  00 00 00 00 29 00 00 00 00 00 00 00 01 40 1e 18
  24 0a 06 00 02 00 00 00 14 00 00 00 52 50 43 5f
  52 52 44 42 5f 52 52 44 42 5f 52 45 4d 4f 56 45
  01 00 00 00 03 00 00 00 1b 00 00 00 52 50 43 5f
  52 45 50 4c 49 43 41 54 49 4f 4e 5f 57 52 49 54
  45 5f 45 4d 50 54 59 00 00 00 00 00 00 00 00 ca
  fe ba`);

export const WORKED_MUTATION: LogMutation = mutation(42, {
  ballot: 9,
  lastCommittedDecree: 41,
  timestampUs: 1_700_000_000_000_001,
  updates: [{ code: 'RPC_RRDB_RRDB_REMOVE', serializationType: 1, data: hex('cafeba') }, EMPTY],
});

/** The records as the log should give them back. */
export function withoutOffset(mutations: readonly LogMutation[]): readonly LogMutation[] {
  return mutations.map((mu) => ({ ...mu, logOffset: -1 }));
}
