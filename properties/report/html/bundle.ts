/** The page's code and style, bundled from their sources once per process. */
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface Bundle {
  readonly script: string;
  readonly style: string;
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

async function make(): Promise<Bundle> {
  const [built, style] = await Promise.all([
    build({
      entryPoints: [here('page/main.tsx')],
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: ['chrome103', 'firefox113', 'safari16.4'],
      jsx: 'automatic',
      jsxImportSource: 'preact',
      // The page's bytes must not depend on where the project lies.
      absWorkingDir: here('page'),
      legalComments: 'none',
      // Everything outside of ASCII is escaped: the hash of the script does not depend on how the file is read.
      charset: 'ascii',
      logLevel: 'silent',
    }),
    readFile(here('page/style.css'), 'utf8'),
  ]);
  const script = built.outputFiles[0]?.text;
  if (script === undefined) throw new Error('esbuild made no page');
  return { script, style };
}

let made: Promise<Bundle> | undefined;

export function bundle(): Promise<Bundle> {
  made ??= make();
  return made;
}
