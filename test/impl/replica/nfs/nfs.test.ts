/** File copies between replica servers: what is served, in which blocks, and what a failure costs (dup 5.5). */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { reply, task } from '../../../../impl/env/contract.ts';
import type { Replier } from '../../../../impl/env/contract.ts';
import type { NfsCopyRequest, NfsCopyResponse } from '../../../../impl/protocol/duplicationMessages.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { NfsClient } from '../../../../impl/replica/nfs/nfsClient.ts';
import { NfsService } from '../../../../impl/replica/nfs/nfsService.ts';
import { TwoClusters } from '../duplication/twoClusters.ts';

const SOURCE = 'source/replica-0';
const DEST = 'follower/replica-0';
const DIR = '7.0.pegasus/data/checkpoint.5';
const INTO = '3.0.pegasus/data/duplication';

class Caller {
  readonly ended: ErrorCode[] = [];
  private readonly copier: NfsClient;

  constructor(c: TwoClusters, files: readonly string[]) {
    const { ctx } = c.server(DEST);
    const request = { source: SOURCE, sourceDir: DIR, files, destDir: INTO, hash: 0, gpid: '3.0' };
    this.copier = new ctx.parts.NfsClient(ctx, request, reply(this as Caller, 'onEnd'));
  }

  onEnd(error: ErrorCode): void {
    this.ended.push(error);
  }

  start(): void {
    this.copier.copyRemoteFiles();
  }

  cancel(): void {
    this.copier.cancel();
  }
}

const CONTENT = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

function world(partsOf: (node: string) => Partial<Parts> = () => ({})): TwoClusters {
  const c = new TwoClusters({ settings: { nfsCopyBlockBytes: 300, rpcTimeoutMs: 1000 }, partsOf });
  c.run(100);
  c.world.plantFile(SOURCE, `${DIR}/A`, CONTENT);
  c.world.plantFile(SOURCE, `${DIR}/B`, CONTENT.subarray(0, 600));
  c.world.plantFile(SOURCE, `${DIR}/empty`, new Uint8Array(0));
  c.world.plantFile(SOURCE, 'secret', CONTENT);
  c.world.plantFile(DEST, `${INTO}/A`, CONTENT.slice(100));
  return c;
}

function copy(c: TwoClusters, files: readonly string[]): ErrorCode | undefined {
  const caller = new Caller(c, files);
  c.world.post(DEST, 'LPC_DUPLICATE_CHECKPOINT', 0, task(caller, 'start'));
  c.run(10_000);
  expect(caller.ended.length).toBeLessThanOrEqual(1);
  return caller.ended[0];
}

function at(c: TwoClusters, name: string): readonly number[] | undefined {
  const bytes = c.world.diskView(DEST).read(`${INTO}/${name}`);
  return bytes === undefined ? undefined : [...bytes];
}

describe('a copy', () => {
  it('brings every file, in blocks, over what is there, and synced', () => {
    const c = world();
    expect(copy(c, ['A', 'empty', 'B'])).toBe('ERR_OK');
    expect(at(c, 'A')).toEqual([...CONTENT]);
    expect(at(c, 'B')).toEqual([...CONTENT.subarray(0, 600)]);
    expect(at(c, 'empty')).toEqual([]);
    const blocks = c.requests('RPC_NFS_COPY').map((m) => m.body as NfsCopyRequest);
    expect(blocks.map(({ file, offset, size }) => [file, offset, size])).toEqual([
      ['A', 0, 300],
      ['A', 300, 300],
      ['A', 600, 300],
      ['A', 900, 100],
      ['B', 0, 300],
      ['B', 300, 300],
    ]);
    expect([...c.unsynced].filter((path) => path.startsWith(DEST))).toEqual([]);
  });

  it('of a missing file fails after two retries, and touches nothing', () => {
    const c = world();
    expect(copy(c, ['A', 'none'])).toBe('ERR_OBJECT_NOT_FOUND');
    expect(c.requests('RPC_NFS_GET_FILE_SIZE')).toHaveLength(3);
    expect(at(c, 'A')).toHaveLength(900);
  });

  it('from a server that is down ends with its error', () => {
    const c = world();
    c.world.stopNode(SOURCE, 'crash');
    expect(copy(c, ['A'])).not.toBe('ERR_OK');
    expect(c.requests('RPC_NFS_GET_FILE_SIZE')).toHaveLength(3);
  });

  it.each([2, 3])('asks for a block again, at most twice: %i failures', (failures) => {
    class Failing extends NfsService {
      override onCopy(request: NfsCopyRequest, replier: Replier<NfsCopyResponse>): void {
        if (request.offset === 300 && failed++ < failures) replier.refuse('ERR_BUSY');
        else super.onCopy(request, replier);
      }
    }
    let failed = 0;
    const c = world((node) => (node === SOURCE ? { NfsService: Failing } : {}));
    expect(copy(c, ['B'])).toBe(failures === 2 ? 'ERR_OK' : 'ERR_BUSY');
    expect(at(c, 'B')).toHaveLength(failures === 2 ? 600 : 300);
    expect(c.requests('RPC_NFS_COPY')).toHaveLength(4);
  });

  it('does not take a short block for a whole one', () => {
    class Short extends NfsService {
      override readBlock(path: string, offset: number, sizeBytes: number): Uint8Array {
        return super.readBlock(path, offset, sizeBytes - 1);
      }
    }
    const c = world((node) => (node === SOURCE ? { NfsService: Short } : {}));
    expect(copy(c, ['B'])).toBe('ERR_INCOMPLETE_DATA');
    expect(at(c, 'B')).toEqual([]);
  });

  it('that cannot be written says so', () => {
    const c = world();
    c.world.setDiskFull(DEST, true);
    expect(copy(c, ['A'])).toBe('ERR_FILE_OPERATION_FAILED');
  });

  it('that is cancelled writes nothing more and tells nobody', () => {
    const c = world();
    const caller = new Caller(c, ['A']);
    c.world.post(DEST, 'LPC_DUPLICATE_CHECKPOINT', 0, task(caller, 'start'));
    c.runUntil(() => c.requests('RPC_NFS_COPY').length === 2);
    c.world.post(DEST, 'LPC_DUPLICATE_CHECKPOINT', 0, task(caller, 'cancel'));
    c.run(5000);
    expect(caller.ended).toEqual([]);
    expect(at(c, 'A')?.length).toBeLessThanOrEqual(600);
  });
});

describe('what is not served', () => {
  it.each([
    ['', 'secret'],
    ['.', 'secret'],
    [DIR, '../../../secret'],
    [`${DIR}/..`, 'checkpoint.5/A'],
    ['/7.0.pegasus', 'A'],
    ['7.0.pegasus/', 'A'],
    ['7.0.pegasus.123.err', 'A'],
    ['x/7.0.pegasus', 'A'],
    [DIR, ''],
  ])('%j %j', (dir, file) => {
    const c = world();
    expect(c.answer(SOURCE, 'RPC_NFS_COPY', { dir, file, offset: 0, size: 10 })).toEqual({
      error: 'ERR_INVALID_PARAMETERS',
      bytes: new Uint8Array(0),
    });
    expect(c.answer(SOURCE, 'RPC_NFS_GET_FILE_SIZE', { dir, files: [file] }).error).toBe('ERR_INVALID_PARAMETERS');
    expect(c.checks()).toEqual([]);
  });

  it.each([
    [-1, 10],
    [0, 0],
    [0, 301],
    [0.5, 10],
    [0, Number.NaN],
  ])('a block at %d of %d bytes', (offset, size) => {
    const c = world();
    expect(c.answer(SOURCE, 'RPC_NFS_COPY', { dir: DIR, file: 'A', offset, size }).error).toBe('ERR_INVALID_PARAMETERS');
    expect(c.checks()).toEqual([]);
  });

  it('a directory is no file, and nothing ends', () => {
    const c = world();
    const answer = c.answer(SOURCE, 'RPC_NFS_COPY', { dir: '7.0.pegasus', file: 'data', offset: 0, size: 10 });
    expect(answer.error).toBe('ERR_FILE_OPERATION_FAILED');
    expect(c.answer(SOURCE, 'RPC_NFS_COPY', { dir: DIR, file: 'none', offset: 0, size: 10 }).error).toBe('ERR_OBJECT_NOT_FOUND');
    expect(c.checks()).toEqual([]);
  });
});
