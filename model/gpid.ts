/** What a gpid says: `<app id>.<partition index>`. */
import type { Gpid } from './vocabulary.ts';

export const appIdOf = (gpid: Gpid): number => Number(gpid.slice(0, gpid.indexOf('.')));
export const indexOf = (gpid: Gpid): number => Number(gpid.slice(gpid.indexOf('.') + 1));
