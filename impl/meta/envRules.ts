/** What the meta server looks at in the envs that a table is to get (thr 2, bl 19); the first bad value refuses all. */
import type { ErrorCode } from '../../model/vocabulary.ts';
import { throttlingHintOf } from '../replica/throttling/throttlingEnvs.ts';
import { ENV_ALLOW_INGEST_BEHIND } from '../storage/app/names.ts';
import type { AppState } from './serverState.ts';
import { SUPPORTED_ENVS } from './supportedEnvs.ts';

/** Why a request is refused. */
export interface Refusal {
  readonly error: Exclude<ErrorCode, 'ERR_OK'>;
  readonly hint: string;
}

type Envs = Readonly<Record<string, string>>;

export function invalid(hint: string): Refusal {
  return { error: 'ERR_INVALID_PARAMETERS', hint };
}

/** A creation is not checked, as upstream: replicas do without what they cannot read. */
export function refuseEnvs(envs: Envs): Refusal | undefined {
  for (const [key, value] of Object.entries(envs)) {
    const hint = SUPPORTED_ENVS.has(key) ? throttlingHintOf(key, value) : `app_env '${key}' is not supported`;
    if (hint !== undefined) return invalid(hint);
  }
  return undefined;
}

/** Databases keep what their table allowed when they were created: all of them, so it does not change until then. */
export function refuseIngestBehind(app: AppState, envs: Envs): Refusal | undefined {
  if (!(ENV_ALLOW_INGEST_BEHIND in envs) || app.configs.every(({ ballot }) => ballot > 0)) return undefined;
  return { error: 'ERR_BUSY_CREATING', hint: `replicas of table ${app.record.info.appName} are being created` };
}
