/** The table env that denies client requests: `<how>*<what>` (repl 1.4 row 2, 1.1). */

export const DENY_CLIENT_REQUEST = 'replica.deny_client_request';

/** `none`: not denied. `reconfig`: ERR_INVALID_STATE. `silence`: no answer at all. */
export type Denial = 'none' | 'reconfig' | 'silence';

/** What the env says to a read or a write; a value that is not two words denies nothing. */
export function denialOf(envs: Readonly<Record<string, string>>, kind: 'read' | 'write'): Denial {
  const value = envs[DENY_CLIENT_REQUEST];
  if (value === undefined || value === '') return 'none';
  const star = value.indexOf('*');
  const how = value.slice(0, star);
  const what = value.slice(star + 1);
  if (star < 0 || (what !== 'all' && what !== kind)) return 'none';
  return how === 'reconfig' ? 'reconfig' : 'silence';
}

