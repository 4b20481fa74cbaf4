import { describe, expect, it } from 'vitest';
import { Cluster, NODES } from './cluster.ts';

describe('two-phase commit in a group of three', () => {
  it('creates a group member by member, that is empty until its first write (FM5)', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    expect(c.checks()).toEqual([]);
    expect(c.replica(primary, gpid).ballot()).toBe(3);
    for (const node of NODES) {
      const replica = c.replica(node, gpid);
      expect(replica.status()).toBe(node === primary ? 'PS_PRIMARY' : 'PS_SECONDARY');
      expect(replica.maxPreparedDecree()).toBe(0);
    }
    expect(c.replica(primary, gpid).lastAppliedDecree()).toBe(0);
    for (const node of NODES) expect(c.claimsOf(node, 'replica.prepared')).toEqual([]);
  });

  it('answers a write when it is applied, and reads it', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const box = c.put(gpid, 'a', 'v1');
    c.runUntil(() => box.result !== undefined);
    expect(box.result).toEqual({ error: 'ERR_OK', body: { error: 'ERR_OK', decree: 1, server: c.primary(gpid) } });
    expect(c.read(gpid, 'a')).toBe('v1');
    expect(c.read(gpid, 'b')).toBe(undefined);
    expect(c.checks()).toEqual([]);
  });
});
