/**
 * `.app-info` and `.init-info` of a replica directory (docs/formats.md; plog 8): JSON, replaced by tmp, sync, rename.
 */
import type { Ballot, Decree, ErrorCode } from '../../model/vocabulary.ts';
import { DiskError } from '../env/contract.ts';
import type { Disk } from '../env/contract.ts';
import type { AppInfo } from '../protocol/messages.ts';

export const APP_INFO = '.app-info';
export const INIT_INFO = '.init-info';

export interface InitInfo {
  readonly initBallot: Ballot;
  readonly initDurableDecree: Decree;
  readonly initOffsetInPrivateLog: number;
}

export const FRESH_INIT_INFO: InitInfo = { initBallot: 0, initDurableDecree: 0, initOffsetInPrivateLog: 0 };

/** A value, or why there is none: ERR_PATH_NOT_FOUND, ERR_FILE_OPERATION_FAILED or ERR_CORRUPTION. */
export type Loaded<T> =
  | { readonly error: 'ERR_OK'; readonly value: T }
  | { readonly error: Exclude<ErrorCode, 'ERR_OK'> };

export function storeAppInfo(disk: Disk, dir: string, app: AppInfo): ErrorCode {
  return replaceFile(disk, `${dir}/${APP_INFO}`, JSON.stringify(app));
}

export function storeInitInfo(disk: Disk, dir: string, info: InitInfo): ErrorCode {
  const json = {
    init_ballot: info.initBallot,
    init_durable_decree: info.initDurableDecree,
    init_offset_in_shared_log: 0,
    init_offset_in_private_log: info.initOffsetInPrivateLog,
  };
  return replaceFile(disk, `${dir}/${INIT_INFO}`, JSON.stringify(json));
}

export function loadAppInfo(disk: Disk, dir: string): Loaded<AppInfo> {
  const loaded = loadJson(disk, `${dir}/${APP_INFO}`);
  if (loaded.error !== 'ERR_OK') return loaded;
  return isAppInfo(loaded.value) ? { error: 'ERR_OK', value: loaded.value } : { error: 'ERR_CORRUPTION' };
}

export function loadInitInfo(disk: Disk, dir: string): Loaded<InitInfo> {
  const loaded = loadJson(disk, `${dir}/${INIT_INFO}`);
  if (loaded.error !== 'ERR_OK') return loaded;
  const initBallot = numberOf(loaded.value, 'init_ballot');
  const initDurableDecree = numberOf(loaded.value, 'init_durable_decree');
  const initOffsetInPrivateLog = numberOf(loaded.value, 'init_offset_in_private_log');
  if (initBallot === undefined || initDurableDecree === undefined || initOffsetInPrivateLog === undefined) {
    return { error: 'ERR_CORRUPTION' };
  }
  return { error: 'ERR_OK', value: { initBallot, initDurableDecree, initOffsetInPrivateLog } };
}

function replaceFile(disk: Disk, path: string, text: string): ErrorCode {
  const temporary = `${path}.tmp`;
  try {
    if (disk.exists(temporary)) disk.remove(temporary);
    disk.create(temporary);
    disk.write(temporary, 0, Buffer.from(text, 'utf8'));
    disk.sync(temporary);
    disk.rename(temporary, path);
    return 'ERR_OK';
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return 'ERR_FILE_OPERATION_FAILED';
  }
}

function loadJson(disk: Disk, path: string): Loaded<unknown> {
  let text: string;
  try {
    if (!disk.exists(path)) return { error: 'ERR_PATH_NOT_FOUND' };
    text = Buffer.from(disk.read(path, 0, disk.info(path).sizeBytes)).toString('utf8');
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return { error: 'ERR_FILE_OPERATION_FAILED' };
  }
  try {
    const value: unknown = JSON.parse(text);
    return { error: 'ERR_OK', value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { error: 'ERR_CORRUPTION' };
  }
}

function numberOf(value: unknown, name: string): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const member: unknown = Reflect.get(value, name);
  return typeof member === 'number' && Number.isSafeInteger(member) ? member : undefined;
}

function isAppInfo(value: unknown): value is AppInfo {
  if (typeof value !== 'object' || value === null) return false;
  const envs: unknown = Reflect.get(value, 'envs');
  return (
    numberOf(value, 'appId') !== undefined &&
    numberOf(value, 'partitionCount') !== undefined &&
    numberOf(value, 'maxReplicaCount') !== undefined &&
    typeof Reflect.get(value, 'appName') === 'string' &&
    typeof envs === 'object' &&
    envs !== null
  );
}
