/** Kinds of events in a few families, each with one colour: what a maintainer would call the subsystem. */
export type Family = 'command' | 'replica' | 'log' | 'duplication' | 'load' | 'throttle' | 'table' | 'process' | 'fault';

export const FAMILIES: readonly { readonly id: Family; readonly name: string }[] = [
  { id: 'command', name: 'commands' },
  { id: 'table', name: 'tables, configurations' },
  { id: 'replica', name: 'replicas' },
  { id: 'log', name: 'log, storage, checkpoints' },
  { id: 'duplication', name: 'duplication' },
  { id: 'load', name: 'bulk load' },
  { id: 'throttle', name: 'throttling' },
  { id: 'process', name: 'processes' },
  { id: 'fault', name: 'faults' },
];

const BY_FIRST_WORD: Readonly<Record<string, Family>> = {
  command: 'command',
  attempt: 'command',
  replica: 'replica',
  prepare: 'replica',
  log: 'log',
  storage: 'log',
  checkpoint: 'log',
  dup: 'duplication',
  follower: 'duplication',
  load: 'load',
  ingestion: 'load',
  provider: 'load',
  throttle: 'throttle',
  table: 'table',
  config: 'table',
  process: 'process',
  fault: 'fault',
  world: 'fault',
};

/** The family of an event's kind; of a kind that nobody knows: that of processes. */
export function familyOf(kind: string): Family {
  if (kind === 'storage.ingested') return 'load';
  if (kind === 'checkpoint.adopted') return 'duplication';
  const word = kind.split('.')[0] ?? '';
  return Object.hasOwn(BY_FIRST_WORD, word) ? (BY_FIRST_WORD[word] ?? 'process') : 'process';
}
