/**
 * The shape of a claim's audits. Each claimed kind has two, one in each direction: *claimed implies real* (what the
 * code under test says is seen to be so) and *real implies claimed* (what is seen was said). An audit is passive: it
 * looks at claims, messages and decoded disk effects as they happen, and speaks when they disagree.
 *
 * A claim and its effect may come in either order inside one task, so what is missing is owed until the task ends
 * (`settle`); a process that ends drops what it owed.
 */
import type { DupEntryFact } from '../../../model/duplicationEvents.ts';
import type { Claim, ClaimedEvent, MutationFact } from '../../../model/events.ts';
import type { Decree, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type {
  ConfigSyncRequest,
  GroupCheckRequest,
  GroupCheckResponse,
  PrepareAck,
  PrepareRequest,
  WriteResponse,
} from '../../../impl/protocol/messages.ts';
import type { DuplicationConfirmEntry } from '../../../impl/protocol/duplicationMessages.ts';
import type { DiskView } from './diskView.ts';
import type { DuplicatorView } from './dupView.ts';
import type { LoadContents } from './loadFiles.ts';
import type { LoadStand } from './loadView.ts';
import type { DatabaseReading } from './storageReader.ts';
import type { ThrottledRequest } from './throttleView.ts';
import type { LogFile, Listing, NodeView, ReplicaView } from './view.ts';

export type ClaimedKind = ClaimedEvent['kind'];
export type ClaimOf<K extends ClaimedKind> = Extract<Claim, { readonly kind: K }>;
export type Direction = 'claimed-implies-real' | 'real-implies-claimed';
export type StoredReplica = ConfigSyncRequest['stored'][number];

/** What an audit may ask and say. */
export interface Desk {
  disk(node: NodeId): DiskView;
  nodeView(node: NodeId): NodeView;
  /** The stored configuration of this replica's partition with its ballot, when it is still known. */
  config(view: ReplicaView, ballot: number): PartitionConfig | undefined;
  /** The moment of the effect or claim at hand. */
  nowUs(): number;
  /** When the handler began that wrote the message at hand, microseconds: later claims are not in it. */
  readonly writtenUs: number;
  /** Files of loads by MD5. */
  readonly contents: Pick<LoadContents, 'get'>;
  /** The view is settled when the running task has ended. */
  owe(view: ReplicaView): void;
  /** A difference between claim and world. */
  lie(
    kind: ClaimedKind,
    direction: Direction,
    view: ReplicaView,
    message: string,
    expected: string,
    actual: string,
  ): void;
}

/** Everything an audit may react to. Hooks see the view as it was before the claim or effect at hand. */
export interface Hooks {
  /** A claim of another kind. */
  readonly otherClaim?: (desk: Desk, view: ReplicaView, claim: Claim) => void;
  /** `mutation` is undefined when its bytes do not decode. */
  readonly prepareSent?: (
    desk: Desk,
    view: ReplicaView,
    to: NodeId,
    request: PrepareRequest,
    mutation: MutationFact | undefined,
  ) => void;
  readonly prepareReceived?: (
    desk: Desk,
    view: ReplicaView,
    request: PrepareRequest,
    mutation: MutationFact | undefined,
  ) => void;
  readonly prepareAnswered?: (desk: Desk, view: ReplicaView, ack: PrepareAck) => void;
  /** The answer to a request of the data path left; undefined: one that came when nothing told its replica to throttle. */
  readonly requestAnswered?: (desk: Desk, view: ReplicaView, request: ThrottledRequest | undefined, error: string) => void;
  readonly groupCheckSent?: (desk: Desk, view: ReplicaView, request: GroupCheckRequest) => void;
  readonly groupCheckAnswered?: (desk: Desk, view: ReplicaView, response: GroupCheckResponse) => void;
  readonly writeAnswered?: (desk: Desk, view: ReplicaView, response: WriteResponse) => void;
  /** One line of the list that a server sends with its configuration sync. */
  readonly replicaReported?: (desk: Desk, view: ReplicaView, stored: StoredReplica) => void;
  /** A DUPLICATE write left for the follower; `sender` is the duplicator that it must be of, if any can be. */
  readonly duplicateSent?: (
    desk: Desk,
    view: ReplicaView,
    to: NodeId,
    sender: DuplicatorView | undefined,
    entries: readonly DupEntryFact[],
  ) => void;
  /** A duplication sync left; `report` is what it says of this duplicator, undefined when it says nothing. */
  readonly progressReported?: (
    desk: Desk,
    view: ReplicaView,
    duplicator: DuplicatorView,
    report: DuplicationConfirmEntry | undefined,
  ) => void;
  /** Bytes of a download were written into the replica's `bulk_load` directory. */
  readonly downloaded?: (desk: Desk, view: ReplicaView, file: string) => void;
  /** A member's word about its load left. */
  readonly memberReported?: (desk: Desk, view: ReplicaView, stand: LoadStand) => void;
  readonly logged?: (desk: Desk, view: ReplicaView, file: LogFile, mutation: MutationFact) => void;
  readonly flushed?: (desk: Desk, view: ReplicaView, from: Decree, reading: DatabaseReading) => void;
  readonly checkpointListed?: (desk: Desk, view: ReplicaView, decree: Decree, listing: Listing) => void;
  readonly initInfoReplaced?: (desk: Desk, view: ReplicaView, initBallot: number) => void;
  readonly directoryGone?: (desk: Desk, view: ReplicaView, suffix: 'err' | 'gar' | 'other') => void;
  /** The JSON with which a remote command about this replica was answered. */
  readonly cliAnswered?: (desk: Desk, view: ReplicaView, answer: Readonly<Record<string, unknown>>) => void;
  /** The task has ended: what is still missing is a lie. */
  readonly settle?: (desk: Desk, view: ReplicaView) => void;
}

export interface Audit<K extends ClaimedKind> extends Hooks {
  /** What holds, in one sentence. */
  readonly holds: string;
  readonly claim?: (desk: Desk, view: ReplicaView, claim: ClaimOf<K>) => void;
}

export interface AuditPair<K extends ClaimedKind> {
  readonly claimedImpliesReal: Audit<K>;
  readonly realImpliesClaimed: Audit<K>;
}
