/** `pegasus-check seams`: every part and the methods of it that a defect module can override. */
import { DEFAULT_PARTS } from '../../impl/parts.ts';
import { EXIT, type Io } from './io.ts';

export function seams(): readonly { readonly part: string; readonly methods: readonly string[] }[] {
  return Object.entries(DEFAULT_PARTS).map(([part, made]) => {
    const methods = new Set<string>();
    for (let level: object = made.prototype; level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
      for (const name of Object.getOwnPropertyNames(level)) if (name !== 'constructor') methods.add(name);
    }
    return { part, methods: [...methods].sort() };
  });
}

export function runSeams(options: { readonly json: boolean }, io: Io): number {
  const all = seams();
  if (options.json) io.out(JSON.stringify(all));
  else for (const { part, methods } of all) io.out(`${part}: ${methods.join(', ')}`);
  return EXIT.nothingFound;
}
