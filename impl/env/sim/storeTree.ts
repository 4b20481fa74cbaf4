/** The tree of named values inside a state store: paths like `/a/b`, root `/`. Errors are those of the contract. */
import type { StoreError, StoreResult } from '../contract.ts';

interface StoreNode {
  value: string;
  readonly children: Map<string, StoreNode>;
}

function result(error: StoreError, value = '', children: readonly string[] = []): StoreResult {
  return { error, value, children };
}

/** Path components, or undefined when the path is not absolute, ends in a slash or has an empty component. */
function split(path: string): readonly string[] | undefined {
  if (path === '/') return [];
  if (!path.startsWith('/')) return undefined;
  const names = path.slice(1).split('/');
  return names.includes('') ? undefined : names;
}

export class StoreTree {
  private readonly root: StoreNode = { value: '', children: new Map() };

  create(path: string, value: string): StoreResult {
    const names = split(path);
    if (names === undefined) return result('ERR_INVALID_PARAMETERS');
    const name = names.at(-1);
    if (name === undefined) return result('ERR_PATH_ALREADY_EXIST');
    const parent = this.find(names.slice(0, -1));
    if (parent === undefined) return result('ERR_OBJECT_NOT_FOUND');
    if (parent.children.has(name)) return result('ERR_PATH_ALREADY_EXIST');
    parent.children.set(name, { value, children: new Map() });
    return result('ERR_OK');
  }

  set(path: string, value: string): StoreResult {
    const node = this.at(path);
    if (typeof node === 'string') return result(node);
    node.value = value;
    return result('ERR_OK');
  }

  get(path: string): StoreResult {
    const node = this.at(path);
    return typeof node === 'string' ? result(node) : result('ERR_OK', node.value);
  }

  children(path: string): StoreResult {
    const node = this.at(path);
    return typeof node === 'string' ? result(node) : result('ERR_OK', '', [...node.children.keys()].sort());
  }

  /** A node with children goes only with `recursive`; the root stays. */
  remove(path: string, recursive: boolean): StoreResult {
    const node = this.at(path);
    if (typeof node === 'string') return result(node);
    const names = split(path) ?? [];
    const name = names.at(-1);
    if (name === undefined || (node.children.size > 0 && !recursive)) return result('ERR_INVALID_PARAMETERS');
    this.find(names.slice(0, -1))?.children.delete(name);
    return result('ERR_OK');
  }

  /** Every node below the root, parents first, siblings sorted. */
  entries(): readonly (readonly [path: string, value: string])[] {
    const found: (readonly [string, string])[] = [];
    const walk = (node: StoreNode, path: string): void => {
      for (const name of [...node.children.keys()].sort()) {
        const child = node.children.get(name);
        if (child === undefined) continue;
        found.push([`${path}/${name}`, child.value]);
        walk(child, `${path}/${name}`);
      }
    };
    walk(this.root, '');
    return found;
  }

  private at(path: string): StoreNode | StoreError {
    const names = split(path);
    if (names === undefined) return 'ERR_INVALID_PARAMETERS';
    return this.find(names) ?? 'ERR_OBJECT_NOT_FOUND';
  }

  private find(names: readonly string[]): StoreNode | undefined {
    let node: StoreNode | undefined = this.root;
    for (const name of names) node = node?.children.get(name);
    return node;
  }
}
