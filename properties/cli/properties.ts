/** `pegasus-check properties`: the registry as people read it. */
import { PROPERTIES } from '../registry/index.ts';
import { EXIT, type Io } from './io.ts';

export function runProperties(options: { readonly json: boolean }, io: Io): number {
  if (options.json) io.out(JSON.stringify(PROPERTIES.map(({ id, kind, sentence, subsystem }) => ({ id, kind, sentence, subsystem }))));
  else for (const p of PROPERTIES) io.out(`${p.id.padEnd(34)} ${p.kind.padEnd(10)} ${p.sentence}`);
  return EXIT.nothingFound;
}
