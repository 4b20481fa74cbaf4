/** What the shell prints when a table was called back or renamed (upstream's shell, recall_app and rename_app; its client library). */
import type { AdminAnswer, RecallAnswer } from './adminClient.ts';

/**
 * The lines of `recall <app_id> [new_name]`. The library tells what it waits for; the shell's own line ends it. Upstream's shell prints
 * neither hint nor, of a refusal, a name.
 */
export function recallReport(appId: number, { error, appName, partitionCount }: RecallAnswer): readonly string[] {
  if (error !== 'ERR_OK') return [`recall app ${appId} failed, error=${error}`];
  return [
    `recall app ok, id(${appId}), name(${appName}), partition_count(${partitionCount}), wait it ready`,
    `recall app ${appId} succeed`,
  ];
}

/** The line of `rename <old_app_name> <new_app_name>`. */
export function renameReport(oldName: string, newName: string, { error, hint }: AdminAnswer): string {
  const names = `old_app_name(${oldName}), new_app_name(${newName})`;
  if (error === 'ERR_OK') return `rename app ok, ${names}`;
  return `rename app failed, ${names}, failed: ${error}${hint === '' ? '' : `, ${hint}`}`;
}
