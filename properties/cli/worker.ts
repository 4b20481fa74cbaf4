/** The thread in which a searching command runs (see terminal.ts): it only ever talks to the thread that owns the terminal. */
import { parentPort, workerData } from 'node:worker_threads';
import { main } from './main.ts';
import type { WorkerData, WorkerMessage } from './terminal.ts';

const { args, interactive, stop } = workerData as WorkerData;

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

const code = await main(args, {
  out: (text) => {
    tell({ kind: 'out', text });
  },
  err: (text) => {
    tell({ kind: 'err', text });
  },
  draw: (text) => {
    tell({ kind: 'draw', text });
  },
  interactive,
  stopped: () => Atomics.load(stop, 0) === 1,
});
tell({ kind: 'end', code });
