/** The parts of this room; see impl/parts.ts. */
import { LogFile } from './logFile.ts';
import { LogReset } from './logReset.ts';
import { PrivateLog } from './privateLog.ts';
import { LogReplayer } from './replayer.ts';

export const plogParts = { PrivateLog, LogFile, LogReplayer, LogReset } as const;
