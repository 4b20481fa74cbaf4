/**
 * The name of a state up to what cannot matter: times, offsets, and which secondary is which. Two states with one
 * name have the same futures in a scope: a log is named by what its replay would give and by its last word on each
 * decree.
 */
import { replay } from '../../model/rules/lifecycle.ts';
import type { ModelState, PartitionState, ReplicaState } from '../../model/state.ts';

export function stateKey(state: ModelState, symmetry: boolean): string {
  const words: string[] = [];
  for (const cluster of Object.values(state.clusters)) {
    for (const command of Object.values(cluster.commands)) words.push(`${command.id}:${command.effects}`);
    for (const part of Object.values(cluster.partitions)) words.push(partitionKey(state, part, symmetry));
  }
  return words.join(' ');
}

function partitionKey(state: ModelState, part: PartitionState, symmetry: boolean): string {
  const config = part.configs[part.ballot];
  const proposals = Object.entries(part.proposals).map(
    ([decree, all]) =>
      `${decree}=${all.map((one) => `${one.ballot}.${one.lastCommitted}.${one.commands.join('+')}`).join('/')}`,
  );
  const chosen = Object.entries(part.chosen).map(([decree, ballot]) => `${decree}@${ballot}`);
  const primary = part.replicas[config?.primary ?? ''];
  const secondaries = (config?.secondaries ?? []).map((node) => replicaKey(state, part, part.replicas[node]));
  if (symmetry) secondaries.sort();
  const reign = part.primaries[part.ballot]?.incarnation === primary?.incarnation;
  const replicas = [replicaKey(state, part, primary), ...secondaries].join('] [');
  return `${part.ballot}${reign ? '!' : ''} ${proposals.join(',')} ${chosen.join(',')} [${replicas}]`;
}

function replicaKey(state: ModelState, part: PartitionState, replica: ReplicaState | undefined): string {
  if (replica === undefined) return '-';
  const node = state.nodes[replica.node];
  const entries = Object.entries(replica.entries)
    .filter(([decree]) => Number(decree) > replica.committed)
    .map(([decree, entry]) => `${decree}.${entry.ballot}${entry.logged ? 'l' : ''}`);
  const acks = Object.values(part.proposals).flatMap((all) =>
    all.filter((one) => one.acks[replica.node] === true).map((one) => `${one.decree}.${one.ballot}`),
  );
  const life = node?.up === true && replica.open ? `${memoryKey(replica)} ${entries.join(',')}` : 'down';
  return `${node?.incarnation} ${life} a${acks.join(',')} ${diskKey(replica)}`;
}

function diskKey(replica: ReplicaState): string {
  const log = replay(replica, replica.flushed);
  const last: Record<number, number> = {};
  for (const file of replica.files)
    for (const record of file.records) last[record.decree] = Math.max(last[record.decree] ?? 0, record.ballot);
  const files =
    replica.files.length > 1 ? replica.files.map((file) => `${file.index}-${file.maxDecree}`).join(',') : '';
  const records = Object.entries(last)
    .map(([decree, ballot]) => `${decree}.${ballot}`)
    .join(',');
  return `r${log.ballot} ${log.committed} ${log.maxPrepared} ${Object.entries(log.entries)
    .map(([decree, entry]) => `${decree}.${entry.ballot}`)
    .join(',')} l${records} ${files} ${replica.flushed} ${replica.checkpoints.map(({ decree }) => decree).join(',')}`;
}

function memoryKey(replica: ReplicaState): string {
  const { status, ballot, committed, applied, maxPrepared, reproposeNext, reproposeLast } = replica;
  const flags = `${replica.barrierDue ? 'b' : ''}${replica.fileOpen ? 'f' : ''}${replica.manual ? 'm' : ''}`;
  const left = reproposeNext <= reproposeLast ? reproposeNext : '';
  return `${status} ${ballot} ${committed} ${applied} ${maxPrepared} ${flags} ${left}`;
}
