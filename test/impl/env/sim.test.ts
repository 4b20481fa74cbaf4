/** The contract suite on the simulated side. */
import { CALM } from '../../../impl/env/sim/chance.ts';
import type { Env } from '../../../impl/env/contract.ts';
import { task } from '../../../impl/env/contract.ts';
import { SimWorld } from '../../../impl/env/sim/world.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import { contractSuite, type Side } from './contract.ts';
import { START_WALL_US, TraceObserver } from './fixture.ts';

class Root {
  readonly env: Env;
  failure: unknown = undefined;

  constructor(env: Env) {
    this.env = env;
  }

  run(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

function open(): Side {
  const world = new SimWorld({ chance: CALM, observer: new TraceObserver(), startWallUs: START_WALL_US, strict: true });
  const { poolWorkers, taskOverrides } = DEFAULT_SETTINGS;
  world.addNode('n', { cluster: 'c', poolWorkers, taskOverrides, boot: (env) => new Root(env) });
  world.startNode('n');
  const root = world.rootOf('n');
  if (!(root instanceof Root)) throw new Error('not up');
  const runUntilIdle = (): void => {
    world.run({ untilUs: Number.POSITIVE_INFINITY });
    if (root.failure !== undefined) throw root.failure;
  };
  return {
    disk: root.env.disk,
    clock: root.env.clock,
    tasks: root.env.tasks,
    inside(act): void {
      world.post('n', 'LPC_CLIENT', 0, task(root, 'run', act));
      runUntilIdle();
    },
    runUntilIdle,
  };
}

contractSuite('simulated', open);
