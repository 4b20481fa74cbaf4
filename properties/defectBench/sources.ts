/** Which files the pages point to: the module of a defect, the parts that it overrides, and what departures.md says of a suspect. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_PARTS } from '../../impl/parts.ts';
import type { Defect } from '../defects/types.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** TypeScript files below a folder, with their texts, in the order of their paths. */
function sourcesUnder(folder: string): readonly { readonly path: string; readonly text: string }[] {
  const dir = join(ROOT, folder);
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => ({ path: relative(ROOT, join(dir, name)).replaceAll('\\', '/'), text: readFileSync(join(dir, name), 'utf8') }));
}

/** Where each class of the implementation is, and each defect module. */
export class Sources {
  private readonly defects = sourcesUnder('properties/defects');
  private readonly classes = new Map<string, string>();
  private readonly departures: readonly { readonly ids: string; readonly text: string }[];

  constructor() {
    for (const { path, text } of sourcesUnder('impl')) {
      for (const [, name = ''] of text.matchAll(/^export (?:abstract )?class (\w+)/gm)) this.classes.set(name, path);
    }
    const rows = readFileSync(join(ROOT, 'docs/departures.md'), 'utf8').matchAll(/^\| ([^|]+) \| (.+?) \|(?:.*\|)?$/gm);
    this.departures = [...rows].map(([, ids = '', text = '']) => ({ ids, text })).filter(({ text }) => !text.startsWith('(no departure)'));
  }

  /** From the repository's root. */
  moduleFile(id: string): string {
    const file = this.defects.find(({ text }) => text.includes(`id: '${id}'`));
    if (file === undefined) throw new Error(`no file under properties/defects has the id ${id}`);
    return file.path;
  }

  /** What a defect overrides, part by part. */
  seams(defect: Defect): readonly { readonly name: string; readonly file: string }[] {
    return defect.changes.flatMap(({ part, mend }) => {
      const base = DEFAULT_PARTS[part];
      const made = (mend as (given: typeof base) => typeof base)(base);
      const file = this.classes.get(base.name);
      if (file === undefined) throw new Error(`no file under impl has the class ${base.name}`);
      const names = Object.getOwnPropertyNames(made.prototype).filter((name) => name !== 'constructor');
      return names.length === 0 ? [{ name: part, file }] : names.map((name) => ({ name: `${part}.${name}`, file }));
    });
  }

  /** Rows of departures.md about the suspects that an issue names (`dup.B1`, `repl.R8`), in their order there. */
  departuresOf(issue: string): readonly string[] {
    const wanted = [...issue.matchAll(/\b(dup|bl|repl|plog|thr)\.([A-Z]\d+)\b/g)];
    return this.departures
      .filter(({ ids }) => wanted.some(([, sheet = '', id = '']) => ids.startsWith(`${sheet}.`) && new RegExp(`\\b${id}\\b`).test(ids)))
      .map(({ text }) => text);
  }
}
