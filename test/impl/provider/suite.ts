/** One suite for both kinds of file provider: the simulated one and a directory of a real disk. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../impl/context.ts';
import type { Answer, RemoteFile } from '../../../impl/provider/contract.ts';
import { DOWNLOAD_BLOCK_BYTES } from '../../../impl/provider/fileDownload.ts';
import { loadFiles } from '../../../impl/provider/loadSet.ts';
import { createProvider } from '../../../impl/provider/localService.ts';
import { bulkLoadInfoPath, partitionDir, sidecarPath } from '../../../impl/provider/paths.ts';
import { decodeBulkLoadInfo, decodeBulkLoadMetadata, encodeSidecar } from '../../../impl/provider/records.ts';
import { openExternalRun, rowsOf } from '../../../impl/storage/engine/externalRun.ts';

/** A side under test; its one service is named `files` and empty, the own disk too. */
export interface ProviderSide {
  put(path: string, bytes: Uint8Array): void;
  remove(path: string): void;
  /** Runs `act` where handlers run. An exception of it is thrown on. */
  inside(act: (ctx: Context) => void): void;
}

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const md5Of = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** A file with the sidecar that belongs to it. */
export function putFile(side: Pick<ProviderSide, 'put'>, path: string, bytes: Uint8Array): void {
  side.put(path, bytes);
  side.put(sidecarPath(path), bytesOf(encodeSidecar({ size: bytes.length, md5: md5Of(bytes) })));
}

export function fileOf(ctx: Context, path: string, ignoreMetadata = false): Answer<RemoteFile> {
  const provider = createProvider(ctx, 'files');
  if (provider === undefined) throw new Error('no service "files"');
  return provider.createFile(path, ignoreMetadata);
}

function opened(ctx: Context, path: string): RemoteFile {
  const { value } = fileOf(ctx, path, true);
  if (value === undefined) throw new Error('a handle that ignores the sidecar is always there');
  return value;
}

function download(ctx: Context, path: string, local: string): ReturnType<InstanceType<Context['parts']['FileDownload']>['run']> {
  return new ctx.parts.FileDownload(ctx, opened(ctx, path), local).run();
}

export function providerSuite(name: string, open: () => ProviderSide): void {
  describe(`${name}: handles and whole reads`, () => {
    it('an unknown service cannot be created', () => {
      open().inside((ctx) => expect(createProvider(ctx, 'hdfs')).toBeUndefined());
    });

    it('reads a file with its sidecar, whatever slashes its path has', () => {
      const side = open();
      putFile(side, 'root/c/t/bulk_load_info', bytesOf('{}'));
      side.inside((ctx) => {
        const read = opened(ctx, '/root//c/./t/bulk_load_info').readWhole();
        expect(read.error).toBe('ERR_OK');
        expect(Buffer.from(read.value ?? []).toString()).toBe('{}');
        expect(fileOf(ctx, 'root/c/t/bulk_load_info').error).toBe('ERR_OK');
      });
    });

    it('a missing file, a missing sidecar and a path out of the root are not found, but have a handle', () => {
      const side = open();
      side.put('d/bare', bytesOf('x'));
      side.put('d/.gone.meta', bytesOf(encodeSidecar({ size: 1, md5: '' })));
      putFile(side, 'd/file', bytesOf('x'));
      side.inside((ctx) => {
        for (const path of ['d/none', 'no/dir', 'd/bare', 'd/gone', 'd/../d/file', '', 'd/file/below', 'd/\0']) {
          expect([path, fileOf(ctx, path).error, opened(ctx, path).readWhole().error]).toEqual([path, 'ERR_OK', 'ERR_OBJECT_NOT_FOUND']);
        }
        // A directory has no sidecar.
        expect(opened(ctx, 'd').readWhole().error).toBe('ERR_OBJECT_NOT_FOUND');
      });
    });

    it('a damaged sidecar is an error of the file system; a handle that ignores it is still there', () => {
      const side = open();
      for (const [at, meta] of ['', '{', '[]', '{"size":"1","md5":""}', '{"size":-1,"md5":""}', '{"size":1,"other":2}'].entries()) {
        side.put(`f${at}`, bytesOf('x'));
        side.put(`.f${at}.meta`, bytesOf(meta));
        side.inside((ctx) => {
          expect([meta, fileOf(ctx, `f${at}`).error]).toEqual([meta, 'ERR_FS_INTERNAL']);
          expect([meta, opened(ctx, `f${at}`).readWhole().error]).toEqual([meta, 'ERR_FS_INTERNAL']);
          expect(fileOf(ctx, `f${at}`, true).error).toBe('ERR_OK');
        });
      }
    });

    it('a directory in the place of a file is an error of the file system', () => {
      const side = open();
      putFile(side, 'd/f/inner', bytesOf('x'));
      side.put('d/.f.meta', bytesOf(encodeSidecar({ size: 1, md5: '' })));
      side.inside((ctx) => expect(opened(ctx, 'd/f').readWhole().error).not.toBe('ERR_OK'));
    });

    it('a file that is shorter than its sidecar says is read as it is', () => {
      const side = open();
      putFile(side, 'f', bytesOf('whole'));
      side.put('f', bytesOf('who'));
      side.inside((ctx) => expect(opened(ctx, 'f').readWhole()).toMatchObject({ error: 'ERR_OK', value: { length: 3 } }));
    });
  });

  describe(`${name}: downloads`, () => {
    it.each([0, 1, DOWNLOAD_BLOCK_BYTES, DOWNLOAD_BLOCK_BYTES + 70])('bring %i bytes with their size and MD5', (size) => {
      const side = open();
      const bytes = new Uint8Array(size).fill(7);
      putFile(side, 'f', bytes);
      side.inside((ctx) => {
        expect(download(ctx, 'f', 'copy')).toEqual({ error: 'ERR_OK', value: { sizeBytes: size, md5: md5Of(bytes) } });
        expect(md5Of(ctx.env.disk.read('copy', 0, size + 1))).toBe(md5Of(bytes));
      });
    });

    it('leave a local file of the name alone', () => {
      const side = open();
      putFile(side, 'f', bytesOf('new'));
      side.inside((ctx) => {
        ctx.env.disk.create('copy');
        expect(download(ctx, 'f', 'copy').error).toBe('ERR_PATH_ALREADY_EXIST');
        expect(ctx.env.disk.info('copy').sizeBytes).toBe(0);
      });
    });

    it('of a missing file or sidecar are damage and make no local file; an unreadable sidecar is passed on', () => {
      const side = open();
      side.put('bare', bytesOf('x'));
      side.put('odd', bytesOf('x'));
      side.put('.odd.meta', bytesOf('?'));
      side.inside((ctx) => {
        expect(download(ctx, 'none', 'copy').error).toBe('ERR_CORRUPTION');
        expect(download(ctx, 'bare', 'copy').error).toBe('ERR_CORRUPTION');
        expect(download(ctx, 'odd', 'copy').error).toBe('ERR_FS_INTERNAL');
        expect(ctx.env.disk.exists('copy')).toBe(false);
      });
    });

    it('that the own disk refuses are failed file operations', () => {
      const side = open();
      putFile(side, 'f', bytesOf('x'));
      side.inside((ctx) => expect(download(ctx, 'f', 'no/dir/copy').error).toBe('ERR_FILE_OPERATION_FAILED'));
    });

    it('whose file goes away between two blocks are damage', () => {
      const side = open();
      putFile(side, 'f', new Uint8Array(DOWNLOAD_BLOCK_BYTES + 1));
      side.inside((ctx) => {
        const running = new ctx.parts.FileDownload(ctx, opened(ctx, 'f'), 'copy');
        expect([running.begin().value, running.nextBlock().value]).toEqual(['more', 'more']);
        side.remove('f');
        expect(running.nextBlock().error).toBe('ERR_CORRUPTION');
        expect(running.downloaded().sizeBytes).toBe(DOWNLOAD_BLOCK_BYTES);
      });
    });
  });

  it(`${name}: a load made from rows is found, downloaded and opened, each row once and in its partition`, () => {
    const side = open();
    const rows = Array.from({ length: 50 }, (_, i) => ({ hashKey: `h${i}`, sortKey: 's', value: `v${i}`, expireTs: i }));
    const info = { appId: 2, appName: 't1', partitionCount: 4 };
    for (const { path, bytes } of loadFiles(info, rows, 100)) side.put(`root/c/t1/${path}`, bytes);
    side.inside((ctx) => {
      expect(decodeBulkLoadInfo(opened(ctx, bulkLoadInfoPath('root', 'c', 't1')).readWhole().value ?? bytesOf(''))).toEqual(info);
      const found: string[] = [];
      for (let index = 0; index < 4; index++) {
        const dir = partitionDir('root', 'c', 't1', index);
        const metadata = decodeBulkLoadMetadata(opened(ctx, `${dir}/bulk_load_metadata`).readWhole().value ?? bytesOf(''));
        expect(metadata?.files.length).toBeGreaterThan(1);
        expect(metadata?.files.reduce((sum, file) => sum + file.size, 0)).toBe(metadata?.fileTotalSize);
        for (const file of metadata?.files ?? []) {
          const local = `${index}-${file.name}`;
          expect(download(ctx, `${dir}/${file.name}`, local).value).toEqual({ sizeBytes: file.size, md5: file.md5 });
          for (const row of rowsOf(openExternalRun(ctx.env.disk, local, file))) found.push(row.key);
        }
      }
      expect(found.sort()).toEqual(rows.map((row) => `\0${String.fromCharCode(row.hashKey.length)}${row.hashKey}s`).sort());
    });
  });
}
