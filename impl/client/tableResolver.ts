/**
 * Which replica server serves a key: the configurations of tables as the meta server told them, kept until an answer
 * shows that they are old (dependencies.md 3; upstream's partition_resolver). One query of a table is in flight at
 * most; who asks meanwhile waits for its answer.
 */
import type { ErrorCode, NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, resume } from '../env/contract.ts';
import type { Continuation } from '../env/contract.ts';
import type { QueryConfigResponse } from '../protocol/messages.ts';
import { errorOf } from './metaCaller.ts';
import type { MetaCaller, MetaResult } from './metaCaller.ts';

/**
 * What a query came to: the configuration with ERR_OK, none with an error. All who waited get it, also what the first of them
 * forgets at once, because its own partition has no primary: another one's may have.
 */
export interface Resolution {
  readonly error: ErrorCode;
  readonly config: QueryConfigResponse | undefined;
}

type Resolved = Continuation<Resolution>;

export class TableResolver {
  readonly ctx: Context;
  readonly meta: MetaCaller;
  private readonly cached = new Map<string, QueryConfigResponse>();
  private readonly waiting = new Map<string, Resolved[]>();

  constructor(ctx: Context, metaServers: readonly NodeId[]) {
    this.ctx = ctx;
    this.meta = new ctx.parts.MetaCaller(ctx, metaServers);
  }

  /** The configuration of the table as far as it is known. */
  known(table: string): QueryConfigResponse | undefined {
    return this.cached.get(table);
  }

  /** Forgets a configuration that led to a wrong server. A newer one than `seen` stays. */
  forget(table: string, seen: QueryConfigResponse): void {
    if (this.cached.get(table) === seen) this.cached.delete(table);
  }

  /**
   * Makes the table known by a query, and resumes with ERR_OK; ERR_APP_NOT_EXIST when there is no such table, else what
   * kept the meta server from answering. The query that is in flight already keeps its own deadline.
   */
  query(table: string, deadlineUs: number, then: Resolved): void {
    const waiting = this.waiting.get(table);
    if (waiting !== undefined) {
      waiting.push(then);
      return;
    }
    this.waiting.set(table, [then]);
    const code = 'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX';
    this.meta.call(code, { appName: table }, deadlineUs, reply(this, 'onQueried', table));
  }

  onQueried(result: MetaResult<'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX'>, table: string): void {
    const error = this.tableError(errorOf(result));
    const config = result.error === 'ERR_OK' && error === 'ERR_OK' ? result.body : undefined;
    if (config !== undefined) this.cached.set(table, config);
    const waiting = this.waiting.get(table) ?? [];
    this.waiting.delete(table);
    for (const then of waiting) resume(then, { error, config });
  }

  /** The meta server's answer for an unknown table is the same word as a server's for an unknown replica. */
  tableError(error: ErrorCode): ErrorCode {
    return error === 'ERR_OBJECT_NOT_FOUND' ? 'ERR_APP_NOT_EXIST' : error;
  }
}
