/** Suspects of the private log (plog 7.4, 10, 12, 13.3, 19). */
import type { Suspect } from './types.ts';

const LOG = 'src/replica/mutation_log.cpp';

export const PRIVATE_LOG: readonly Suspect[] = [
  {
    id: 'log-batch-before-its-header',
    title: 'The header of a new log file and its first batch are written in any order, so acknowledged mutations may lie in a file that no start can read',
    confidence: 'M',
    harm: 'lost or wrong data',
    files: [LOG, 'src/replica/log_file.cpp'],
    names: ['create_new_log_file', 'commit_log_blocks', 'LPC_WRITE_REPLICATION_LOG_COMMON', 'ERR_INVALID_DATA'],
    cause: 'When a file is begun, its first block, which holds the file header, and the first batch of mutations are two asynchronous writes on different thread pools, and the disk engine lets two writes of a file run at once. Nothing makes the batch wait for the header, nor the header for the last batch of the file before.',
    when: 'A crash of the process between the two writes, at any switch of files: after each restart, and each 32 MiB. Default settings.',
    consequence: 'The file begins with 60 zero bytes. The next start reads ERR_INVALID_DATA in its first block, sets the file aside and gives up the whole replica, although the records behind were acknowledged. When the old file\'s last batch is the one that is missing, there is a gap of offsets, with the same end.',
    mending: 'Write a file\'s header after whatever is in flight in the file before, and its first batch after the header; or let the header be a part of the first batch\'s write.',
    scenario: 'No crash is needed to see it: the replica commits on the strength of a record that no start could read yet.',
  },
  {
    id: 'log-forgets-headers-at-open',
    title: 'After a restart a new log file says that no decree stands before it, although older files hold some',
    confidence: 'H',
    harm: 'lost or wrong data',
    files: [LOG, 'src/replica/log_file.cpp'],
    names: ['max_decree', 'previous_log_max_decree', 'init_offset_in_private_log', 'cleanable_decree'],
    cause: 'The log\'s `max_decree` after an opening is the largest decree of the records that were replayed and accepted. Files that the replay decree makes it skip, records below `init_offset_in_private_log`, and the headers of all files do not count. The header of the next file is made from it.',
    when: 'A restart of a replica whose last checkpoint holds everything in its log, or whose newest file has a header only. Default settings.',
    consequence: 'The new header has a previous max decree of 0. Garbage collection takes it for the largest decree of all older files, and removes them although a duplication has not shipped what they hold; a duplication that looks for its first file skips them; a learner is told that the log does not cover what it does.',
    mending: 'Let the opening raise `max_decree` to the largest previous max decree of the file headers that it reads anyway.',
    scenario: 'The scenario ends where the wrong header is written.',
  },
  {
    id: 'log-gc-takes-the-newest',
    title: 'Garbage collection deletes the newest log file too when nothing was appended since the start',
    confidence: 'L',
    harm: 'lost or wrong data',
    files: [LOG],
    names: ['garbage_collection', 'init_offset_in_private_log', 'valid_start_offset'],
    cause: 'The newest file is safe from garbage collection by being the current one. After a start there is no current file until the first append, and with two files or more the newest is judged like any other.',
    when: 'A server that comes back after the reserve time of its log, ten hours by default, with a log that its start-up checkpoint covers, and whose replica gets no write before its first checkpoint tick.',
    consequence: 'If the process dies before it appends, the directory is empty: the next start counts offsets from 0 again, while `.init-info` still has a larger one as the start of what is valid. Records below it are ignored by the start after that, and what was acknowledged is gone.',
    mending: 'Never delete the file with the largest index, whether it is being written or not.',
    scenario: 'The scenario ends with the deletion.',
  },
  {
    id: 'log-reset-swallows-a-failed-rename',
    title: 'Replacing a learner\'s log reports success when its second rename fails, and deletes the old log',
    confidence: 'L',
    harm: 'lost or wrong data',
    files: [LOG, 'src/replica/replica_learn.cpp'],
    names: ['reset_from', 'ERR_OK'],
    cause: '`reset_from` renames the old log directory away and the learned one into its place. When the second rename fails it returns its error variable, which still says ERR_OK. The clean-up that is bound to the end of the function goes by that variable, too: it takes the reset for a success and removes the old log.',
    when: 'A learner of a duplicated table whose learning stepped back, and a file system that refuses one rename. Default settings.',
    consequence: 'The replica has no log, and the log object stays closed; what the learner held for duplications, or for a restart behind its last checkpoint, is gone, and the learning goes on as if it were there.',
    mending: 'Assign the result of the second rename before returning, and undo the first one when it fails.',
    scenario: 'In the scenario the log is opened again, empty, so that the removal of its newest file shows.',
  },
];
