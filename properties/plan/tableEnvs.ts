/** Envs of tables as plans set them: the reserves of checkpoints (repl 2.6), throttles (thr 2, 6), ingestion behind (bl 6.1). */
import type { Draw } from './draw.ts';

type Envs = Readonly<Record<string, string>>;

export const ALLOW_INGEST_BEHIND = 'rocksdb.allow_ingest_behind';

/** Sensible and not. */
export function drawReserve(draw: Draw): Envs {
  return draw.chance(700)
    ? { 'rocksdb.checkpoint.reserve_min_count': draw.pick(['1', '2', '3', '0', 'x']) }
    : { 'rocksdb.checkpoint.reserve_time_seconds': draw.pick(['0', '1', '5', '20', '-1']) };
}

const BY_COUNT = [
  '1*delay*100', '2*delay*400', '0*delay*100', '3*delay*20,9*reject*50', '1*reject*10', '4*reject*200,2*delay*100', ' 1 * delay * 300 ',
  '0x2*delay*50', '20K*delay*100', '1*delay*18446744073709551615',
];
const BY_SIZE = ['20*delay*100', '60*delay*300', '40*reject*50', '1K*reject*10,100*delay*50', '1M*delay*100', '10*reject*0', '150*reject*20', '200*reject*10,100*delay*30'];
const BUCKETS = ['200', '1K', '20M', '40', '3', '60*reject*10', '20000*delay*100', '30*reject*5,10*delay*5', '1'];

/** Each refused by the meta server, which keeps what it has (thr 2.1). */
const MALFORMED = [
  '', ',', '100', '100*delay', '20A*delay*100', '2K**delay*100', '20m*delay*100', '-20*delay*100', '20 K*delay*10', '20K*pass*100',
  '100*DELAY*10', '2K*delay*100,3K*delay*100', '100*delay*10;100*reject*10', '18446744073709551616*delay*1', '100*delay*1.5', '100*reject*',
];
/** The bucket takes a plain number. */
const MALFORMED_BUCKETS = ['', '0', '200g', '-20', '0*reject*100', '100*delay*10,', '200 ', '12KM'];

const VALUES: Readonly<Record<string, readonly string[]>> = {
  'replica.write_throttling': BY_COUNT,
  'replica.write_throttling_by_size': BY_SIZE,
  'replica.read_throttling': BY_COUNT,
  'replica.read_throttling_by_size': BUCKETS,
};

export const throttleKeys: readonly string[] = Object.keys(VALUES);

/** Mostly a limit so small that the plan meets it; about every fifth is malformed. */
export function drawThrottleOf(draw: Draw, key: string): Envs {
  if (draw.chance(200)) return { [key]: draw.pick(key === 'replica.read_throttling_by_size' ? MALFORMED_BUCKETS : MALFORMED) };
  return { [key]: draw.pick(VALUES[key] ?? BY_COUNT) };
}

export function drawThrottle(draw: Draw): Envs {
  const key = draw.weighted(throttleKeys, (name) => (name === 'replica.write_throttling' ? 4 : 2));
  return drawThrottleOf(draw, key);
}

/** What no value of an env may be, and a creation takes all the same (thr 2.2, T7): replicas do without it. */
export function drawUnchecked(draw: Draw): Envs {
  return draw.chance(500)
    ? { 'replica.deny_client_request': draw.pick(['reconfig', 'timeout', 'reconfig*all*read', 'x']) }
    : { [draw.pick(['replica.write_throttling', 'replica.read_throttling'])]: draw.pick(MALFORMED) };
}

/** What holds an ingestion write back, or has it refused, once other writes have used the second up. */
export function drawWriteThrottle(draw: Draw, kind: 'delay' | 'reject'): Envs {
  const key = draw.weighted(['replica.write_throttling', 'replica.write_throttling_by_size'], (name) => (name.endsWith('size') ? 1 : 3));
  const units = key.endsWith('size') ? draw.pick(['20', '60', '200']) : draw.pick(['1', '2', '3']);
  return { [key]: `${units}*${kind}*${draw.pick(['20', '100', '400'])}` };
}

/** As a table is made with it. */
export function drawIngestBehind(draw: Draw): Envs {
  return { [ALLOW_INGEST_BEHIND]: draw.weighted(['true', 'TRUE', 'false', 'yes'], (value) => (value === 'true' ? 6 : 1)) };
}
