/** A small world for tests of the simulated env: echo servers, scripted chance, and an observer that writes a trace. */
import type { ClusterId, NodeId } from '../../../model/vocabulary.ts';
import { type Env, reply, type Replier, type RpcResult, task, type TaskHandle } from '../../../impl/env/contract.ts';
import type { Chance, ChancePoint } from '../../../impl/env/sim/chance.ts';
import type { Limits } from '../../../impl/env/sim/limits.ts';
import type { NodeOptions } from '../../../impl/env/sim/node.ts';
import type { WorldObserver } from '../../../impl/env/sim/observer.ts';
import { SimWorld } from '../../../impl/env/sim/world.ts';
import type { CliRequest, CliResponse } from '../../../impl/protocol/messages.ts';
import type { TaskCode } from '../../../impl/protocol/taskCodes.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';

export const START_WALL_US = 1_700_000_000_000_000;

export interface Decision {
  readonly point: ChancePoint;
  readonly where: string;
  readonly what: string;
  readonly gpid: string;
  readonly number: number;
}

/** Chance that follows rules: the first that gives a value wins; asked decisions are kept. */
export class ScriptedChance implements Chance {
  readonly asked: Decision[] = [];
  private readonly rule: (decision: Decision) => number | undefined;

  constructor(rule: (decision: Decision) => number | undefined = () => undefined) {
    this.rule = rule;
  }

  decide(point: ChancePoint, where: string, what: string, gpid: string, number: number): number | undefined {
    const decision = { point, where, what, gpid, number };
    this.asked.push(decision);
    return this.rule(decision);
  }

  random(): number {
    return 0.5;
  }
}

/** Writes every observation as a line, with the virtual time. */
export class TraceObserver implements WorldObserver {
  readonly lines: string[] = [];
  world: SimWorld | undefined = undefined;
  /** Called for each line, before it is kept. */
  hook: (line: string) => void = () => undefined;

  private say(...words: readonly unknown[]): void {
    const line = words.join(' ');
    this.lines.push(`${this.world?.nowUs() ?? 0} ${line}`);
    this.hook(line);
  }

  messageSent(...a: Parameters<WorldObserver['messageSent']>): void {
    this.say('sent', a[0], a[1], a[2], a[3], a[7]);
  }
  messageDelivered(...a: Parameters<WorldObserver['messageDelivered']>): void {
    this.say('delivered', a[0], a[1], a[2], a[3], a[7]);
  }
  fileCreated(...a: readonly unknown[]): void {
    this.say('created', ...a);
  }
  fileWritten(node: NodeId, path: string, offset: number, bytes: Uint8Array): void {
    this.say('written', node, path, offset, bytes.length);
  }
  fileSynced(...a: readonly unknown[]): void {
    this.say('synced', ...a);
  }
  renamed(...a: readonly unknown[]): void {
    this.say('renamed', ...a);
  }
  linked(...a: readonly unknown[]): void {
    this.say('linked', ...a);
  }
  removed(...a: readonly unknown[]): void {
    this.say('removed', ...a);
  }
  diskDamaged(...a: readonly unknown[]): void {
    this.say('damaged', ...a);
  }
  storeAsked(): void {
    // Told by what it leads to.
  }
  storeAnswered(): void {
    // Told by what it leads to.
  }
  storeApplied(...a: readonly unknown[]): void {
    this.say('stored', ...a);
  }
  providerChanged(provider: string, path: string, bytes: Uint8Array | undefined): void {
    this.say('provided', provider, path, bytes?.length ?? 'removed');
  }
  processStarted(...a: readonly unknown[]): void {
    this.say('started', ...a);
  }
  processPaused(...a: readonly unknown[]): void {
    this.say('paused', ...a);
  }
  processStopped(...a: readonly unknown[]): void {
    this.say('stopped', ...a);
  }
  claimed(node: NodeId): void {
    this.say('claimed', node);
  }
  faultStruck(...a: readonly unknown[]): void {
    this.say('fault', ...a);
  }
  taskStarted(node: NodeId, code: string, method: string): void {
    this.say('task', node, code, method);
  }
}

/** A process that answers CLI calls with their command and notes everything that reaches it. */
export class Echo {
  readonly env: Env;
  readonly notes: string[] = [];
  /** Repliers kept instead of answered, when `holding`. */
  readonly kept: Replier<CliResponse>[] = [];
  holding = false;

  constructor(env: Env) {
    this.env = env;
    env.rpc.serve('RPC_CLI_CLI_CALL', this, 'onCli');
  }

  onCli(request: CliRequest, replier: Replier<CliResponse>): void {
    this.note(`cli ${request.command} from ${replier.from}`);
    if (this.holding) this.kept.push(replier);
    else replier.reply({ error: 'ERR_OK', output: request.command });
  }

  ask(to: NodeId, command: string, timeoutMs = 1000, hash = 0): void {
    const request = { command, args: [] };
    this.env.rpc.call(to, 'RPC_CLI_CLI_CALL', request, { hash, timeoutMs }, reply(this, 'onAnswer', command));
  }

  onAnswer(result: RpcResult<unknown>, command: string): void {
    const { body } = result;
    const output = typeof body === 'object' && body !== null && 'output' in body ? String(body.output) : '';
    this.note(`${command}: ${result.error} ${output}`.trim());
  }

  /** Notes itself and takes its time. */
  work(name: string, costUs: number): void {
    this.note(name);
    this.env.tasks.charge(costUs);
  }

  post(code: TaskCode, name: string, options: { hash?: number; delayMs?: number; costUs?: number } = {}): TaskHandle {
    const { hash = 0, delayMs = 0, costUs = 0 } = options;
    return this.env.tasks.post(code, hash, delayMs, task(this, 'work', name, costUs));
  }

  note(text: string): void {
    this.notes.push(`${this.env.clock.monotonicUs()} ${text}`);
  }

  /** Runs what a test wants inside the process. */
  inside(act: (echo: Echo) => void): void {
    act(this);
  }

  /** The texts of the notes without their times. */
  get texts(): string[] {
    return this.notes.map((note) => note.slice(note.indexOf(' ') + 1));
  }
}

export interface Fixture {
  readonly world: SimWorld;
  readonly trace: TraceObserver;
  readonly chance: ScriptedChance;
  /** All lives of a node, the last is the present one. */
  readonly lives: ReadonlyMap<NodeId, Echo[]>;
  echo(node: NodeId): Echo;
  /** Posts `act` as a task of the node and runs until nothing is left. */
  within(node: NodeId, act: (echo: Echo) => void, code?: TaskCode): void;
  idle(): void;
}

export interface FixtureOptions {
  readonly nodes?: readonly NodeId[];
  readonly cluster?: ClusterId;
  readonly rule?: (decision: Decision) => number | undefined;
  readonly limits?: Partial<Limits>;
  readonly workers?: number;
  readonly strict?: boolean;
  readonly taskOverrides?: NodeOptions['taskOverrides'];
}

function pools(workers: number): NodeOptions['poolWorkers'] {
  return {
    THREAD_POOL_REPLICATION: workers,
    THREAD_POOL_REPLICATION_LONG: workers,
    THREAD_POOL_PLOG: workers,
    THREAD_POOL_DEFAULT: workers,
    THREAD_POOL_LOCAL_APP: workers,
    THREAD_POOL_COMPACT: workers,
    THREAD_POOL_FD: 1,
  THREAD_POOL_INGESTION: workers,
    THREAD_POOL_META_SERVER: workers,
    THREAD_POOL_META_STATE: workers,
  };
}

export function fixture(options: FixtureOptions = {}): Fixture {
  const { nodes = ['a', 'b'], cluster = 'source', rule, limits = {}, workers, strict = true } = options;
  const { taskOverrides = {} } = options;
  const chance = new ScriptedChance(rule);
  const trace = new TraceObserver();
  const world = new SimWorld({ chance, observer: trace, limits, startWallUs: START_WALL_US, strict });
  trace.world = world;
  const lives = new Map<NodeId, Echo[]>();
  const poolWorkers = workers === undefined ? DEFAULT_SETTINGS.poolWorkers : pools(workers);
  for (const node of nodes) {
    lives.set(node, []);
    const boot = (env: Env): Echo => {
      const echo = new Echo(env);
      lives.get(node)?.push(echo);
      return echo;
    };
    world.addNode(node, { cluster, poolWorkers, taskOverrides, boot });
    world.startNode(node);
  }
  const echo = (node: NodeId): Echo => {
    const root = world.rootOf(node);
    if (!(root instanceof Echo)) throw new Error(`${node} is down`);
    return root;
  };
  const idle = (): void => {
    const outcome = world.run({ untilUs: Number.POSITIVE_INFINITY });
    if (outcome !== 'idle') throw new Error(`not idle: ${JSON.stringify(outcome)}`);
  };
  const within = (node: NodeId, act: (echo: Echo) => void, code: TaskCode = 'LPC_CLIENT'): void => {
    world.post(node, code, 0, task(echo(node), 'inside', act));
    idle();
  };
  return { world, trace, chance, lives, echo, within, idle };
}
