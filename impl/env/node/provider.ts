/** Block services of type `local_service` on a real machine: directories of its file system, by configured name. */
import type { ProviderServices, ProviderTree } from '../contract.ts';
import { RealDisk } from './disk.ts';

export class RealProviders implements ProviderServices {
  private readonly roots: ReadonlyMap<string, string>;

  /** Name of each service and its root directory (upstream's `args`). */
  constructor(roots: ReadonlyMap<string, string>) {
    this.roots = roots;
  }

  tree(name: string): ProviderTree | undefined {
    const root = this.roots.get(name);
    return root === undefined ? undefined : new RealDisk(root);
  }
}
