/** A runaway: parts that never let a run come to rest. */
import { task } from '../../../impl/env/contract.ts';
import { DEFAULT_PARTS, type Parts } from '../../../impl/parts.ts';

/** Parts whose group check posts itself at once, for ever; its class prints as `Checker`. */
export function spinning(): Parts {
  return {
    ...DEFAULT_PARTS,
    GroupChecker: class Checker extends DEFAULT_PARTS.GroupChecker {
      override broadcastGroupCheck(): void {
        super.broadcastGroupCheck();
        this.spin();
      }
      spin(): void {
        this.ctx.env.tasks.post('LPC_GROUP_CHECK', this.replica.hash, 0, task(this, 'spin'));
      }
    },
  };
}
