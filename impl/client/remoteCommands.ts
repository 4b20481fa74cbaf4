/**
 * Remote commands at replica servers (repl 2.2, 2.3): checkpoints, metrics and progress of one partition, asked of its
 * primary or of every member. Each attempt asks the meta server anew who serves the partition. A command that only asks
 * is repeated when no answer came, one that starts something is not.
 */
import type { CheckpointTrigger, Decree, ErrorCode, Gpid, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, resume, task } from '../env/contract.ts';
import type { Continuation, RpcResult } from '../env/contract.ts';
import { threadHash } from '../protocol/gpid.ts';
import type { CliResponse } from '../protocol/messages.ts';
import { noProgress, parseCheckpointOutput, parseMetricsOutput, parseProgressOutput, wasTriggered } from './cliOutput.ts';
import type { ProgressOutput } from './cliOutput.ts';
import { errorOf } from './metaCaller.ts';
import type { Resolution, TableResolver } from './tableResolver.ts';

/** What the primary says of its checkpoints. Decrees are -1 and `prepared` false unless ERR_OK. */
export interface CheckpointAnswer {
  readonly error: ErrorCode;
  readonly durable: Decree;
  readonly prepared: boolean;
  readonly minDecree: Decree;
}
/** Counters and gauges of the primary's replica by upstream's names (dup 10); what was never told is left out. */
export interface MetricsAnswer {
  readonly error: ErrorCode;
  /** Whose they are; '' unless ERR_OK. */
  readonly node: NodeId;
  readonly metrics: Readonly<Record<string, number>>;
}
/** Decrees of the primary's replica, and its duplicators: -1 and none unless ERR_OK. */
export interface ProgressAnswer extends ProgressOutput {
  readonly node: NodeId;
}
export interface TriggeredAnswer {
  readonly error: ErrorCode;
  readonly trigger: CheckpointTrigger;
}

/** A remote command about one partition. */
interface CliCall {
  readonly table: string;
  readonly partitionIndex: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly deadlineUs: number;
  /** To each member, or to the primary alone. */
  readonly audience: 'members' | 'primary';
  readonly isQuestion: boolean;
  outstanding: number;
  /** The last server that it was sent to. */
  node: NodeId;
  /** The first error of the members. */
  error: ErrorCode;
  readonly finish:
    | { readonly kind: 'triggered'; readonly then: Continuation<TriggeredAnswer> }
    | { readonly kind: 'checkpoint'; readonly then: Continuation<CheckpointAnswer> }
    | { readonly kind: 'metrics'; readonly then: Continuation<MetricsAnswer> }
    | { readonly kind: 'progress'; readonly then: Continuation<ProgressAnswer> };
}

export class RemoteCommands {
  readonly ctx: Context;
  readonly timeoutMs: number;
  readonly resolver: TableResolver;
  private nextId = 1;
  private readonly cliCalls = new Map<number, CliCall>();

  /** `timeoutMs`: deadline of each command. */
  constructor(ctx: Context, metaServers: readonly NodeId[], timeoutMs: number) {
    this.ctx = ctx;
    this.timeoutMs = timeoutMs;
    this.resolver = new ctx.parts.TableResolver(ctx, metaServers);
  }

  /** `replica.trigger-checkpoint` at every member; ERR_OK when each has started one (repl 2.2). */
  triggerCheckpoint(table: string, partitionIndex: number, then: Continuation<TriggeredAnswer>): void {
    const finish = { kind: 'triggered', then } as const;
    this.beginCli(table, partitionIndex, 'replica.trigger-checkpoint', [], 'members', false, finish);
  }

  /** Asks the primary for a checkpoint of at least `minDecree`; it answers when it is started (repl 2.3). */
  emergencyCheckpoint(
    table: string,
    partitionIndex: number,
    minDecree: Decree | 'last-applied',
    then: Continuation<CheckpointAnswer>,
  ): void {
    const finish = { kind: 'checkpoint', then } as const;
    this.beginCli(table, partitionIndex, 'replica.emergency-checkpoint', [String(minDecree)], 'primary', false, finish);
  }

  /** What the primary's newest checkpoint covers. */
  queryCheckpoint(
    table: string,
    partitionIndex: number,
    minDecree: Decree,
    then: Continuation<CheckpointAnswer>,
  ): void {
    const finish = { kind: 'checkpoint', then } as const;
    this.beginCli(table, partitionIndex, 'replica.query-checkpoint', [String(minDecree)], 'primary', true, finish);
  }

  /** The metrics of the primary's replica. */
  queryMetrics(table: string, partitionIndex: number, then: Continuation<MetricsAnswer>): void {
    this.beginCli(table, partitionIndex, 'replica.metrics', [], 'primary', true, { kind: 'metrics', then });
  }

  /** The progress of the primary's replica. */
  queryProgress(table: string, partitionIndex: number, then: Continuation<ProgressAnswer>): void {
    this.beginCli(table, partitionIndex, 'replica.query-progress', [], 'primary', true, { kind: 'progress', then });
  }

  private beginCli(
    table: string,
    partitionIndex: number,
    command: string,
    args: readonly string[],
    audience: CliCall['audience'],
    isQuestion: boolean,
    finish: CliCall['finish'],
  ): void {
    const id = this.nextId++;
    const deadlineUs = this.deadlineUs();
    const about = { table, partitionIndex, command, args, audience, isQuestion, finish };
    this.cliCalls.set(id, { ...about, deadlineUs, outstanding: 0, node: '', error: 'ERR_OK' });
    this.attemptCli(id);
  }

  /** Each attempt asks for the configuration anew: an operator's tool keeps none. */
  attemptCli(id: number): void {
    const call = this.cliCalls.get(id);
    if (call !== undefined) this.resolver.query(call.table, call.deadlineUs, reply(this, 'onCliResolved', id));
  }

  onCliResolved({ error, config: table }: Resolution, id: number): void {
    const call = this.cliCalls.get(id);
    if (call === undefined) return;
    const config = table?.partitions[call.partitionIndex];
    if (error !== 'ERR_OK') this.finishCli(id, error);
    else if (config === undefined) this.finishCli(id, 'ERR_INVALID_PARAMETERS');
    else if (config.primary === '') this.attemptCliLater(id);
    else this.sendCli(id, call, config);
  }

  private sendCli(id: number, call: CliCall, config: PartitionConfig): void {
    const targets = this.audienceOf(call.audience, config);
    call.outstanding = targets.length;
    for (const node of targets) this.callCli(id, call, node, config.gpid);
  }

  audienceOf(audience: 'members' | 'primary', config: PartitionConfig): readonly NodeId[] {
    if (config.primary === '') return [];
    return audience === 'primary' ? [config.primary] : [config.primary, ...config.secondaries];
  }

  private callCli(id: number, call: CliCall, node: NodeId, gpid: Gpid): void {
    const request = { command: call.command, args: [gpid, ...call.args] };
    call.node = node;
    const timeoutMs = Math.max(1, this.remainingMs(call.deadlineUs));
    const options = { hash: threadHash(gpid), timeoutMs, gpid };
    this.ctx.env.rpc.call(node, 'RPC_CLI_CLI_CALL', request, options, reply(this, 'onCliAnswer', id));
  }

  onCliAnswer(result: RpcResult<CliResponse>, id: number): void {
    const call = this.cliCalls.get(id);
    if (call === undefined) return;
    const error = this.cliAnswerError(result, call.finish.kind);
    if (call.error === 'ERR_OK') call.error = error;
    if (--call.outstanding > 0) return;
    if (call.finish.kind === 'triggered') this.finishCli(id, call.error);
    else if (result.error !== 'ERR_OK' && this.mayRepeatCli(call, error)) this.attemptCliLater(id);
    else if (error === 'ERR_OK') this.finishAnswered(id, call, result.body?.output ?? '');
    else this.finishCli(id, error);
  }

  /** A replica that ignored a trigger has no role at the moment. */
  cliAnswerError(result: RpcResult<CliResponse>, kind: CliCall['finish']['kind']): ErrorCode {
    const error = errorOf(result);
    const ignored = kind === 'triggered' && error === 'ERR_OK' && !wasTriggered(result.body?.output ?? '');
    return ignored ? 'ERR_INVALID_STATE' : error;
  }

  /** A question without an answer may be asked again. */
  mayRepeatCli(call: { readonly isQuestion: boolean }, _error: ErrorCode): boolean {
    return call.isQuestion;
  }

  private attemptCliLater(id: number): void {
    const call = this.cliCalls.get(id);
    if (call === undefined) return;
    call.error = 'ERR_OK';
    const { clientRetryMs } = this.ctx.settings;
    if (this.remainingMs(call.deadlineUs) <= clientRetryMs) this.finishCli(id, 'ERR_TIMEOUT');
    else this.ctx.env.tasks.post('LPC_CLIENT', 0, clientRetryMs, task(this, 'attemptCli', id));
  }

  /** What the primary printed, when it can be read. */
  private finishAnswered(id: number, call: CliCall, output: string): void {
    const { finish, node } = call;
    if (finish.kind === 'checkpoint') {
      const answer = parseCheckpointOutput(output);
      if (answer !== undefined) return this.resumeCli(id, finish.then, answer);
    } else if (finish.kind === 'metrics') {
      const metrics = parseMetricsOutput(output);
      if (metrics !== undefined) return this.resumeCli(id, finish.then, { error: 'ERR_OK', node, metrics });
    } else if (finish.kind === 'progress') {
      const progress = parseProgressOutput(output);
      if (progress !== undefined) return this.resumeCli(id, finish.then, { ...progress, node });
    }
    this.finishCli(id, 'ERR_INVALID_DATA');
  }

  private resumeCli<T>(id: number, then: Continuation<T>, answer: T): void {
    this.cliCalls.delete(id);
    resume(then, answer);
  }

  private finishCli(id: number, error: ErrorCode): void {
    const call = this.cliCalls.get(id);
    if (call === undefined) return;
    this.cliCalls.delete(id);
    const final = this.cliError(error);
    if (call.finish.kind === 'triggered') resume(call.finish.then, { error: final, trigger: 'remote-command' });
    else if (call.finish.kind === 'metrics') resume(call.finish.then, { error: final, node: '', metrics: {} });
    else if (call.finish.kind === 'progress') resume(call.finish.then, { ...noProgress(final), node: '' });
    else resume(call.finish.then, { error: final, durable: -1, prepared: false, minDecree: -1 });
  }

  /** No answer is one kind of failure to the operator, however it was noticed. */
  cliError(error: ErrorCode): ErrorCode {
    return error === 'ERR_SESSION_RESET' || error === 'ERR_NETWORK_FAILURE' ? 'ERR_TIMEOUT' : error;
  }

  private deadlineUs(): number {
    return this.ctx.env.clock.monotonicUs() + this.timeoutMs * 1000;
  }

  private remainingMs(deadlineUs: number): number {
    return Math.floor((deadlineUs - this.ctx.env.clock.monotonicUs()) / 1000);
  }
}
