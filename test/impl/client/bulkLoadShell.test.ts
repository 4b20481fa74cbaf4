/** The shell lines of bulk load (bl 6.5): printed, read back, read as operators type them, and refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bulkLoadLine, isBulkLoadLine, parseBulkLoadLine, type BulkLoadShellCommand } from '../../../impl/client/bulkLoadShell.ts';

const commandOf = (line: string): BulkLoadShellCommand | string => {
  const parsed = parseBulkLoadLine(line);
  return 'error' in parsed ? parsed.error : parsed.command;
};
const viewOf = (line: string): unknown => {
  const parsed = parseBulkLoadLine(line);
  return 'error' in parsed ? parsed.error : parsed.view;
};
const start = { kind: 'startBulkLoad', table: 't1', clusterName: 'source', provider: 'local', root: 'r1', ingestBehind: false } as const;

describe('lines as printed', () => {
  it.each<[BulkLoadShellCommand, string]>([
    [start, 'start_bulk_load -a t1 -c source -p local -r r1'],
    [{ ...start, root: '/a b/', ingestBehind: true }, 'start_bulk_load -a t1 -c source -p local -r "/a b/" -i'],
    [{ kind: 'pauseBulkLoad', table: 't1' }, 'pause_bulk_load -a t1'],
    [{ kind: 'restartBulkLoad', table: 't1' }, 'restart_bulk_load -a t1'],
    [{ kind: 'cancelBulkLoad', table: 't1', forced: false }, 'cancel_bulk_load -a t1'],
    [{ kind: 'cancelBulkLoad', table: 't1', forced: true }, 'cancel_bulk_load -a t1 -f'],
    [{ kind: 'clearBulkLoad', table: 't1' }, 'clear_bulk_load -a t1'],
    [{ kind: 'queryBulkLoad', table: 't1' }, 'query_bulk_load_status -a t1'],
  ])('%j', (command, line) => {
    expect(bulkLoadLine(command)).toBe(line);
    expect(commandOf(line)).toEqual(command);
    expect(isBulkLoadLine(line)).toBe(true);
  });

  it('are read back as the same command, whatever the names', () => {
    const word = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 12 });
    const command = fc.oneof<fc.Arbitrary<BulkLoadShellCommand>[]>(
      fc.record({ kind: fc.constant('startBulkLoad' as const), table: word, clusterName: word, provider: word, root: word, ingestBehind: fc.boolean() }),
      fc.record({ kind: fc.constantFrom('pauseBulkLoad' as const, 'restartBulkLoad' as const, 'clearBulkLoad' as const, 'queryBulkLoad' as const), table: word }),
      fc.record({ kind: fc.constant('cancelBulkLoad' as const), table: word, forced: fc.boolean() }),
    );
    fc.assert(fc.property(command, (one) => {
      expect(commandOf(bulkLoadLine(one))).toEqual(one);
    }), { seed: 5, numRuns: 300 });
  });
});

describe('lines as operators type them', () => {
  it.each<[string, BulkLoadShellCommand]>([
    ['start_bulk_load --app_name t1 --cluster_name=source --file_provider_type local --root_path=r1', start],
    ['start_bulk_load -ir r1 -plocal -c source -at1', { ...start, ingestBehind: true }],
    ['start_bulk_load --app t1 --cluster source --file local --root r1 --ingest', { ...start, ingestBehind: true }],
    ['start_bulk_load -a t0 -c source -p local -r r1 -a t1', start],
    ['start_bulk_load -a t1 -c -p -p -i -r r1', { ...start, clusterName: '-p', provider: '-i' }],
    ['  cancel_bulk_load\t-fa t1', { kind: 'cancelBulkLoad', table: 't1', forced: true }],
    ['cancel_bulk_load t2 -a t1 more -- -f', { kind: 'cancelBulkLoad', table: 't1', forced: false }],
    ['pause_bulk_load -a "a b"', { kind: 'pauseBulkLoad', table: 'a b' }],
    ['clear_bulk_load', { kind: 'clearBulkLoad', table: '' }],
  ])('%s', (line, command) => {
    expect(commandOf(line)).toEqual(command);
  });

  it.each<[string, unknown]>([
    ['query_bulk_load_status -a t1', { partitionIndex: -1, detailed: false }],
    ['query_bulk_load_status -d -a t1', { partitionIndex: -1, detailed: true }],
    ['query_bulk_load_status -a t1 -di 3', { partitionIndex: 3, detailed: true }],
    ['query_bulk_load_status -a t1 --partition_index=-2', { partitionIndex: -2, detailed: false }],
    ['pause_bulk_load -a t1', { partitionIndex: -1, detailed: false }],
  ])('%s is shown so', (line, view) => {
    expect(viewOf(line)).toEqual(view);
  });
});

it.each<[string, string]>([
  ['', 'an empty line is no command of bulk load'],
  ['load -a t1', 'load is no command of bulk load'],
  ['start_bulk_load -c source -p local -r r1', 'app_name should not be empty'],
  ['start_bulk_load -a t1 -p local -r r1', 'cluster_name should not be empty'],
  ['start_bulk_load -a t1 -c source -r r1', 'file_provider_type should not be empty'],
  ['start_bulk_load -a t1 -c source -p local', 'root_path should not be empty'],
  ['start_bulk_load -a t1 -c source -p local -r ""', 'root_path should not be empty'],
  ['start_bulk_load -a t1 -c source -p local -r', 'option -r needs a value'],
  ['start_bulk_load -a t1 --cluster_name', 'option --cluster_name needs a value'],
  ['start_bulk_load -a t1 -f', 'unknown option -f'],
  ['pause_bulk_load -a t1 --forced', 'unknown option --forced'],
  ['pause_bulk_load t1', 'app_name should not be empty'],
  ['restart_bulk_load -ia t1', 'unknown option -i'],
  ['restart_bulk_load', 'app_name should not be empty'],
  ['cancel_bulk_load --forced=yes -a t1', 'option --forced takes no value'],
  ['cancel_bulk_load -f', 'app_name should not be empty'],
  ['query_bulk_load_status -a t1 -i one', 'partition_index must be a whole number, not one'],
  ['query_bulk_load_status -a t1 -i ""', 'partition_index must be a whole number, not an empty word'],
  ['query_bulk_load_status -a t1 -i 4294967296', 'partition_index must be a whole number, not 4294967296'],
  ['query_bulk_load_status -d', 'app_name should not be empty'],
  ['pause_bulk_load -a "t1', 'a quote is not closed'],
])('%j is refused: %s', (line, error) => {
  expect(parseBulkLoadLine(line)).toEqual({ error });
});

it('a shortened long option that fits two is unknown', () => {
  expect(parseBulkLoadLine('start_bulk_load --')).toEqual({ error: 'app_name should not be empty' });
  expect(commandOf('query_bulk_load_status --app_name t1 --p 1')).toEqual({ kind: 'queryBulkLoad', table: 't1' });
  expect(isBulkLoadLine('query_dup t1')).toBe(false);
  expect(isBulkLoadLine('pause_bulk_load "')).toBe(false);
});
