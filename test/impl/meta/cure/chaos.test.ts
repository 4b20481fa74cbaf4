/**
 * Random days of a cluster that cures: servers die and come back, messages and store answers are lost, the meta server
 * starts anew, an operator moves primaries, and clients write. The stand-ins hold what a replica would: a ballot, and what
 * is prepared and committed; a write is committed when every member of the stored configuration has it. Each stored
 * configuration is checked against the one before, and nothing that was committed may be missing on a primary. When the
 * trouble ends every partition becomes whole.
 */
import { describe, expect, it } from 'vitest';
import { decodeConfig } from '../../../../impl/meta/records.ts';
import type { ConfigProposal } from '../../../../impl/protocol/messages.ts';
import type { NodeId, PartitionConfig } from '../../../../model/vocabulary.ts';
import { requestFor } from '../metaCluster.ts';
import { CureCluster, textOf } from './cureCluster.ts';

const SERVERS = Array.from({ length: 5 }, (_, i) => `source/replica-${i}`);
const PARTITIONS = 2;

interface Held {
  ballot: number;
  committed: number;
  prepared: number;
}

/** A small generator of our own: the same day for the same seed, whatever the libraries. */
function random(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

class Day {
  readonly cluster: CureCluster;
  readonly chance: () => number;
  readonly held = new Map<string, Held>();
  /** By partition: what some client was told. */
  readonly committed = new Map<string, number>();
  readonly stored = new Map<string, PartitionConfig>();
  readonly wrong: string[] = [];
  isTroubled = false;
  writes = 0;
  changes = 0;
  private seen = 0;

  constructor(seed: number) {
    this.chance = random(seed);
    this.cluster = new CureCluster({ servers: SERVERS, settings: { mutation2pcMinReplicaCount: 1 + (seed % 2) } });
    const { cluster } = this;
    cluster.world.run(100);
    cluster.create('t', { partitions: PARTITIONS });
    cluster.obeys = (server, proposal) => this.obey(server, proposal);
    cluster.world.loses = () => this.isTroubled && this.chance() < 0.1;
    cluster.world.storeFate = ({ operation }) => {
      const luck = this.isTroubled && operation === 'set' ? this.chance() : 1;
      return luck < 0.1 ? 'timeout' : luck < 0.2 ? 'timeout-after-effect' : 'ok';
    };
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.chance() * list.length)];
  }

  of(server: NodeId, gpid: string): Held | undefined {
    return this.held.get(`${server} ${gpid}`);
  }

  /** Does what a replica server would before it asks; a learner takes over all of its primary. */
  obey(server: NodeId, proposal: ConfigProposal): boolean {
    const { config, node, type } = proposal;
    const own = this.of(server, config.gpid);
    if (type === 'CT_ASSIGN_PRIMARY' && own === undefined) {
      if (config.ballot > 0) return false;
      this.held.set(`${server} ${config.gpid}`, { ballot: 0, committed: 0, prepared: 0 });
    }
    if (type === 'CT_ADD_SECONDARY' && own !== undefined) {
      if (this.cluster.dead.has(node)) return false;
      this.held.set(`${node} ${config.gpid}`, { ...own });
    }
    const request = requestFor(server, proposal);
    const lastCommittedDecree = this.of(server, config.gpid)?.committed ?? 0;
    this.cluster.update(server, { ...request, config: { ...request.config, lastCommittedDecree } });
    return false;
  }

  /** One write: to all members of what the meta server has stored, if they are alive. */
  write(gpid: string): void {
    const config = this.stored.get(gpid);
    const inMemory = this.cluster.meta.state.config(gpid);
    if (config === undefined || config.primary === '' || inMemory?.ballot !== config.ballot) return;
    // Who asks for a configuration takes no writes.
    if (this.cluster.meta.configService.pendingUpdate(gpid) !== undefined) return;
    const members = [config.primary, ...config.secondaries];
    if (members.length < this.cluster.world.settings.mutation2pcMinReplicaCount) return;
    if (members.some((node) => this.cluster.dead.has(node) || this.of(node, gpid) === undefined)) return;
    const decree = (this.of(config.primary, gpid)?.prepared ?? 0) + 1;
    for (const node of members) {
      const committed = node === config.primary ? decree : decree - 1;
      this.held.set(`${node} ${gpid}`, { ballot: config.ballot, prepared: decree, committed });
    }
    this.committed.set(gpid, decree);
    this.writes++;
  }

  reports(): void {
    for (const server of SERVERS) {
      if (this.cluster.dead.has(server)) continue;
      const stored = [];
      for (let i = 0; i < PARTITIONS; i++) {
        const own = this.of(server, `1.${i}`);
        if (own === undefined) continue;
        stored.push({ gpid: `1.${i}`, ballot: own.ballot, status: 'PS_INACTIVE' as const, lastCommitted: own.committed, lastPrepared: own.prepared, lastDurable: 0 });
      }
      this.cluster.sync(server, stored);
    }
  }

  trouble(): void {
    const { cluster } = this;
    const alive = SERVERS.filter((server) => !cluster.dead.has(server));
    const luck = this.chance();
    const dead = this.pick([...cluster.dead].sort());
    const victim = this.pick(alive);
    if (luck < 0.25 && victim !== undefined) cluster.kill(victim);
    else if (luck < 0.6 && dead !== undefined) cluster.revive(dead);
    else if (luck < 0.65) cluster.restartMeta();
    else if (luck < 0.75 && victim !== undefined) cluster.move(victim);
  }

  /** Every configuration that was stored since the last time, against the one before. */
  check(): void {
    const { writes } = this.cluster.world;
    for (; this.seen < writes.length; this.seen++) {
      const config = decodeConfig(writes[this.seen]?.value ?? '');
      if (config === undefined) continue;
      const before = this.stored.get(config.gpid);
      this.stored.set(config.gpid, config);
      if (before !== undefined) this.checkChange(before, config);
    }
  }

  checkChange(before: PartitionConfig, after: PartitionConfig): void {
    const members = [after.primary, ...after.secondaries].filter((node) => node !== '');
    const old = [before.primary, ...before.secondaries].filter((node) => node !== '');
    const fail = (what: string): void => void this.wrong.push(`${what}: ${textOf(before)} -> ${textOf(after)}`);
    const isReplaced = after.ballot === before.ballot;
    this.changes++;
    if (!isReplaced && after.ballot !== before.ballot + 1) fail('ballot');
    // What nobody was told of gives way to the meta server's own removal, or comes again from a store that had it.
    if (isReplaced && after.primary !== '' && textOf(after) !== textOf(before)) fail('replaced by another than a removal');
    if (new Set(members).size !== members.length) fail('a member twice');
    if (members.some((node) => after.lastDrops.includes(node))) fail('a member that dropped out');
    if (after.lastDrops.length > 3) fail('more than three drops');
    const moved = [...members.filter((node) => !old.includes(node)), ...old.filter((node) => !members.includes(node))];
    if (!isReplaced && moved.length > 1) fail('more than one member at a time');
    if (after.primary === '' || isReplaced) return;
    const prepared = this.of(after.primary, after.gpid)?.prepared ?? -1;
    if (prepared < (this.committed.get(after.gpid) ?? 0)) fail(`a primary that lacks what was committed (${prepared} < ${this.committed.get(after.gpid)})`);
  }

  run(): void {
    this.cluster.world.run(1000);
    this.check();
    this.isTroubled = true;
    for (let hour = 0; hour < 60; hour++) {
      this.trouble();
      this.reports();
      for (let i = 0; i < 4; i++) {
        this.cluster.world.run(500 + Math.floor(this.chance() * 8000));
        this.check();
        this.write(`1.${i % PARTITIONS}`);
      }
      if (this.cluster.metaProcess.failure !== undefined) {
        this.wrong.push(this.cluster.metaProcess.failure.message);
        return;
      }
    }
    this.isTroubled = false;
    this.cluster.revive(...[...this.cluster.dead].sort());
    for (let i = 0; i < 5; i++) {
      this.reports();
      this.cluster.world.run(30_000);
      this.check();
    }
  }
}

describe('random days', () => {
  it('never lose what was committed, and end with whole partitions', () => {
    let writes = 0;
    let changes = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const day = new Day(seed);
      day.run();
      expect({ seed, wrong: day.wrong }).toEqual({ seed, wrong: [] });
      for (let i = 0; i < PARTITIONS; i++) {
        const { primary, secondaries } = day.cluster.config(i);
        const decision = day.cluster.cure().contextOf(`1.${i}`).decision;
        expect({ seed, i, primary: primary !== '', members: secondaries.length, decision }).toEqual({ seed, i, primary: true, members: 2, decision: { kind: 'healthy' } });
      }
      writes += day.writes;
      changes += day.changes;
    }
    // The days were not idle.
    expect(writes).toBeGreaterThan(300);
    expect(changes).toBeGreaterThan(300);
  });
});
