/** The shell lines of bulk load (bl 6.5): a command printed as an operator types it. */
import { joinWords } from './shellWords.ts';

export type BulkLoadShellCommand =
  | {
      readonly kind: 'startBulkLoad';
      readonly table: string;
      /** The folder below the root on the provider. */
      readonly clusterName: string;
      readonly provider: string;
      readonly root: string;
      readonly ingestBehind: boolean;
    }
  | {
      readonly kind: 'pauseBulkLoad' | 'restartBulkLoad' | 'clearBulkLoad' | 'queryBulkLoad';
      readonly table: string;
    }
  | { readonly kind: 'cancelBulkLoad'; readonly table: string; readonly forced: boolean };

const WORDS = {
  pauseBulkLoad: 'pause_bulk_load',
  restartBulkLoad: 'restart_bulk_load',
  clearBulkLoad: 'clear_bulk_load',
  queryBulkLoad: 'query_bulk_load_status',
} as const;

export function bulkLoadLine(command: BulkLoadShellCommand): string {
  switch (command.kind) {
    case 'startBulkLoad': {
      const { table, clusterName, provider, root, ingestBehind } = command;
      const words = ['start_bulk_load', '-a', table, '-c', clusterName, '-p', provider, '-r', root];
      return joinWords(ingestBehind ? [...words, '-i'] : words);
    }
    case 'cancelBulkLoad':
      return joinWords(['cancel_bulk_load', '-a', command.table, ...(command.forced ? ['-f'] : [])]);
    default:
      return joinWords([WORDS[command.kind], '-a', command.table]);
  }
}
