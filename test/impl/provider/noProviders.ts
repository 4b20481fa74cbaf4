/** For fakes of an env whose configuration names no block service. */
import type { ProviderServices } from '../../../impl/env/contract.ts';

export const NO_PROVIDERS: ProviderServices = { tree: () => undefined };
