/** Classic mistakes in tables and clients, each the smallest change that makes it. */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const TABLES: readonly Defect[] = [
  classic({
    id: 'envs-lost-at-recovery',
    symptom: 'a restarted meta server forgets the envs of its tables',
    expected: ['S7', 'S8'],
    changes: [
      {
        part: 'MetaRecovery',
        mend: (Base) =>
          class extends Base {
            override onAppRead(...[value, appId]: Parameters<InstanceType<typeof Base>['onAppRead']>): void {
              super.onAppRead(value.replace(/"envs":\{[^}]*\}/, '"envs":{}'), appId);
            }
          },
      },
    ],
  }),
  classic({
    id: 'write-timeout-is-ok',
    symptom: 'a client whose attempt got no answer reports success',
    expected: ['S8', 'S1'],
    changes: [
      {
        part: 'KvClient',
        mend: (Base) =>
          class extends Base {
            override finalError(...[kind, unknown, error]: Parameters<InstanceType<typeof Base>['finalError']>): ErrorCode {
              return unknown && kind === 'write' && error === 'ERR_TIMEOUT' ? 'ERR_OK' : super.finalError(kind, unknown, error);
            }
          },
      },
    ],
  }),
];
