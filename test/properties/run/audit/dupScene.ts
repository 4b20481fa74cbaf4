/**
 * The hand-driven scene with a duplication: table 2 of `source`, whose partition 0 is primary at P, to table 5 of
 * `follower`.
 */
import type { Claim } from '../../../../model/events.ts';
import type { Decree, DuplicationStatus } from '../../../../model/vocabulary.ts';
import type {
  DuplicationConfirmEntry,
  DuplicationEntry,
  DuplicationSyncResponse,
} from '../../../../impl/protocol/duplicationMessages.ts';
import { duplicateBody, putBody, storedKey, type MadeEntry } from './bytes.ts';
import { GPID, META, P, Scene } from './scene.ts';

export const DUP = 77;
export const FOLLOWER_GPID = '5.0';
export const F = 'follower/replica-0';

export function tableJson(appId: number, name: string): string {
  return JSON.stringify({
    status: 'app_status::AS_AVAILABLE',
    app_type: 'pegasus',
    app_name: name,
    app_id: appId,
    partition_count: 4,
    max_replica_count: 2,
    envs: {},
  });
}

export function entryOf(
  status: DuplicationStatus,
  confirmed: Decree | undefined,
  dupId = DUP,
  remoteAppName = 'f',
): DuplicationEntry {
  return {
    dupId,
    status,
    remote: 'follower',
    createTsMs: 1_600_000_000_000,
    failMode: 'FAIL_SLOW',
    remoteAppName,
    remoteReplicaCount: 2,
    progress: confirmed === undefined ? {} : { 0: confirmed, 1: -1 },
    partitionStates: [],
  };
}

/** The entry that ships what `honestWrite(decree)` wrote. */
export function shipped(decree: Decree): MadeEntry {
  return {
    timestampUs: 1_600_000_000_000_000 + decree,
    code: 'RPC_RRDB_RRDB_PUT',
    raw: putBody(storedKey('h', `k${decree}`), `v${decree}`),
    clusterId: 1,
  };
}

export class DupScene extends Scene {
  override start(): this {
    super.start();
    this.storeTable('source', 2, 't');
    this.storeTable('follower', 5, 'f');
    return this;
  }

  storeTable(cluster: string, appId: number, name: string): void {
    this.auditor.storeApplied(cluster, 'set', `/pegasus/${cluster}/apps/${appId}`, tableJson(appId, name));
  }

  /** The answer of a sync arrives; the claims of its handler are made by the caller. */
  told(entries: readonly DuplicationEntry[], node = P): void {
    const body: DuplicationSyncResponse = { error: 'ERR_OK', apps: [{ appId: 2, duplications: entries }] };
    this.auditor.messageDelivered(META, node, 'RPC_CM_DUPLICATION_SYNC', 'reply', '', -1, body, '');
  }

  report(confirms: readonly Partial<DuplicationConfirmEntry>[], writtenUs = this.nowUs): void {
    const body = {
      node: P,
      confirms: confirms.map((confirm) => ({
        gpid: GPID,
        dupId: DUP,
        confirmedDecree: 0,
        checkpointPrepared: false,
        lastCommittedDecree: 0,
        ...confirm,
      })),
    };
    this.auditor.messageSent(P, META, 'RPC_CM_DUPLICATION_SYNC', 'request', '', -1, body, '', writtenUs);
  }

  dup(claim: Partial<Claim> & { readonly kind: 'dup.started'; readonly start: Decree }): void;
  dup(claim: Partial<Claim> & { readonly kind: 'dup.stopped' }): void;
  dup(claim: Partial<Claim> & { readonly kind: 'dup.shipped'; readonly last: Decree }): void;
  dup(claim: Partial<Claim> & { readonly kind: 'dup.skipped'; readonly from: Decree; readonly to: Decree }): void;
  dup(claim: Partial<Claim>): void {
    this.claim(P, { gpid: GPID, dupId: DUP, ...claim } as Claim);
  }

  send(entries: readonly MadeEntry[], writtenUs = this.nowUs, gpid = FOLLOWER_GPID, from = P): void {
    const body = duplicateBody(...entries);
    const request = { gpid, partitionHash: 0n, body, clientTimeoutMs: 1, commandId: 0 };
    this.auditor.messageSent(from, F, 'RPC_RRDB_RRDB_DUPLICATE', 'request', gpid, -1, request, '', writtenUs);
  }

  /** Three writes, and a duplicator that was told DS_LOG before them and ships from decree 1 on. */
  shipping(writes = 3): this {
    this.start();
    this.told([entryOf('DS_LOG', 0)]);
    this.dup({ kind: 'dup.started', start: 1 });
    this.task();
    for (let decree = 1; decree <= writes; decree++) this.honestWrite(decree);
    return this;
  }

  ship(...decrees: readonly Decree[]): void {
    for (const decree of decrees) {
      this.send([shipped(decree)]);
      this.task();
      this.dup({ kind: 'dup.shipped', last: decree });
      this.task();
    }
  }
}

/** A life of a duplicator, honestly. */
export function honest(): DupScene {
  const s = new DupScene().start();
  s.told([entryOf('DS_PREPARE', -1)]);
  s.task();
  s.honestWrite(1);
  s.report([{ confirmedDecree: 1 }]);
  s.told([entryOf('DS_APP', 1)]);
  s.task();
  s.told([entryOf('DS_LOG', 1)]);
  s.dup({ kind: 'dup.started', start: 2 });
  s.task();
  s.honestWrite(2);
  s.honestWrite(3);
  s.ship(2, 3);
  return s;
}
