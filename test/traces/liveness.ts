/** Refusing traces of beacons, leases and reads (repl 1.10, 1.1). */
import type { ModelConfig } from '../../model/config.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import type { Refused } from './refused.ts';
import { A, CONFIG, P, SERVING, started, status, stopped } from './story.ts';

const MS = 1000;
/** Four seconds of lease, checked every second. */
const LEASED: ModelConfig = { ...CONFIG, settings: { ...CONFIG.settings, fdLeaseMs: 4000, fdCheckIntervalMs: 1000 } };

const acked = (node: NodeId, sentUs: number, atUs = sentUs + 200): ModelEvent => ({ kind: 'beacon.acked', node, sentUs, atUs });
const served = (node: NodeId, atUs: number): ModelEvent => ({ kind: 'read.served', node, gpid: '1.0', atUs });

/** A group that serves, with leases that are there from the beginning. */
const UP = SERVING.flatMap((event) => (event.kind === 'process.started' ? [event, acked(event.node, event.atUs)] : [event]));
const LAST_US = Math.max(...SERVING.map(({ atUs }) => atUs));
const RENEWED = [...UP, acked(P, LAST_US + 100 * MS)];
const ENDS_US = LAST_US + 4100 * MS;

export const LIVENESS: readonly Refused[] = [
  {
    rule: 'fd/beacon-of-a-running-server',
    why: 'an answer to a process that is gone',
    before: [...UP, stopped(A, 'crash', LAST_US + MS)],
    event: acked(A, LAST_US),
    permitted: started(A, LAST_US + 2 * MS),
    says: 'to run, got it is down',
    config: LEASED,
  },
  {
    rule: 'fd/read-by-the-primary',
    why: 'a secondary answers a client',
    before: RENEWED,
    event: served(A, LAST_US + 200 * MS),
    permitted: served(P, LAST_US + 200 * MS),
    says: 'a replica that is PS_SECONDARY',
    config: LEASED,
  },
  {
    rule: 'fd/read-within-the-lease',
    why: 'it ended a millisecond before',
    before: RENEWED,
    event: served(P, ENDS_US + MS),
    permitted: served(P, ENDS_US),
    says: 'a lease, got it ended 1000 us before',
    config: LEASED,
  },
  {
    rule: 'fd/read-within-the-lease',
    why: 'it runs from the sending of a beacon, and not from its answer',
    before: [...UP, acked(P, LAST_US + 100 * MS, LAST_US + 900 * MS)],
    event: served(P, ENDS_US + 500 * MS),
    permitted: served(P, ENDS_US),
    config: LEASED,
  },
  {
    rule: 'fd/primary-with-a-lease',
    why: 'the role is taken again under a lease that is over',
    before: [...RENEWED, status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1, ENDS_US - 500 * MS)],
    event: status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1, ENDS_US + MS),
    permitted: status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1, ENDS_US),
    says: 'a lease, got it ended 1000 us before',
    config: LEASED,
  },
  {
    rule: 'fd/primary-with-a-lease',
    why: 'no beacon of this life was answered',
    before: SERVING.slice(0, SERVING.findIndex((event) => event.kind === 'replica.status' && event.to === 'PS_PRIMARY')),
    event: status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1),
    says: 'no beacon of this process was answered',
    config: LEASED,
  },
];
