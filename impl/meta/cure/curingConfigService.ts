/**
 * Configurations whose members come and go (repl 1.10; upstream's on_update_configuration, downgrade_primary_to_inactive).
 * What a request makes of the stored members is checked exactly; ballots make sure that who asks knows them, so that a
 * misfit is a defect of the requester, and an internal check. A request that faults alone bring about is refused: one by
 * a server that is dead by now, one while the state is frozen (cure.ts).
 *
 * The meta server's own removal of a dead primary takes the place of an update that is on its way, under the same
 * ballot: nobody was told of that one. It may be in the store for a moment, and a meta server that starts right then
 * finds it; who asked for it then hears that it is stored (docs/departures.md, cure.3).
 */
import type { PartitionConfig } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { UpdateConfigRequest } from '../../protocol/messages.ts';
import type { AppService } from '../appService.ts';
import { ConfigService } from '../configService.ts';
import type { MetaStorage } from '../metaStorage.ts';
import type { PrimaryMove } from '../primaryMove.ts';
import type { AppState, ServerState } from '../serverState.ts';
import type { RequestRules } from './requestRules.ts';

export class CuringConfigService extends ConfigService {
  readonly rules: RequestRules;

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, apps: AppService, moves: PrimaryMove) {
    super(ctx, state, storage, apps, moves);
    this.rules = new ctx.parts.RequestRules();
  }

  override isLegalType({ type }: UpdateConfigRequest): boolean {
    return this.rules.isLegalType(type);
  }

  override fitsType(stored: PartitionConfig, request: UpdateConfigRequest): boolean {
    return this.state.knowsNode(request.node) && this.rules.requestCheck(stored, request);
  }

  override nextConfig(stored: PartitionConfig, request: UpdateConfigRequest): PartitionConfig {
    return this.rules.nextConfig(stored, request);
  }

  override downgradePrimaryToInactive(app: AppState, index: number): void {
    const stored = app.configs[index];
    if (stored === undefined || stored.primary === '' || this.isBeingRemoved(stored)) return;
    this.cancelSync(app, index, stored.gpid);
    this.updateConfigurationOnRemote(app, index, this.rules.withoutPrimary(stored));
  }

  /** The update on its way has no primary any more. */
  isBeingRemoved(stored: PartitionConfig): boolean {
    const pending = this.pendingUpdate(stored.gpid);
    return pending?.type === 'CT_DOWNGRADE_TO_INACTIVE' && pending.node === stored.primary;
  }
}
