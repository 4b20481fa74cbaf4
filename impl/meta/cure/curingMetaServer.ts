/**
 * A meta server that lets members come and go, and the parts that it takes in the place of those for fixed membership
 * (docs/departures.md FM1, FM2, FM11, FM12). Who is alive is a failure detector's to tell: `liveness` is its place, and
 * it calls `guardian.onChangeNodeState` at each change, in a task of LPC_META_STATE_HIGH.
 */
import type { Context } from '../../context.ts';
import type { Guardian } from '../guardian.ts';
import { MetaServer } from '../metaServer.ts';
import type { ServerState } from '../serverState.ts';
import { CuringConfigService } from './curingConfigService.ts';
import { CuringPrimaryMove } from './curingPrimaryMove.ts';

export class CuringMetaServer extends MetaServer {
  override makeGuardian(ctx: Context, state: ServerState): Guardian {
    return new ctx.parts.Cure(ctx, state);
  }
}

/** Laid over the part table. */
export const curingParts = {
  MetaServer: CuringMetaServer,
  ConfigService: CuringConfigService,
  PrimaryMove: CuringPrimaryMove,
} as const;
