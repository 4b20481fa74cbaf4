import type { ErrorCode } from '../../model/vocabulary.ts';
import { DiskError } from './contract.ts';

/** Disk calls whose failure, of whatever kind, their caller answers or tells: ERR_OK or ERR_FILE_OPERATION_FAILED. */
export function fileOperation(body: () => void): ErrorCode {
  try {
    body();
    return 'ERR_OK';
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return 'ERR_FILE_OPERATION_FAILED';
  }
}
