/** `pegasus-check seams`: every part and the methods of it that a defect module can override. */
import { DEFAULT_PARTS } from '../../impl/parts.ts';
import { EXIT, type Io } from './io.ts';

export function seams(): readonly { readonly part: string; readonly methods: readonly string[] }[] {
  return Object.entries(DEFAULT_PARTS).map(([part, made]) => {
    const prototype: object = made.prototype;
    return { part, methods: Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor').sort() };
  });
}

export function runSeams(options: { readonly json: boolean }, io: Io): number {
  const all = seams();
  if (options.json) io.out(JSON.stringify(all));
  else for (const { part, methods } of all) io.out(`${part}: ${methods.join(', ')}`);
  return EXIT.nothingFound;
}
