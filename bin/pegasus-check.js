#!/usr/bin/env node
// Runs the command line on a Node that executes TypeScript directly: this one when it is new enough, else the pinned one that
// came with the dependencies.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function pinnedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const home = dirname(nodeModule.createRequire(import.meta.url).resolve(`${name}/package.json`));
    const path = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

if (Number(process.versions.node.split('.')[0]) >= 24) {
  // What was compiled once is kept in the system's folder for temporary files (NODE_COMPILE_CACHE names another one, and
  // NODE_DISABLE_COMPILE_CACHE=1 none): the next start takes a third of the time. Where it cannot be written, nothing is kept.
  nodeModule.enableCompileCache();
  const { runTerminal } = await import('../properties/cli/terminal.ts');
  process.exitCode = await runTerminal(process.argv.slice(2));
} else {
  const node = pinnedNode();
  if (node === undefined) {
    process.stderr.write(`pegasus-check needs Node 24 or newer (this is ${process.version}); run npm ci, or install Node 24\n`);
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches the whole group, other signals this process alone: pass them on, and end as the child ends.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`pegasus-check: cannot start ${node} (${error.message}); run npm ci, or install Node 24\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}
