/** The shell lines of duplication (dup 3.4): printed, read back, and refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicationLine, parseDuplicationLine, type DuplicationShellCommand } from '../../../impl/client/duplicationShell.ts';
import { joinWords, splitWords } from '../../../impl/client/shellWords.ts';

const read = (line: string) => parseDuplicationLine(line, 'source');
const commandOf = (line: string): DuplicationShellCommand | string => {
  const parsed = read(line);
  return 'error' in parsed ? parsed.error : parsed.command;
};
const add = { kind: 'addDup', table: 't1', remoteCluster: 'follower', checkpoint: false, remoteTable: '', remoteReplicaCount: 0 } as const;

describe('lines as printed', () => {
  it.each<[DuplicationShellCommand, string]>([
    [add, 'add_dup t1 follower'],
    [{ ...add, checkpoint: true, remoteTable: 'name', remoteReplicaCount: 2 }, 'add_dup t1 follower -s -a name -r 2'],
    [{ ...add, remoteReplicaCount: -1 }, 'add_dup t1 follower -r -1'],
    [{ kind: 'queryDup', table: 't1' }, 'query_dup t1 -d'],
    [{ kind: 'listDups', pattern: 'p', matchType: 'PREFIX' }, 'dups -a p -m prefix'],
    [{ kind: 'listDups', pattern: '', matchType: 'ALL' }, 'dups'],
    [{ kind: 'removeDup', table: 't1', dupId: 7 }, 'remove_dup t1 7'],
    [{ kind: 'startDup', table: 't1', dupId: 7 }, 'start_dup t1 7'],
    [{ kind: 'pauseDup', table: 't1', dupId: -7 }, 'pause_dup t1 -7'],
    [{ kind: 'setDupFailMode', table: 't1', dupId: 7, failMode: 'FAIL_SKIP' }, 'set_dup_fail_mode t1 7 skip'],
  ])('%j', (command, line) => {
    expect(duplicationLine(command)).toBe(line);
    expect(commandOf(line)).toEqual(command);
  });

  it('are read back as the same command, whatever the names', () => {
    const word = fc.string({ unit: 'binary-ascii', maxLength: 12 }).filter((s) => !s.startsWith('-'));
    const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
    const command = fc.oneof<fc.Arbitrary<DuplicationShellCommand>[]>(
      fc.record({ kind: fc.constant('addDup' as const), table: word, remoteCluster: word, checkpoint: fc.boolean(), remoteTable: word, remoteReplicaCount: int32 }),
      fc.record({ kind: fc.constantFrom('removeDup' as const, 'startDup' as const, 'pauseDup' as const), table: word, dupId: int32 }),
      fc.record({ kind: fc.constant('setDupFailMode' as const), table: word, dupId: int32, failMode: fc.constantFrom('FAIL_SLOW' as const, 'FAIL_SKIP' as const) }),
      fc.record({ kind: fc.constant('queryDup' as const), table: word }),
      fc.record({ kind: fc.constant('listDups' as const), pattern: word, matchType: fc.constantFrom('ALL' as const, 'EXACT' as const, 'ANYWHERE' as const, 'PREFIX' as const, 'POSTFIX' as const) }),
    );
    fc.assert(fc.property(command, (one) => {
      expect(commandOf(duplicationLine(one))).toEqual(one);
    }), { seed: 3, numRuns: 300 });
  });
});

describe('lines as operators type them', () => {
  it.each<[string, DuplicationShellCommand]>([
    ['add_dup t1 follower --sst --remote_app_name other --remote_replica_count 3', { ...add, checkpoint: true, remoteTable: 'other', remoteReplicaCount: 3 }],
    ['  add_dup  -r=-2\tt1 --remote_app_name=x follower', { ...add, remoteTable: 'x', remoteReplicaCount: -2 }],
    ['dups --app_name_pattern p --match_type postfix', { kind: 'listDups', pattern: 'p', matchType: 'POSTFIX' }],
    ['set_dup_fail_mode t1 0 slow', { kind: 'setDupFailMode', table: 't1', dupId: 0, failMode: 'FAIL_SLOW' }],
    ['use t1 ; duplication add -c follower -p', { ...add, checkpoint: true }],
    ['use t1 ; duplication add -c source', { ...add, remoteCluster: 'source' }],
    ['use t1 ; duplication pause -d 9', { kind: 'pauseDup', table: 't1', dupId: 9 }],
    ['use t1 ; duplication list', { kind: 'queryDup', table: 't1' }],
  ])('%s', (line, command) => {
    expect(commandOf(line)).toEqual(command);
  });

  it('say how the answer is to be shown, each option in both spellings', () => {
    const long = read('dups --list_partitions --progress_gap -3 --show_unfinishd --output f --json');
    expect(long).toEqual(read('dups -p -g -3 -u -o f -j'));
    expect(long).toMatchObject({ view: { detail: false, listPartitions: true, progressGap: -3, unfinishedOnly: true, output: 'f', json: true } });
    expect(read('query_dup t1 -d')).toEqual(read('query_dup --detail t1'));
    expect(read('query_dup t1')).toMatchObject({ view: { detail: false } });
  });

  it.each<[string, RegExp]>([
    ['add_dup t1 source -s', /^source is this cluster/],
    ['add_dup t1', /<remote_cluster_name> is missing/],
    ['add_dup', /<app_name> is missing/],
    ['add_dup t1 follower x', /too many words: x/],
    ['add_dup t1 follower -x', /unknown option -x/],
    ['add_dup t1 follower -s=1', /-s takes no value/],
    ['add_dup t1 follower -a', /-a needs a value/],
    ['add_dup t1 follower -a -s', /-a needs a value/],
    ['add_dup t1 follower -r two', /remote_replica_count must be a whole number, not two/],
    ['add_dup t1 follower -r 2147483648', /whole number/],
    ['add_dup t1 follower -s --sst', /--sst is there twice/],
    ['dups --show_unfinished', /unknown option --show_unfinished/],
    ['dups -m regex', /match_type must be one of all, exact, anywhere, prefix, postfix, not regex/],
    ['dups t1', /too many words: t1/],
    ['remove_dup t1 x', /dupid must be a whole number, not x/],
    ['set_dup_fail_mode t1 7 fast', /fail_mode must be one of slow, skip, not fast/],
    ['set_dup_fail_mode t1 7', /<fail_mode> is missing/],
    ['use t1 ; duplication add', /option -c is missing/],
    ['use t1 ; duplication fly', /duplication fly is no command/],
    ['use t1 ; set a b c', /must be followed by/],
    ['fly t1', /fly is no command of duplication/],
    ['', /an empty line is no command/],
    ['add_dup "t1 follower', /a quote is not closed/],
    ['add_dup "\\q" follower', /backslash/],
  ])('refuses %s', (line, why) => {
    const parsed = read(line);
    expect('error' in parsed ? parsed.error : 'accepted').toMatch(why);
  });
});

it('words are split as they were joined', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 9 })), (words) => {
    expect(splitWords(joinWords(words))).toEqual(words);
  }), { seed: 5, numRuns: 300 });
});
