/** What the engine keeps apart while an ingestion is awaited, and what it forgets when it is told to. */
import { expect, test } from 'vitest';
import { decodeRun, encodeRun } from '../../../../impl/storage/engine/sortedRun.ts';
import { created, host, putOp, rowsOf } from './engineHost.ts';
import type { Host } from './engineHost.ts';

function runOf({ process: { disk } }: Host, key: string, value: string): { path: string; run: ReturnType<typeof decodeRun> } {
  const path = `in/${key}${value}`;
  const bytes = encodeRun({ keys: [key], values: [Buffer.from(value)] });
  disk.mkdir('in');
  disk.create(path);
  disk.write(path, 0, bytes);
  return { path, run: decodeRun(bytes, path) };
}

test('a rewind keeps what is up to the decree, frozen or awaited, and forgets the rest', () => {
  const at = created();
  const { engine } = at;
  engine.write([putOp('a', '1')], 1);
  engine.awaitIngestion();
  engine.write([putOp('a', '2'), putOp('b', '2')], 2);
  engine.awaitIngestion();
  engine.write([putOp('a', '3'), putOp('c', '3')], 3);
  engine.rewindTo(1);
  expect([rowsOf(engine), engine.lastWrittenDecree(), engine.isFlushBarred()]).toEqual([['a=1'], 1, true]);
  engine.write([putOp('d', '2')], 2);
  engine.ingest([runOf(at, 'a', 'in')], false);
  engine.endIngestion();
  expect([rowsOf(engine), engine.isFlushBarred(), engine.lastFlushedDecree()]).toEqual([['a=in', 'd=2'], false, 1]);
  engine.flush();
  const again = host(at.process.disk);
  again.engine.open('existing');
  expect([rowsOf(again.engine), again.engine.lastFlushedDecree()]).toEqual([['a=in', 'd=2'], 2]);
});

test('the bar and what waits for it are forgotten by an end of the process', () => {
  const { engine } = created();
  engine.write([putOp('a', '1')], 1);
  engine.awaitIngestion();
  engine.flushAsync();
  expect([engine.isFlushBarred(), engine.isFlushHeldUp()]).toEqual([true, true]);
  engine.abandon();
  engine.open('existing');
  expect([engine.isFlushBarred(), engine.isFlushHeldUp()]).toEqual([false, false]);
  expect(rowsOf(engine)).toEqual([]);
});

test('ingestions count for the merges that the engine makes by itself', () => {
  const at = created();
  for (let decree = 1; decree <= 4; decree++) {
    at.engine.write([], decree);
    at.engine.awaitIngestion();
    at.engine.ingest([runOf(at, 'a', String(decree))], false);
    at.engine.endIngestion();
  }
  expect(at.process.pending()).toEqual(['LPC_STORAGE_FLUSH onCompaction']);
  at.process.run();
  expect([at.engine.version.files.length, rowsOf(at.engine)]).toEqual([1, ['a=4']]);
});
