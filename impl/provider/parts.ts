/** The parts of this room; see impl/parts.ts. */
import { FileDownload } from './fileDownload.ts';
import { LocalService } from './localService.ts';

export const providerParts = { LocalService, FileDownload } as const;
