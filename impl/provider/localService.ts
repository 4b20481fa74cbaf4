/**
 * Upstream's `local_service` (bl 5): a directory of files, each with a sidecar `.<file>.meta` that holds its size and
 * MD5. Reads and downloads need both. The directory is the env's: in memory in a simulated world, a real one else.
 */
import type { Context } from '../context.ts';
import { DiskError, type ProviderTree } from '../env/contract.ts';
import { answer, type Answer, failed, type FileProvider, type RemoteError, type RemoteFile } from './contract.ts';
import { normalPath, sidecarPath } from './paths.ts';
import { decodeSidecar, type Sidecar } from './records.ts';

/** The service of a name; undefined when the configuration has none (bl 6.1 #6, B24). */
export function createProvider(ctx: Context, name: string): FileProvider | undefined {
  const tree = ctx.env.provider.tree(name);
  return tree === undefined ? undefined : new ctx.parts.LocalService(ctx, tree);
}

export class LocalService implements FileProvider {
  readonly tree: ProviderTree;

  constructor(_ctx: Context, tree: ProviderTree) {
    this.tree = tree;
  }

  createFile(path: string, ignoreMetadata: boolean): Answer<RemoteFile> {
    const file = new LocalFile(this, path, normalPath(path));
    if (!ignoreMetadata && file.size().error === 'ERR_FS_INTERNAL') return failed('ERR_FS_INTERNAL');
    return answer(file);
  }

  /** The sidecar of a file that is there. */
  loadMetadata(at: string): Answer<Sidecar> {
    const path = sidecarPath(at);
    const text = this.attempt(() => {
      this.tree.info(at);
      return this.tree.read(path, 0, this.tree.info(path).sizeBytes);
    }, 'ERR_FS_INTERNAL');
    if (text.error !== 'ERR_OK') return text;
    const sidecar = decodeSidecar(text.value);
    return sidecar === undefined ? failed('ERR_FS_INTERNAL') : answer(sidecar);
  }

  /** Runs calls of the tree; what is missing is not found, any other refusal is `otherwise`. */
  attempt<T>(act: () => T, otherwise: RemoteError): Answer<T> {
    try {
      return answer(act());
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      const isMissing = error.code === 'not-found' || error.code === 'not-a-directory';
      return failed(isMissing ? 'ERR_OBJECT_NOT_FOUND' : otherwise);
    }
  }
}

class LocalFile implements RemoteFile {
  readonly path: string;
  private readonly service: LocalService;
  private readonly at: string | undefined;

  constructor(service: LocalService, path: string, at: string | undefined) {
    this.service = service;
    this.path = path;
    this.at = at;
  }

  size(): Answer<number> {
    if (this.at === undefined) return failed('ERR_OBJECT_NOT_FOUND');
    const sidecar = this.service.loadMetadata(this.at);
    return sidecar.error === 'ERR_OK' ? answer(sidecar.value.size) : sidecar;
  }

  readWhole(): Answer<Uint8Array> {
    const size = this.size();
    return size.error === 'ERR_OK' ? this.read(0, size.value, 'ERR_FS_INTERNAL') : size;
  }

  readBlock(offset: number, length: number): Answer<Uint8Array> {
    return this.read(offset, length, 'ERR_FILE_OPERATION_FAILED');
  }

  private read(offset: number, length: number, otherwise: RemoteError): Answer<Uint8Array> {
    const { at } = this;
    if (at === undefined) return failed('ERR_OBJECT_NOT_FOUND');
    return this.service.attempt(() => this.service.tree.read(at, offset, length), otherwise);
  }
}
