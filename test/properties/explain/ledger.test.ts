/** The books that chains are made from. */
import { describe, expect, it } from 'vitest';
import { LedgerOnlookers, Times } from '../../../properties/explain/ledger.ts';

const A = 'source/meta-0';
const B = 'follower/meta-0';
const CODE = 'RPC_CM_CREATE_APP';

/** A ledger whose clock is set by hand. */
function ledgerAt(): { readonly ledger: LedgerOnlookers; at(us: number): void } {
  const ledger = new LedgerOnlookers();
  return { ledger, at: (us) => void (ledger.nowUs = (): number => us) };
}

describe('times', () => {
  it('know the middle of the last gaps; what comes together counts once', () => {
    const times = new Times();
    for (const at of [0, 10, 20, 30, 100_000, 100_010, 100_020, 100_030, 200_000, 200_010, 200_020]) times.add(at);
    expect([times.count, times.firstUs, times.lastUs, times.gapUs()]).toEqual([11, 0, 200_020, 100_000]);
  });

  it('know no gap of two', () => {
    const times = new Times();
    times.add(0);
    times.add(50_000);
    expect(times.gapUs()).toBe(0);
  });
});

describe('the ledger', () => {
  it('tells a streak of the same answer, and that it ended', () => {
    const { ledger, at } = ledgerAt();
    const errors = ['ERR_OK', 'ERR_TRY_AGAIN', 'ERR_TRY_AGAIN', 'ERR_TRY_AGAIN'];
    errors.forEach((error, i) => {
      const request = { appName: 't1' };
      const body = { error };
      at(i * 1000);
      ledger.messageSent(A, B, CODE, 'request', '', 0, request, 'ERR_OK', 0);
      ledger.messageSent(B, A, CODE, 'reply', '', 0, body, 'ERR_OK', 0, request);
      at(i * 1000 + 10);
      ledger.messageDelivered(B, A, CODE, 'reply', '', 0, body, 'ERR_OK');
    });
    const [exchange] = ledger.exchanges.values();
    expect(ledger.exchanges.size).toBe(1);
    expect(exchange).toMatchObject({ from: A, to: B, subject: 't1', answered: 4, unanswered: 0, streak: { error: 'ERR_TRY_AGAIN', count: 3, sinceUs: 1010, lastUs: 3010 } });
  });

  it('counts what was sent back and never came', () => {
    const { ledger } = ledgerAt();
    const request = { appName: 't1' };
    for (let i = 0; i < 3; i += 1) {
      ledger.messageSent(A, B, CODE, 'request', '', 0, request, 'ERR_OK', 0);
      ledger.messageSent(B, A, CODE, 'reply', '', 0, { error: 'ERR_OK' }, 'ERR_OK', 0, request);
    }
    expect([...ledger.exchanges.values()][0]).toMatchObject({ answered: 0, sentBack: 3, unanswered: 3, streak: undefined });
  });

  it('takes the error of the call before that of the body', () => {
    const { ledger } = ledgerAt();
    ledger.messageSent(A, B, CODE, 'request', '1.0', 0, {}, 'ERR_OK', 0);
    ledger.messageDelivered(B, A, CODE, 'reply', '1.0', 0, undefined, 'ERR_HANDLER_NOT_FOUND');
    expect([...ledger.exchanges.values()][0]?.streak?.error).toBe('ERR_HANDLER_NOT_FOUND');
  });

  it('tells tasks apart by code, class, method and replica', () => {
    class Loader {}
    const { ledger, at } = ledgerAt();
    const Changed = ((Base: typeof Loader) => class extends Base {})(Loader);
    for (const [us, hash, owner] of [[0, 7, new Loader()], [20_000, 7, new Changed()], [40_000, 8, new Loader()]] as const) {
      at(us);
      ledger.taskStarted(A, 'LPC_X', 'run', hash, owner);
    }
    expect([...ledger.habits.values()].map(({ method, hash, ran }) => [method, hash, ran.count])).toEqual([['Loader.run', 7, 2], ['Loader.run', 8, 1]]);
  });
});
