/** What the documents' tests share: their code blocks, and running a command line as a reader would type it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ran, type Ran } from '../properties/cli/ran.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Document {
  readonly text: string;
  /** The code blocks of a language. */
  blocks(language: string): readonly string[];
  /** The `npx pegasus-check` lines of its shell blocks, without remarks. */
  commandLines(): readonly string[];
}

/** @param path from the repository's root */
export function documentAt(path: string): Document {
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  const blocks = (language: string): readonly string[] => [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map((m) => m[1] ?? '');
  return {
    text,
    blocks,
    commandLines: () =>
      blocks('sh')
        .flatMap((block) => block.split('\n'))
        .map((line) => line.replace(/#.*/, '').trim())
        .filter((line) => line.startsWith('npx pegasus-check ')),
  };
}

/** Runs a command line; what a hunt writes goes to `out`. `files`: words that stand for other paths here. */
export function runLine(line: string, out: string, files: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const words = line
    .split(/\s+/)
    .slice(2)
    .map((word) => files[word] ?? word);
  return ran(...words, ...(words[0] === 'hunt' ? ['--out', out] : []));
}
