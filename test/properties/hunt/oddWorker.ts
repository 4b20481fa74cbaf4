/** A process of a pool that ends as its job's property says; for tests of what becomes of the campaign then. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Asked } from '../../../properties/hunt/keeper.ts';

let jobs = 0;

function say(kind: string, rest: object): void {
  process.send?.({ kind, ...rest });
}

process.on('disconnect', () => {
  process.exit(1);
});
process.on('message', ({ job }: Asked) => {
  jobs += 1;
  const [word = '', file = ''] = ('property' in job ? (job.property ?? '') : '').split(' ');
  const outcome = { jobs, pid: process.pid };
  say('so far', { outcome });
  // `once FILE` dies the first time only: the file remembers it.
  if (word === 'once' && !existsSync(file)) {
    writeFileSync(file, '');
    process.exit(9);
  }
  if (word === 'exit') process.exit(3);
  if (word === 'kill') process.kill(process.pid, 'SIGKILL');
  if (word === 'memory') for (const held: number[][] = []; ; ) held.push(new Array<number>(1000).fill(1.5));
  if (word === 'still') for (;;);
  if (word === 'bad') say('bad input', { message: 'no such thing' });
  else if (word === 'throw') say('failed', { message: 'it threw RangeError: too far (x.ts:1)' });
  else if (word !== 'wait') say('done', { outcome });
});
