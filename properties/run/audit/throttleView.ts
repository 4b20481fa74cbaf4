/** What the auditor knows of a replica's throttles (thr 5): whether it was ever told of any, and the requests since. */
import type { ClientRequest } from '../../../impl/protocol/messages.ts';

/** A request that has no answer yet. */
export interface ThrottledRequest {
  /** Unique in the run. */
  readonly id: number;
  readonly of: 'write' | 'read';
  readonly request: ClientRequest;
  /** What was claimed of it; undefined: it was let in. */
  verdict: 'DELAY' | 'REJECT' | undefined;
  /** Not before this moment is it answered. */
  dueUs: number;
}

export class ThrottleView {
  /** Its server was told of throttling envs: only then its requests are kept. */
  told = false;
  /** By the request's very body. */
  readonly requests = new Map<ClientRequest, ThrottledRequest>();
  /** The one whose handler runs. */
  current: ThrottledRequest | undefined = undefined;
  /** Delayed reads that were refused for want of tokens when they were carried out, and not answered yet. */
  lateRefusals = 0;

  forget(): void {
    this.requests.clear();
    this.current = undefined;
    this.lateRefusals = 0;
  }
}
