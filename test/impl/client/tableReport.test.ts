import { describe, expect, it } from 'vitest';
import { recallReport, renameReport } from '../../../impl/client/tableReport.ts';

const refused = { error: 'ERR_INVALID_PARAMETERS', hint: 'table t2 exists', appId: 0 } as const;

describe('the shell after', () => {
  it('a recall', () => {
    expect(recallReport(3, { error: 'ERR_OK', hint: '', appId: 3, appName: 't2', partitionCount: 4 })).toEqual([
      'recall app ok, id(3), name(t2), partition_count(4), wait it ready',
      'recall app 3 succeed',
    ]);
    expect(recallReport(3, { ...refused, appName: '', partitionCount: 0 })).toEqual(['recall app 3 failed, error=ERR_INVALID_PARAMETERS']);
  });

  it('a rename', () => {
    expect(renameReport('t1', 't2', { error: 'ERR_OK', hint: '', appId: 1 })).toBe('rename app ok, old_app_name(t1), new_app_name(t2)');
    expect(renameReport('t1', 't2', refused)).toBe(
      'rename app failed, old_app_name(t1), new_app_name(t2), failed: ERR_INVALID_PARAMETERS, table t2 exists',
    );
    expect(renameReport('t1', 't2', { error: 'ERR_TIMEOUT', hint: '', appId: 0 })).toBe(
      'rename app failed, old_app_name(t1), new_app_name(t2), failed: ERR_TIMEOUT',
    );
  });
});
