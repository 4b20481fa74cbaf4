/** The provider's suite in the simulated world, and what a driver can do to it. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../impl/context.ts';
import { PROVIDER_COST_US } from '../../../impl/env/sim/provider.ts';
import { DEFAULT_PARTS } from '../../../impl/parts.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import { type Fixture, fixture } from '../env/fixture.ts';
import { bytesOf, fileOf, providerSuite, type ProviderSide, putFile } from './suite.ts';

function sideOf(f: Fixture, node = 'a'): ProviderSide {
  const store = f.world.provider('files');
  return {
    put: (path, bytes) => store.put(path, bytes),
    remove: (path) => store.remove(path),
    inside: (act) => {
      const thrown: unknown[] = [];
      f.within(node, ({ env }) => {
        const ctx: Context = { env, settings: DEFAULT_SETTINGS, parts: DEFAULT_PARTS };
        try {
          act(ctx);
        } catch (error) {
          thrown.push(error);
        }
      });
      if (thrown.length > 0) throw thrown[0];
    },
  };
}

providerSuite('simulated', () => sideOf(fixture()));

describe('a simulated provider', () => {
  function withFile(): { readonly f: Fixture; readonly side: ProviderSide; whole(side?: ProviderSide): string } {
    const f = fixture();
    const side = sideOf(f);
    putFile(side, 'd/f', bytesOf('x'.repeat(4096)));
    const whole = (from = side): string => {
      let error = '';
      from.inside((ctx) => (error = fileOf(ctx, 'd/f', true).value?.readWhole().error ?? 'no handle'));
      return error;
    };
    return { f, side, whole };
  }

  it('is one for all nodes, and outlives their processes', () => {
    const { f, whole } = withFile();
    expect(whole(sideOf(f, 'b'))).toBe('ERR_OK');
    f.world.stopNode('a', 'crash');
    f.world.startNode('a');
    expect(whole()).toBe('ERR_OK');
    expect(f.world.provider('files').files()).toEqual(['d/.f.meta', 'd/f']);
  });

  it('charges its calls, more of them when it is slow', () => {
    const { f, side } = withFile();
    const spent: number[] = [];
    const measure = (): void => {
      side.inside((ctx) => {
        const before = ctx.env.clock.monotonicUs();
        fileOf(ctx, 'd/f', true).value?.readBlock(0, 4096);
        spent.push(ctx.env.clock.monotonicUs() - before);
      });
    };
    measure();
    f.world.provider('files').setSlow(10);
    measure();
    const calmUs = PROVIDER_COST_US.call + 4 * PROVIDER_COST_US.perKib;
    expect(spent).toEqual([calmUs, 10 * calmUs]);
    expect(f.world.faultEffects().get('provider.slowed')).toBe(2);
  });

  it('fails one file, or all, for as long as the driver wants', () => {
    const { f, whole } = withFile();
    const store = f.world.provider('files');
    store.setFailing('d/f', 'io');
    expect(whole()).toBe('ERR_FS_INTERNAL');
    store.setFailing('d/f', undefined);
    store.setUnreachable(true);
    expect(whole()).toBe('ERR_FS_INTERNAL');
    store.setUnreachable(false);
    expect(whole()).toBe('ERR_OK');
    expect(f.world.faultEffects().get('provider.error')).toBe(2);
  });

  it('shows each file that comes, is replaced or goes, and no directory; reads show nothing', () => {
    const { f, side, whole } = withFile();
    const store = f.world.provider('files');
    side.put('d/f', bytesOf('yy'));
    expect(whole()).toBe('ERR_OK');
    side.put('d', bytesOf('z'));
    side.remove('d');
    side.remove('d');
    store.setUnreachable(true);
    const seen = f.trace.lines.filter((line) => line.includes(' provided ')).map((line) => line.split(' provided files ')[1]);
    expect(seen).toEqual(['d/f 4096', 'd/.f.meta 54', 'd/f 2', 'd/.f.meta removed', 'd/f removed', 'd 1', 'd removed']);
  });

  it('asks chance nothing', () => {
    const { f, whole } = withFile();
    const before = JSON.stringify(f.chance);
    expect(whole()).toBe('ERR_OK');
    expect(JSON.stringify(f.chance)).toBe(before);
  });
});
