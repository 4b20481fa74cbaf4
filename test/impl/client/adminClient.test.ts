import { describe, expect, it } from 'vitest';
import type { CheckpointAnswer, MetricsAnswer, ProgressAnswer, TriggeredAnswer } from '../../../impl/client/remoteCommands.ts';
import { parseCheckpointOutput } from '../../../impl/client/cliOutput.ts';
import type { CliRequest } from '../../../impl/protocol/messages.ts';
import { AdminClient, type AdminAnswer } from '../../../impl/client/adminClient.ts';
import type { DupAddedAnswer } from '../../../impl/client/duplicationAnswers.ts';
import type { AddDuplicationRequest, DuplicationEntry } from '../../../impl/protocol/duplicationMessages.ts';
import { MetaCluster, META, SERVERS } from '../meta/metaCluster.ts';
import { FakeWorld, Inbox } from '../meta/fakeWorld.ts';

const [A, SECOND = ''] = SERVERS;
const OUTPUT = '{"error":"ERR_OK","minDecree":3,"durable":5,"prepared":true}';

/** A served table of one partition; `say` answers the remote commands, undefined: silence. */
function served(say: (server: string, request: CliRequest) => string | undefined): {
  cluster: MetaCluster;
  asked: [string, CliRequest][];
} {
  const cluster = new MetaCluster();
  const asked: [string, CliRequest][] = [];
  for (const server of SERVERS) {
    cluster.world.processes.get(server)?.answer('RPC_CLI_CLI_CALL', (request, replier) => {
      asked.push([server, request]);
      const output = say(server, request);
      if (output === 'refuse') replier.refuse('ERR_SESSION_RESET');
      else if (output?.startsWith('ERR_')) replier.reply({ error: output as 'ERR_INVALID_PARAMETERS', output: '' });
      else if (output !== undefined) replier.reply({ error: 'ERR_OK', output });
    });
  }
  cluster.world.run(100);
  cluster.create('t1', { partitions: 1 });
  cluster.world.run(100);
  return { cluster, asked };
}

describe('changes of tables', () => {
  it('are repeated when the meta server was not active, and answered once', () => {
    const cluster = new MetaCluster();
    cluster.world.storeFate = () => 'timeout';
    const answer = cluster.create('t1');
    cluster.world.run(2500);
    expect(answer.answers).toEqual([]);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(3000);
    expect(answer.answers).toEqual([{ error: 'ERR_OK', hint: '', appId: 1 }]);
  });

  it('are not repeated when no answer came: the change may have been made', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.world.loses = ({ to }) => to === META;
    const answer = cluster.create('t1');
    cluster.world.run(59_000);
    expect(answer.answers).toEqual([]);
    cluster.world.run(2000);
    expect(answer.answers).toEqual([{ error: 'ERR_TIMEOUT', hint: 'the meta server did not answer', appId: 0 }]);
    expect(cluster.world.sent.filter(({ code }) => code === 'RPC_CM_CREATE_APP')).toHaveLength(1);
  });

  it('a primary is moved as often as a table is changed: once', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(100);
    cluster.world.loses = ({ to }) => to === META;
    const inbox = new Inbox<AdminAnswer>();
    cluster.admin.proposeBalancer({ appName: 't1', partitionIndex: 0, type: 'move_pri', from: '', to: SECOND }, inbox.then());
    cluster.world.run(61_000);
    expect(inbox.answers).toEqual([{ error: 'ERR_TIMEOUT', hint: 'the meta server did not answer', appId: 0 }]);
    const asked = cluster.world.sent.filter(({ code }) => code === 'RPC_CM_PROPOSE_BALANCER').map(({ request }) => request);
    expect(asked).toEqual([{ appName: 't1', partitionIndex: 0, type: 'move_pri', from: '', to: SECOND }]);
  });

  it('manual compaction is an env with the wall second', () => {
    const { cluster } = served(() => undefined);
    const inbox = new Inbox<{ error: string }>();
    cluster.admin.manualCompact('t1', inbox.then());
    cluster.world.run(100);
    expect(inbox.last?.error).toBe('ERR_OK');
    expect(cluster.storedApp(1)?.info.envs).toEqual({ 'manual_compact.once.trigger_time': '1700000000' });
  });
});

describe('duplication', () => {
  const ENTRY: DuplicationEntry = {
    dupId: 7, status: 'DS_LOG', remote: 'follower', createTsMs: 5000, failMode: 'FAIL_SLOW', remoteAppName: 'r1', remoteReplicaCount: 2,
    progress: {}, partitionStates: [{ partitionIndex: 0, confirmedDecree: 3, lastCommittedDecree: 4 }],
  };
  const INFO = {
    dupId: 7, remote: 'follower', status: 'DS_LOG', createTsMs: 5000, failMode: 'FAIL_SLOW', remoteTable: 'r1', remoteReplicaCount: 2,
    partitions: [{ partitionIndex: 0, confirmed: 3, lastCommitted: 4 }],
  };
  const ADD: AddDuplicationRequest = { appName: 't1', remoteClusterName: 'follower', isDuplicatingCheckpoint: true, remoteAppName: '', remoteReplicaCount: 0 };

  /** An operator, and a meta server of a few lines. `silent`: how many requests get no answer. */
  function operator(silent: number): { admin: AdminClient; world: FakeWorld; requests: unknown[] } {
    const world = new FakeWorld({});
    const requests: unknown[] = [];
    const meta = world.process(META);
    const heard = (request: unknown): boolean => requests.push(request) > silent;
    meta.answer('RPC_CM_ADD_DUPLICATION', (request, replier) => {
      if (heard(request)) replier.reply({ error: 'ERR_DUP_EXIST', hint: 'there', appId: 1, dupId: 7, remoteAppName: 'r1', remoteReplicaCount: 2 });
    });
    meta.answer('RPC_CM_MODIFY_DUPLICATION', (request, replier) => {
      if (heard(request)) replier.reply({ error: 'ERR_OK', appId: 1 });
    });
    meta.answer('RPC_CM_QUERY_DUPLICATION', (request, replier) => {
      if (heard(request)) replier.reply({ error: 'ERR_OK', appId: 1, entries: [ENTRY] });
    });
    meta.answer('RPC_CM_LIST_DUPLICATION', (request, replier) => {
      if (heard(request)) replier.reply({ error: 'ERR_NOT_IMPLEMENTED', hint: 'no', apps: [{ appName: 't1', appId: 1, partitionCount: 4, duplications: [ENTRY] }] });
    });
    const admin = new AdminClient(world.process('source/client-0').ctx, { metaServers: [META], timeoutMs: world.settings.clientTimeoutMs });
    return { admin, world, requests };
  }

  it('requests and answers carry what the meta server is asked and says', () => {
    const { admin, world, requests } = operator(0);
    const inbox = new Inbox<unknown>();
    admin.addDuplication(ADD, inbox.then());
    world.run(10);
    admin.modifyDuplication({ appName: 't1', dupId: 7, status: 'DS_PAUSE', failMode: undefined }, inbox.then());
    world.run(10);
    admin.queryDuplication('t1', inbox.then());
    world.run(10);
    admin.listDuplications('t', 'PREFIX', inbox.then());
    world.run(10);
    expect(requests).toEqual([ADD, { appName: 't1', dupId: 7, status: 'DS_PAUSE', failMode: undefined }, { appName: 't1' }, { appNamePattern: 't', matchType: 'PREFIX' }]);
    expect(inbox.answers).toEqual([
      { error: 'ERR_DUP_EXIST', hint: 'there', appId: 1, dupId: 7, remoteTable: 'r1', remoteReplicaCount: 2 },
      { error: 'ERR_OK', appId: 1 },
      { error: 'ERR_OK', hint: '', tables: [{ name: 't1', appId: 1, partitionCount: 0, dups: [INFO] }] },
      { error: 'ERR_NOT_IMPLEMENTED', hint: 'no', tables: [{ name: 't1', appId: 1, partitionCount: 4, dups: [INFO] }] },
    ]);
  });

  it.each(['a b', 'a/b', 'f1-', 'é'])('a remote table %j is refused before anybody is asked', (remoteAppName) => {
    const { admin, world, requests } = operator(0);
    const inbox = new Inbox<DupAddedAnswer>();
    admin.addDuplication({ ...ADD, remoteAppName }, inbox.then());
    world.run(10);
    expect(inbox.answers).toMatchObject([{ error: 'ERR_INVALID_PARAMETERS', hint: expect.stringContaining(remoteAppName) as string, appId: 0, dupId: 0, remoteTable: '' }]);
    expect(requests).toEqual([]);
  });

  it('is asked for a second time when no answer came, changes too, and no third time', () => {
    for (const [silent, error] of [[1, 'ERR_DUP_EXIST'], [2, 'ERR_TIMEOUT']] as const) {
      const { admin, world, requests } = operator(silent);
      const inbox = new Inbox<DupAddedAnswer>();
      admin.addDuplication(ADD, inbox.then());
      world.run(world.settings.clientTimeoutMs + 100);
      expect(inbox.answers.map((a) => [a.error, a.dupId])).toEqual([[error, error === 'ERR_TIMEOUT' ? 0 : 7]]);
      world.run(60_000);
      expect(requests).toEqual([ADD, ADD]);
    }
  });
});

describe('checkpoint commands', () => {
  it('trigger goes to every member, and is well when each has started one', () => {
    const { cluster, asked } = served(() => 'triggered');
    const inbox = new Inbox<TriggeredAnswer>();
    cluster.admin.remote.triggerCheckpoint('t1', 0, inbox.then());
    cluster.world.run(100);
    expect(inbox.answers).toEqual([{ error: 'ERR_OK', trigger: 'remote-command' }]);
    expect(asked).toEqual(SERVERS.map((server) => [server, { command: 'replica.trigger-checkpoint', args: ['1.0'] }]));
  });

  it('trigger waits for all and tells the first error', () => {
    for (const said of ['ERR_INVALID_STATE', '{"triggered":false}']) {
      const { cluster } = served((server) => (server === A ? said : '{"triggered":true}'));
      const inbox = new Inbox<TriggeredAnswer>();
      cluster.admin.remote.triggerCheckpoint('t1', 0, inbox.then());
      cluster.world.run(100);
      expect(inbox.answers).toEqual([{ error: 'ERR_INVALID_STATE', trigger: 'remote-command' }]);
    }
  });

  it('emergency and query go to the primary and bring what it printed', () => {
    const { cluster, asked } = served(() => OUTPUT);
    const inbox = new Inbox<CheckpointAnswer>();
    cluster.admin.remote.emergencyCheckpoint('t1', 0, 'last-applied', inbox.then());
    cluster.admin.remote.queryCheckpoint('t1', 0, 3, inbox.then());
    cluster.world.run(100);
    expect(inbox.answers).toEqual([
      { error: 'ERR_OK', durable: 5, prepared: true, minDecree: 3 },
      { error: 'ERR_OK', durable: 5, prepared: true, minDecree: 3 },
    ]);
    expect(asked).toEqual([
      [A, { command: 'replica.emergency-checkpoint', args: ['1.0', 'last-applied'] }],
      [A, { command: 'replica.query-checkpoint', args: ['1.0', '3'] }],
    ]);
  });

  it('metrics and progress are the primary\'s', () => {
    const dup = { dupId: 7, status: 'DS_LOG', failMode: 'FAIL_SKIP', replica_confirmed_decree: 3, meta_persisted_decree: 2 };
    const decrees = { lastCommitted: 5, lastApplied: 4, lastDurable: 3, duplicating: true };
    const { cluster } = served((_, { command }) =>
      JSON.stringify(command === 'replica.metrics' ? { error: 'ERR_OK', metrics: { dup_requests: 2 } } : { error: 'ERR_OK', ...decrees, duplications: [dup] }),
    );
    const metrics = new Inbox<MetricsAnswer>();
    const progress = new Inbox<ProgressAnswer>();
    cluster.admin.remote.queryMetrics('t1', 0, metrics.then());
    cluster.admin.remote.queryProgress('t1', 0, progress.then());
    cluster.world.run(100);
    expect(metrics.answers).toEqual([{ error: 'ERR_OK', node: A, metrics: { dup_requests: 2 } }]);
    const dups = [{ dupId: 7, status: 'DS_LOG', failMode: 'FAIL_SKIP', last: 3, confirmed: 2 }];
    expect(progress.answers).toEqual([{ error: 'ERR_OK', node: A, committed: 5, applied: 4, durable: 3, duplicating: true, dups }]);
  });

  it.each(['', '{}', '{"error":"ERR_OK"}', '{"error":"ERR_OK","metrics":{"a":"b"},"lastCommitted":1,"lastApplied":1,"lastDurable":1,"duplications":[{}]}'])(
    'what is no answer to them is an error: %s',
    (output) => {
      const { cluster } = served(() => output);
      const metrics = new Inbox<MetricsAnswer>();
      const progress = new Inbox<ProgressAnswer>();
      cluster.admin.remote.queryMetrics('t1', 0, metrics.then());
      cluster.admin.remote.queryProgress('t1', 0, progress.then());
      cluster.world.run(100);
      expect(metrics.answers).toEqual([{ error: 'ERR_INVALID_DATA', node: '', metrics: {} }]);
      expect(progress.last).toMatchObject({ error: 'ERR_INVALID_DATA', node: '', committed: -1, dups: [] });
    },
  );

  it('a question that is lost is asked again, a checkpoint is not started twice', () => {
    let refusals = 2;
    const { cluster, asked } = served(() => (refusals-- > 0 ? 'refuse' : OUTPUT));
    const query = new Inbox<CheckpointAnswer>();
    cluster.admin.remote.queryCheckpoint('t1', 0, 3, query.then());
    cluster.world.run(1000);
    expect(query.last?.error).toBe('ERR_OK');
    expect(asked).toHaveLength(3);
    refusals = 1;
    const emergency = new Inbox<CheckpointAnswer>();
    cluster.admin.remote.emergencyCheckpoint('t1', 0, 3, emergency.then());
    cluster.world.run(1000);
    expect(emergency.answers).toEqual([{ error: 'ERR_TIMEOUT', durable: -1, prepared: false, minDecree: -1 }]);
    expect(asked).toHaveLength(4);
  });

  it('answers what stands in the way', () => {
    const { cluster } = served(() => 'no json');
    const inbox = new Inbox<CheckpointAnswer>();
    cluster.admin.remote.queryCheckpoint('t9', 0, 1, inbox.then());
    cluster.admin.remote.queryCheckpoint('t1', 5, 1, inbox.then());
    cluster.admin.remote.queryCheckpoint('t1', 0, 1, inbox.then());
    cluster.world.run(1000);
    expect(inbox.answers.map(({ error }) => error).sort()).toEqual([
      'ERR_APP_NOT_EXIST',
      'ERR_INVALID_DATA',
      'ERR_INVALID_PARAMETERS',
    ]);
  });

  it('read only whole answers', () => {
    const short = '{"error":"ERR_OK","minDecree":3,"durable":2}';
    expect(parseCheckpointOutput(short)).toEqual({ error: 'ERR_OK', minDecree: 3, durable: 2, prepared: false });
    expect(parseCheckpointOutput(short.replace('2', '3'))?.prepared).toBe(true);
    expect(parseCheckpointOutput(OUTPUT)).toEqual({ error: 'ERR_OK', minDecree: 3, durable: 5, prepared: true });
    for (const text of [
      '',
      '[]',
      'null',
      '1',
      '{}',
      '{"error":"x","minDecree":3,"durable":5,"prepared":true}',
      OUTPUT.replace('5', '"5"'),
      OUTPUT.replace('true', '1'),
    ]) {
      expect(parseCheckpointOutput(text)).toBeUndefined();
    }
  });
});
