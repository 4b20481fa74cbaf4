#!/usr/bin/env node
// Runs the command line on a Node that executes TypeScript directly: this one when it is new enough, else the pinned one that
// came with the dependencies.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = new URL('../properties/cli/main.ts', import.meta.url);

function pinnedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const home = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    return join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    return undefined;
  }
}

if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { main: run, TERMINAL } = await import(main.href);
  process.exitCode = await run(process.argv.slice(2), TERMINAL);
} else {
  const node = pinnedNode();
  if (node === undefined) {
    console.error(`pegasus-check needs Node 24 or newer (this is ${process.version}); run npm ci, or install Node 24`);
    process.exit(2);
  }
  // Ctrl-C goes to the whole process group: let the child print what it found and follow its exit code.
  process.on('SIGINT', () => {});
  const child = spawnSync(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(child.status ?? 130);
}
