/** Suspects of learners (repl 1.9, dup 12.4a). */
import type { Suspect } from './types.ts';

export const LEARNING: readonly Suspect[] = [
  {
    id: 'learn-void-log-acknowledged',
    title: 'A learner acknowledges prepares whose records lie in a part of its log that is void',
    confidence: 'M',
    harm: 'lost or wrong data',
    files: ['src/replica/replica_learn.cpp', 'src/replica/replica_2pc.cpp'],
    names: ['on_learn_reply', 'LT_CACHE', 'truncate', 'init_offset_in_private_log', 'on_prepare'],
    cause: 'A learner that is served from the primary\'s cache stores in `.init-info` that its log begins at its present end, so that whatever was logged before is void. Its prepare list is only truncated to what storage holds: mutations above that which a former learning in the same ballot had prepared stay, marked as logged. When the primary proposes them again, `on_prepare` finds a twin that is logged, and acknowledges at once.',
    when: 'A learning that fails and begins anew within one ballot, while the primary has uncommitted mutations. Default settings.',
    consequence: 'The learner becomes a secondary with an acknowledged mutation that its valid log does not hold. After a restart it has lost what the primary counted on; with one more member gone, an acknowledged write is lost.',
    mending: 'Reset the prepare list to the applied decree when the log begins anew, instead of truncating it: the primary proposes what is not committed again anyway.',
  },
  {
    id: 'learner-allows-what-the-envs-say',
    title: 'A learner opens its empty database with the table\'s present allow_ingest_behind, its primary has an older one',
    confidence: 'M',
    harm: 'lost or wrong data',
    files: ['src/replica/replica_learn.cpp', 'src/server/pegasus_server_impl.cpp'],
    names: ['rocksdb.allow_ingest_behind', 'allow_ingest_behind', 'ingest_behind', 'add_potential_secondary'],
    cause: '`rocksdb.allow_ingest_behind` is fixed when a database is made. A learner that begins from nothing, and learns by the cache or the log, makes its database from the table\'s envs as they are by now. If the env was changed after the table was created, members of one partition have databases of both kinds.',
    when: 'A table whose env was changed, a member that was added afterwards and had nothing, and a load with `ingest_behind`. The meta server looks at the env alone. Default settings otherwise.',
    consequence: 'The ingestion behind everything succeeds at some members and is refused at others: contents differ, or a member is removed again and again.',
    mending: 'Let the primary tell a learner how its own database was made, and make the empty one alike. Or refuse changes of an env that a database does not follow.',
  },
  {
    id: 'learner-log-misses-the-tail',
    title: 'A learner of a duplicated table gets a log that begins behind what is to be shipped',
    confidence: 'M',
    harm: 'aborts a server',
    files: ['src/replica/replica_learn.cpp', 'src/replica/duplication/load_from_private_log.cpp'],
    names: ['on_learn_reply', 'LT_CACHE', 'get_learn_start_decree', 'verify_start_decree', 'max_gced_decree'],
    cause: 'For a duplicated table the primary lets learning begin at the confirmed decree + 1, so that the learner\'s log holds what is not shipped. If that decree is still in the primary\'s cache, LT_CACHE is chosen; the learner then writes only records above its own commit point to its log and drops the others.',
    when: 'A duplication that lags by less than the primary\'s prepare list holds, a checkpoint that is newer than what is confirmed, and a member that is added. Default settings.',
    consequence: 'If the new member becomes primary before the duplication has caught up, `verify_start_decree` aborts its server, and again after each restart, until the duplication is removed.',
    mending: 'Serve a learner that steps back from the log, or append the records from the start of the learning to its log although they are committed already.',
    scenario: 'The missing records are seen when the member joins. That it aborts takes one more step: it has to become primary.',
  },
];
