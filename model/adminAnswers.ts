/** Which answers an admin command may get: tables, envs, lists, checkpoints. */
import type { AnswerScene } from './answers.ts';
import type { Answer } from './commands.ts';
import { partitionOf, tablesMeant, type MeantPartition } from './meant.ts';
import type { Refusal } from './rules/rule.ts';
import { durableOf, type TableState } from './state.ts';
import { bearsSinceBefore, bore, boreSince } from './tableNames.ts';
import { THROTTLE_ENVS, throttleHint } from './throttle.ts';

/** Tables that bore a name at some moment between invocation and now. */
export function namesakes({ cluster, command }: AnswerScene, name: string): readonly TableState[] {
  return Object.values(cluster.tables).filter(
    (table) => boreSince(table, name, command.invokedAtUs),
  );
}

/** Was the name free at some moment of the interval? */
export function wasFree(scene: AnswerScene, name: string): boolean {
  return !namesakes(scene, name).some((table) => bearsSinceBefore(table, name, scene.command.invokedAtUs));
}

/** Values that are right whatever is behind them; throttles are judged by what their values say (thr 2). */
const KNOWN_ENVS: Readonly<Record<string, (value: string) => boolean>> = {
  'rocksdb.checkpoint.reserve_min_count': (value) => /^[1-9]\d{0,8}$/.test(value),
  'rocksdb.checkpoint.reserve_time_seconds': (value) => /^\d{1,9}$/.test(value),
};

/** Envs that the model knows to be right; of others it cannot say. */
function envsAreRight(envs: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(envs);
  const isRight = ([key, value]: readonly [string, string]): boolean =>
    THROTTLE_ENVS.includes(key) ? throttleHint(key, value) === undefined : KNOWN_ENVS[key]?.(value) === true;
  return entries.length > 0 && entries.every(isRight);
}

/** Upstream's envs of tables; a follower's marks come with its creation. */
const SUPPORTED_ENVS: readonly string[] = [
  ...THROTTLE_ENVS,
  ...['replica.deny_client_request', 'replica.split.validate_partition_hash', 'replica.slow_query_threshold'],
  ...['replica.rocksdb_iteration_threshold_time_ms', 'replica.rocksdb_block_cache_enabled'],
  ...['replica_access_controller.allowed_users', 'replica_access_controller.ranger_policies'],
  ...['usage_scenario', 'allow_ingest_behind', 'write_buffer_size', 'num_levels'].map((name) => `rocksdb.${name}`),
  ...['reserve_min_count', 'reserve_time_seconds'].map((name) => `rocksdb.checkpoint.${name}`),
  ...['manual_compact.disabled', 'manual_compact.max_concurrent_running_count'],
  ...['trigger_time', 'target_level', 'bottommost_level_compaction'].flatMap((name) =>
    ['once', 'periodic'].map((when) => `manual_compact.${when}.${name}`),
  ),
  ...['default_ttl', 'business.info', 'user_specified_compaction'],
];

/** Why the meta server refuses to set these envs: none, one without a name, else the first that is unknown or cannot be read. */
function envsHint(envs: Readonly<Record<string, string>>): string | undefined {
  if (Object.keys(envs).length === 0) return 'no envs to set';
  if ('' in envs) return 'an env has no name';
  for (const [key, value] of Object.entries(envs)) {
    const hint = SUPPORTED_ENVS.includes(key) ? throttleHint(key, value) : `app_env '${key}' is not supported`;
    if (hint !== undefined) return hint;
  }
  return undefined;
}

export type Judge = (scene: AnswerScene, answer: Answer) => Refusal | undefined;

/** What the shell and the meta server take for a table's name. */
const TABLE_NAME = /^[A-Za-z0-9_.:]+$/;

/** Upstream's max_allowed_replica_count (dup 2.7). */
const MAX_REPLICA_COUNT = 5;

const judgeCreate: Judge = (scene, answer) => {
  const { command, cluster, state } = scene;
  if (command.command.kind !== 'createTable') return undefined;
  const { name, partitionCount, replicaCount, successIfExist } = command.command;
  const same = namesakes(scene, name);
  if (answer.error === 'ERR_OK') {
    const appId = answer.kind === 'admin' && answer.appId !== undefined ? answer.appId : same.at(-1)?.appId;
    const table = cluster.tables[appId ?? -1];
    if (table === undefined || !bore(table, name) || table.partitionCount !== partitionCount || table.maxReplicaCount !== replicaCount)
      return [
        `a table ${name}, ${partitionCount} x ${replicaCount}`,
        table === undefined ? 'none' : `${table.name}, ${table.partitionCount} x ${table.maxReplicaCount}`,
      ];
    return successIfExist || table.createdAtUs >= command.invokedAtUs
      ? undefined
      : ['ERR_APP_EXIST: it existed before', 'ERR_OK'];
  }
  if (answer.error === 'ERR_APP_EXIST')
    return same.length > 0 ? undefined : [`no ${answer.error}: no table is named ${name}`, answer.error];
  if (answer.error === 'ERR_INVALID_PARAMETERS') {
    const nodes = Object.keys(state.nodes).filter((node) => node.startsWith(`${cluster.id}/replica`)).length;
    const odd =
      !TABLE_NAME.test(name) ||
      partitionCount <= 0 ||
      replicaCount <= 0 ||
      replicaCount > Math.min(MAX_REPLICA_COUNT, nodes) ||
      // Values of envs are looked at when they are set, not at a creation (thr 2.2).
      '' in command.command.envs;
    return odd || same.length > 0 ? undefined : ['the parameters to be accepted', answer.error];
  }
  return undefined;
};

const judgeDrop: Judge = (scene, answer) => {
  if (scene.command.command.kind !== 'dropTable') return undefined;
  const { name } = scene.command.command;
  if (answer.error === 'ERR_OK')
    return wasFree(scene, name) ? undefined : [`no table named ${name}`, 'it is still there'];
  return answer.error === 'ERR_APP_NOT_EXIST' && !wasFree(scene, name)
    ? [`no ${answer.error}: ${name} existed all the time`, answer.error]
    : undefined;
};

const judgeSetEnvs: Judge = (scene, answer) => {
  const { cluster, command } = scene;
  if (command.command.kind !== 'setEnvs') return undefined;
  const { name, envs } = command.command;
  const hint = envsHint(envs);
  if (hint !== undefined) {
    const said = answer.kind === 'admin' ? answer.hint : '';
    return answer.error === 'ERR_INVALID_PARAMETERS' && said === hint
      ? undefined
      : [`ERR_INVALID_PARAMETERS: ${hint}`, `${answer.error}: ${said}`];
  }
  if (answer.error === 'ERR_OK') {
    const rivals = cluster.tableChanges - command.tableChangesBefore > 1;
    const wrong = Object.entries(envs).find(
      ([key, value]) => !namesakes(scene, name).some((table) => table.envs[key] === value),
    );
    return wrong === undefined || rivals ? undefined : [`${wrong[0]}=${wrong[1]} stored`, 'it is not'];
  }
  if (answer.error === 'ERR_INVALID_PARAMETERS')
    return envsAreRight(envs) ? ['the envs to be accepted', answer.error] : undefined;
  return answer.error === 'ERR_APP_NOT_EXIST' && !wasFree(scene, name)
    ? [`no ${answer.error}: ${name} existed all the time`, answer.error]
    : undefined;
};

/**
 * The meta server shows a change once the store has told it so: certain only when the command that asked for it was
 * answered since.
 */
const judgeList: Judge = ({ cluster, command }, answer) => {
  if (answer.kind !== 'tables' || answer.error !== 'ERR_OK' || cluster.tableChanges !== command.tableChangesBefore)
    return undefined;
  for (const table of Object.values(cluster.tables)) {
    if (table.changes !== table.answeredChanges) continue;
    const seen = answer.tables.find(({ appId }) => appId === table.appId);
    const dropped = table.droppedAtUs >= 0;
    if (seen === undefined && !dropped) return [`${table.name} (${table.appId}) in the list`, 'it is missing'];
    if (seen === undefined) continue;
    const envs = Object.entries(table.envs)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join();
    const seenEnvs = Object.entries(seen.envs)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join();
    const right =
      seen.name === table.name &&
      seen.partitionCount === table.partitionCount &&
      seen.maxReplicaCount === table.maxReplicaCount &&
      (dropped || seenEnvs === envs) &&
      (seen.status === 'AS_DROPPED' || seen.status === 'AS_DROPPING') === dropped;
    if (!right)
      return [
        `${table.name} ${table.status} ${table.partitionCount} x ${table.maxReplicaCount} {${envs}}`,
        `${seen.name} ${seen.status} ${seen.partitionCount} x ${seen.maxReplicaCount} {${seenEnvs}}`,
      ];
  }
  const stranger = answer.tables.find(({ appId }) => !(appId in cluster.tables));
  return stranger === undefined ? undefined : ['only tables that exist', `${stranger.name} (${stranger.appId})`];
};

type CheckpointAnswer = Extract<Answer, { readonly kind: 'checkpoint' }>;

/**
 * What a primary says of its checkpoints: durable is the newest listed, prepared means that a checkpoint covers the
 * decree (S8). With several tables of the name the answer must be right for one of them.
 */
const judgeCheckpoint: Judge = (scene, answer) => {
  const { command, state, cluster } = scene;
  const asked = command.command;
  if (answer.kind !== 'checkpoint' || (asked.kind !== 'emergencyCheckpoint' && asked.kind !== 'queryCheckpoint'))
    return undefined;
  if (answer.error === 'ERR_BUSY' && !command.sawFlag)
    return ['no ERR_BUSY: no emergency checkpoint is under way', answer.error];
  if (
    answer.error === 'ERR_TRY_AGAIN' &&
    state.config.settings.maxConcurrentManualEmergencyCheckpoints > Object.keys(cluster.partitions).length
  )
    return ['no ERR_TRY_AGAIN: the server has room for all its partitions', answer.error];
  const meant = tablesMeant(cluster, command);
  const refusals = (meant.length === 0 ? [-1] : meant.map(({ appId }) => appId)).map((appId) =>
    refuseCheckpoint(scene, answer, appId, partitionOf(cluster, appId, asked.partitionIndex)),
  );
  return refusals.includes(undefined) ? undefined : refusals.at(-1);
};

/** Why the partition of that table cannot have answered so. */
function refuseCheckpoint(
  { command, cluster }: AnswerScene,
  { error, durable, prepared, minDecree }: CheckpointAnswer,
  appId: number,
  found: MeantPartition | undefined,
): Refusal | undefined {
  const asked = command.command;
  if (asked.kind !== 'emergencyCheckpoint' && asked.kind !== 'queryCheckpoint') return undefined;
  const legal = asked.minDecree === 'last-applied' || asked.minDecree >= 1;
  if (error === 'ERR_INVALID_PARAMETERS' && legal && found !== undefined)
    return ['the parameters to be accepted', error];
  // What was there at the invocation is known of the table that bore the name then; of others nothing was.
  const before = command.appId === appId ? command : { durableBefore: 0, appliedBefore: 0 };
  if (error === 'ERR_PATH_NOT_FOUND' && before.durableBefore > 0)
    return [`no ${error}: checkpoint ${before.durableBefore} existed`, error];
  if (error !== 'ERR_OK') return undefined;
  if (found === undefined)
    return cluster.tableChanges === command.tableChangesBefore
      ? ['an error: there is no such partition', error]
      : undefined;
  // The one that was primary before may have answered.
  const members = Object.values(found.part.replicas);
  const answering = members.filter(({ primaryUntilUs }) => primaryUntilUs >= command.invokedAtUs);
  const now = Math.max(durableOf(found.replica), ...answering.map(durableOf));
  if (durable < before.durableBefore || durable > now)
    return [`durable from ${before.durableBefore} to ${now}`, `${durable}`];
  if (prepared !== minDecree <= durable || (prepared && durable < 1))
    return [`prepared exactly when a checkpoint covers ${minDecree}`, `prepared=${prepared} with durable ${durable}`];
  const { manual, manualSinceUs } = found.replica;
  if (asked.kind === 'emergencyCheckpoint' && !prepared && manual && manualSinceUs < command.invokedAtUs)
    return ['ERR_BUSY: the flag was set all the time', error];
  if (asked.kind === 'queryCheckpoint' || asked.minDecree !== 'last-applied')
    return minDecree === asked.minDecree ? undefined : [`minimum ${asked.minDecree}`, `${minDecree}`];
  const least = Math.max(before.appliedBefore, 1);
  const most = Math.max(found.part.committed, 1);
  return minDecree >= least && minDecree <= most ? undefined : [`a minimum from ${least} to ${most}`, `${minDecree}`];
}

/** What each kind of admin command may be answered. */
export const ADMIN_JUDGES: readonly { readonly name: string; readonly judge: Judge }[] = [
  { name: 'answers/create-table', judge: judgeCreate },
  { name: 'answers/drop-table', judge: judgeDrop },
  { name: 'answers/set-envs', judge: judgeSetEnvs },
  { name: 'answers/list-tables', judge: judgeList },
  { name: 'answers/checkpoint', judge: judgeCheckpoint },
];
