/** Suspects of duplication at the source's replica servers: checkpoints, duplicators, and the private log under them (dup 12.2, 12.3). */
import type { Suspect } from './types.ts';

const MANAGER = 'src/replica/duplication/replica_duplicator_manager.cpp';
const DUPLICATOR = 'src/replica/duplication/replica_duplicator.cpp';
const LOADER = 'src/replica/duplication/load_from_private_log.cpp';
const CHECKPOINT = 'src/replica/replica_chkpt.cpp';

export const DUPLICATION_SOURCE: readonly Suspect[] = [
  {
    id: 'dup-empty-write-while-demoted',
    title: 'The empty write before a forced checkpoint aborts a server that lost the role meanwhile',
    confidence: 'M',
    harm: 'aborts a server',
    files: [CHECKPOINT, DUPLICATOR],
    names: ['async_trigger_manual_emergency_checkpoint', 'init_prepare', 'trigger_checkpoint_retry_interval_ms'],
    cause: 'For a replica that has applied nothing, `async_trigger_manual_emergency_checkpoint` proposes an empty write and repeats itself every 100 ms. Proposing CHECKs that the replica is PRIMARY, and the repeat belongs to the replica: it outlives the duplicator and the role.',
    when: 'A full duplication is added to a fresh, empty table, and a primary passes through INACTIVE for some milliseconds, as it does for each member that is added. Default settings, no fault needed.',
    consequence: 'The replica server aborts, with all its replicas.',
    mending: 'Look at the role before proposing: unless the replica is PRIMARY, end the request with ERR_INVALID_STATE and do not repeat it. The next duplication sync in DS_PREPARE begins it again where the primary is then; keep one such loop per duplicator, not one per sync answer.',
  },
  {
    id: 'dup-first-decree-never-shipped',
    title: 'A log-only duplication of a partition without writes never ships decree 1',
    confidence: 'H',
    harm: 'lost or wrong data',
    files: [DUPLICATOR],
    names: ['_min_checkpoint_decree', 'confirmed_decree', 'last_decree'],
    cause: 'The duplicator sets `_min_checkpoint_decree` to max(last applied, 1) in every mode and, without stored progress, takes it as the last decree that was shipped. In log-only mode there is no checkpoint that would cover decree 1: shipping begins with decree 2. (#2097 made it so; before, it was what had been applied.)',
    when: '`add_dup` without `-s` on a table whose partitions have no write yet: a table that was just created. Default settings, no fault.',
    consequence: 'The first write of each such partition never reaches the follower. The progress says that it was shipped.',
    mending: 'Use max(last applied, 1) only as the decree that a checkpoint must cover. Begin shipping behind what is applied, so behind 0 on an empty partition, whenever the duplication has no checkpoint.',
    scenario: 'The model refuses the duplicator as soon as it says where it begins: at decree 2, while nothing has been applied.',
  },
  {
    id: 'dup-stale-duplicator-aborts',
    title: 'A duplicator that is told more progress than it has shipped aborts its server',
    confidence: 'L',
    harm: 'aborts a server',
    files: [DUPLICATOR, MANAGER],
    names: ['update_progress', 'update_duplication_map'],
    cause: '`update_duplication_map` CHECKs the result of `update_progress` for a duplicator that exists. It is not OK when the meta server\'s confirmed decree is larger than what this duplicator has shipped. That is possible: another primary, or an earlier life of this node, has shipped more.',
    when: 'A replica is demoted and promoted again before its duplicator was dropped, while another primary ships; or a progress write that ZooKeeper delays lands after a restart. Default settings, narrow.',
    consequence: 'The replica server aborts, with all its replicas, although each of the two decrees was right when it was told.',
    mending: 'When the meta server has stored more than a duplicator has shipped, drop that duplicator and build it anew from the stored decree. Keep the CHECK for the other direction only (the meta server has less than was confirmed).',
  },
  {
    id: 'dup-reader-renames-log',
    title: 'The loader renames the live log file when its first block is not on disk yet',
    confidence: 'M',
    harm: 'lost or wrong data',
    files: ['src/replica/log_file.cpp', LOADER, 'src/replica/mutation_log.cpp'],
    names: ['log_file::open_read', '.removed'],
    cause: 'Opening a private log file for reading renames it to `*.removed` when its first block cannot be read. A new current file is in the log\'s file map before its header block is on disk, so a duplication that has reached the end of the log and looks for the next file may open it in that window, and renames the file that is being written.',
    when: 'A log file is full and the next one is begun while a duplication is at its end: each `log_private_file_size_mb` (32 MB) of writes. The window is one header write. Default settings, no fault.',
    consequence: 'Writes go on into the renamed file, later openings fail, and a restart does not see the file: acknowledged records are lost on that replica.',
    mending: 'Readers must not rename. Give `open_read` a parameter for it and set files aside only when the log itself is opened at the start. A reader that finds the newest file without a header block has nothing to read yet and tries again.',
    scenario: 'In this world a file\'s first block is on disk before a reader comes. One flipped bit in it stands for the block that is not there yet: the loader finds no readable beginning either, and renames the file.',
  },
  {
    id: 'dup-secondaries-forget-duplicating',
    title: 'A server that holds only secondaries stores duplicating = false, and collects log that was not shipped after a restart',
    confidence: 'M',
    harm: 'lost or wrong data',
    files: [MANAGER, 'src/replica/duplication/duplication_sync_timer.cpp', CHECKPOINT],
    names: ['update_duplication_map', 'app_info.duplicating', '_is_duplication_master', 'cleanable_decree'],
    cause: 'The answer to a duplication sync names only tables of which the asking server hosts a primary. The handler applies it to every replica of the server and writes `.app-info` with `duplicating = false` for tables that are not named, so also for those of which it has secondaries only.',
    when: 'Always on such servers; it matters after a restart of one. Default settings.',
    consequence: 'A restarted secondary does not protect its log: the checkpoint tick right at its opening takes everything durable for collectable. When it becomes primary before the next tick corrects this, decrees between the confirmed and the durable one are skipped silently.',
    mending: 'Let a sync answer change `duplicating` of replicas that are PRIMARY only. Secondaries learn `true` from group checks and `false` from config sync, which tells about all tables.',
  },
  {
    id: 'manual-count-leak',
    title: 'Each manual checkpoint that is covered meanwhile keeps a unit of the server\'s limit; after ten, no full duplication starts',
    confidence: 'L',
    harm: 'stuck',
    files: [CHECKPOINT],
    names: ['trigger_manual_emergency_checkpoint', 'max_concurrent_manual_emergency_checkpointing_count'],
    cause: '`trigger_manual_emergency_checkpoint` clears the replica\'s flag when the decree that is asked for is durable already, but does not give the server\'s counter its unit back (the decrement went with #2054). When a manual checkpoint is still on its way, its completion finds the flag cleared and does not count down either.',
    when: 'A checkpoint becomes durable while a second request for it arrives; the duplicators ask on every sync in DS_PREPARE. Default settings.',
    consequence: 'One unit of `max_concurrent_manual_emergency_checkpointing_count` is lost for good. After ten, every request on that server is answered ERR_TRY_AGAIN until it restarts, and full duplications of its partitions stay in DS_PREPARE.',
    mending: 'Change flag and counter in one place, together. The branch "already durable" should leave both alone while a checkpoint is under way; its completion gives both back. Give them back also when the replica leaves PRIMARY and SECONDARY, is closed, or the checkpoint was not started at all.',
  },
];
