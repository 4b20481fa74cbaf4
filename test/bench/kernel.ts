/**
 * How fast the bare env is: RPCs to and fro with tasks on both sides. Measured in wall time,
 * so these numbers are for people and for a gate with a wide margin, never for a digest.
 */
import { performance } from 'node:perf_hooks';
import { type Env, reply, type Replier, type RpcResult, task } from '../../impl/env/contract.ts';
import { CALM } from '../../impl/env/sim/chance.ts';
import { DEFAULT_LIMITS } from '../../impl/env/sim/limits.ts';
import type { WorldObserver } from '../../impl/env/sim/observer.ts';
import { SimWorld } from '../../impl/env/sim/world.ts';
import type { CliRequest, CliResponse } from '../../impl/protocol/messages.ts';
import { DEFAULT_SETTINGS } from '../../impl/settings.ts';

const nothing = (): void => undefined;

/** Sees nothing. */
export const BLIND: WorldObserver = {
  messageSent: nothing,
  messageDelivered: nothing,
  fileCreated: nothing,
  fileWritten: nothing,
  fileSynced: nothing,
  renamed: nothing,
  linked: nothing,
  removed: nothing,
  diskDamaged: nothing,
  storeAsked: nothing,
  storeAnswered: nothing,
  storeApplied: nothing,
  providerChanged: nothing,
  processStarted: nothing,
  processPaused: nothing,
  processStopped: nothing,
  claimed: nothing,
  faultStruck: nothing,
  taskStarted: nothing,
};

const LIMITS = { ...DEFAULT_LIMITS, dispatches: Number.POSITIVE_INFINITY };

function perSecond(kernelDispatches: () => number, run: () => void): number {
  const before = kernelDispatches();
  const startMs = performance.now();
  run();
  return Math.round(((kernelDispatches() - before) * 1000) / (performance.now() - startMs));
}

class Player {
  private readonly env: Env;
  private readonly peer: string;

  constructor(env: Env, peer: string) {
    this.env = env;
    this.peer = peer;
    env.rpc.serve('RPC_CLI_CLI_CALL', this, 'onPing');
  }

  onPing(_request: CliRequest, replier: Replier<CliResponse>): void {
    replier.reply({ error: 'ERR_OK', output: '' });
  }

  ping(hash: number): void {
    const options = { hash, timeoutMs: 1000, gpid: '1.0', decree: hash };
    const request = { command: 'ping', args: [] };
    this.env.rpc.call(this.peer, 'RPC_CLI_CLI_CALL', request, options, reply(this, 'onPong', hash));
  }

  onPong(_result: RpcResult<CliResponse>, hash: number): void {
    this.env.tasks.post('LPC_REPLICATION_HIGH', hash, 0, task(this, 'ping', hash));
  }
}

/** Dispatches per second of `players` endless RPC ping-pongs between two nodes, each hop through the pools. */
export function benchPingPong(dispatches: number, players = 16): number {
  const world = new SimWorld({ chance: CALM, observer: BLIND, startWallUs: 0, limits: LIMITS });
  const { poolWorkers, taskOverrides } = DEFAULT_SETTINGS;
  for (const [id, peer] of [['a', 'b'], ['b', 'a']] as const) {
    world.addNode(id, { cluster: 'c', poolWorkers, taskOverrides, boot: (env) => new Player(env, peer) });
    world.startNode(id);
  }
  const root = world.rootOf('a');
  if (!(root instanceof Player)) throw new Error('a is down');
  for (let i = 0; i < players; i++) world.post('a', 'LPC_REPLICATION_HIGH', i, task(root, 'ping', i));
  const stop = (): boolean => world.dispatches() >= dispatches;
  return perSecond(() => world.dispatches(), () => void world.run({ untilUs: 1e12, stop }));
}
