/** One event of a run as a line. */
import { ingestionText, loadEventText } from './loadEventText.ts';
import { unreachable } from '../../model/vocabulary.ts';
import type { ModelEvent, MutationFact } from '../../model/events.ts';
import type { Answer, Command } from '../../model/commands.ts';
import type { DuplicationClaimed, DuplicationObserved } from '../../model/duplicationEvents.ts';

function mutationText(m: MutationFact): string {
  const rows = m.updates.flatMap((u) => u.rows.map((r) => (r.op === 'put' ? `${keyText(r.key)}=${r.value}` : `${keyText(r.key)} removed`)));
  for (const { load } of m.updates) if (load !== undefined) rows.push(ingestionText(load));
  return `decree ${String(m.decree)} of ballot ${String(m.ballot)} (commit point ${String(m.lastCommitted)}): ${rows.length === 0 ? 'empty write' : rows.join(', ')}`;
}

/** A stored key (u16 BE hash-key length, hash key, sort key) as `hash:sort`. */
export function keyText(key: string): string {
  const length = key.charCodeAt(0) * 256 + key.charCodeAt(1);
  return `${key.slice(2, 2 + length)}:${key.slice(2 + length)}`;
}

export function commandText(command: Command): string {
  const { kind, ...rest } = command;
  return `${kind} ${JSON.stringify(rest)}`;
}

export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'read':
      return answer.error === 'ERR_OK' ? (answer.found ? `"${answer.value}"` : 'not found') : answer.error;
    case 'checkpoint':
      return `${answer.error}, durable ${String(answer.durable)}, prepared ${String(answer.prepared)} for ${String(answer.minDecree)}`;
    case 'metrics':
      return `${answer.error}${Object.entries(answer.metrics).map(([name, value]) => `, ${name} ${String(value)}`).join('')}`;
    case 'progress':
      return [answer.error, ...answer.dups.map((one) => `duplication ${String(one.dupId)} ${one.status} ${one.failMode}, last ${String(one.last)}, confirmed ${String(one.confirmed)}`)].join(', ');
    case 'admin':
      return answer.hint === '' ? answer.error : `${answer.error}: ${answer.hint}`;
    case 'write':
    case 'tables':
    case 'triggered':
    case 'dupModified':
    case 'dups':
      return answer.error;
    case 'bulkLoad':
      return answer.hint === '' ? answer.error : `${answer.error}: ${answer.hint}`;
    case 'bulkLoadStatus':
      return `${answer.error}, ${answer.appStatus} [${answer.partitions.join(' ')}]${answer.isBulkLoading ? ', loading' : ''}`;
    case 'dupAdded':
      return `${answer.error}, dupid ${String(answer.dupId)}${answer.hint === '' ? '' : `: ${answer.hint}`}`;
  }
}

export function eventText(event: ModelEvent): string {
  const at = 'node' in event ? `${event.node}${'gpid' in event && event.gpid !== '' ? ` ${event.gpid}` : ''}: ` : '';
  return at + whatText(event);
}

function whatText(event: ModelEvent): string {
  switch (event.kind) {
    case 'replica.status':
      return `${event.from} -> ${event.to} in ballot ${String(event.ballot)}`;
    case 'replica.prepared':
      return `prepared${event.reproposal ? ' again' : ''} as ${event.as} ${mutationText(event.mutation)}`;
    case 'replica.committed':
      return `committed ${String(event.decree)}`;
    case 'replica.applied':
      return `applied ${String(event.decree)}`;
    case 'replica.opened':
      return `opened${event.fresh ? ' new' : ''}: ballot ${String(event.ballot)}, durable ${String(event.durable)}, applied ${String(event.applied)}, committed ${String(event.committed)}, prepared ${String(event.maxPrepared)}`;
    case 'replica.load-failed':
      return `load failed: ${event.error}`;
    case 'replica.closed':
      return 'closed';
    case 'checkpoint.ended':
      return `checkpoint (${event.trigger}) ended: ${event.error}, durable ${String(event.durable)}`;
    case 'checkpoint.manual-flag':
      return `manual checkpoint flag ${event.set ? 'set' : 'cleared'}, ${String(event.serverCount)} on the server`;
    case 'process.started':
      return 'process started';
    case 'process.stopped':
      return `process stopped (${event.cause}) ${event.detail}`;
    case 'table.stored':
      return `store: table ${event.name} (${String(event.appId)}) ${event.status}`;
    case 'config.stored':
      return `store: ${event.config.gpid} ballot ${String(event.config.ballot)}, primary ${event.config.primary || 'none'}, secondaries ${event.config.secondaries.join(' ')}`;
    case 'log.written':
      return `log file ${String(event.fileIndex)} holds ${mutationText(event.mutation)}`;
    case 'log.file-created':
      return `log file ${String(event.fileIndex)} created at ${String(event.startOffset)}, decrees before it up to ${String(event.previousMaxDecree)}`;
    case 'log.file-removed':
      return `log file ${String(event.fileIndex)} removed`;
    case 'log.survived':
      return `of the log survived: ${event.records.map((r) => String(r.decree)).join(' ')}${event.intact ? '' : ' (damaged)'}`;
    case 'prepare.acked':
      return `acknowledged decree ${String(event.decree)} of ballot ${String(event.ballot)}`;
    case 'storage.flushed':
      return `flushed up to ${String(event.decree)}`;
    case 'checkpoint.listed':
      return `checkpoint.${String(event.decree)} appeared, holding decree ${String(event.contentDecree)}`;
    case 'checkpoint.removed':
      return `checkpoint.${String(event.decree)} removed`;
    case 'command.invoked':
      return `command ${String(event.id)}: ${commandText(event.command)}`;
    case 'attempt.sent':
      return `command ${String(event.id)} sent to ${event.to}`;
    case 'command.answered':
      return `command ${String(event.id)} answered ${answerText(event.answer)}`;
    case 'replica.list-cut':
      return `prepare list begins anew at ${String(event.committed)}${event.keepsRest ? ', what lies above stays' : ''}`;
    case 'learn.answered':
      return `${event.learner} is to learn from ${String(event.start)} on by ${event.type} (has ${String(event.applied)}; committed ${String(event.lastCommitted)})`;
    case 'replica.gone':
      return event.as === 'other' ? 'its directory was removed' : `its directory was set aside (.${event.as})`;
    case 'storage.replaced':
      return `storage replaced, holding decree ${String(event.decree)}`;
    case 'log.replaced':
      return `log replaced: ${event.files.map(({ index, records }) => `file ${String(index)} with ${String(records.length)} records`).join(', ') || 'no file'}`;
    case 'init-info.stored':
      return `.init-info: ballot ${String(event.ballot)}, durable ${String(event.durable)}, log from ${String(event.logOffset)}`;
    case 'beacon.acked':
      return `beacon of +${(event.sentUs / 1000).toFixed(3)} ms answered`;
    case 'read.served':
      return 'read served';
    case 'fault.struck':
      return `FAULT ${event.fault} ${event.detail}`;
    case 'world.healed':
      return 'faults have ended';
    case 'provider.put':
    case 'provider.removed':
    case 'load.stored':
    case 'load.partition-stored':
    case 'load.erased':
    case 'load.wished':
    case 'load.reported':
    case 'load.member-reported':
    case 'ingestion.sent':
    case 'ingestion.answered':
    case 'storage.ingested':
    case 'load.slot':
    case 'throttle.verdict':
    case 'throttle.told':
    case 'throttle.arrived':
    case 'throttle.answered':
      return loadEventText(event);
    default:
      return duplicationText(event);
  }
}

function duplicationText(event: DuplicationObserved | DuplicationClaimed): string {
  switch (event.kind) {
    case 'dup.stored':
      return `store: duplication ${String(event.dupId)} of table ${String(event.appId)} to ${event.record.remote}/${event.record.remoteAppName} ${event.record.status} ${event.record.failMode}`;
    case 'dup.erased':
      return `store: duplication ${String(event.dupId)} of table ${String(event.appId)} removed`;
    case 'dup.progress-stored':
      return `store: duplication ${String(event.dupId)} of ${event.gpid} confirmed up to ${String(event.confirmed)}`;
    case 'dup.told':
      return `told of duplication ${String(event.dupId)}: ${event.status}, progress ${JSON.stringify(event.progress)}`;
    case 'dup.synced':
      return `duplication sync told of ${event.dups.length === 0 ? 'nothing' : event.dups.map((d) => String(d.dupId)).join(' ')}`;
    case 'dup.reported':
      return `reports duplication ${String(event.dupId)}: confirmed ${String(event.confirmed)}${event.prepared ? ', checkpoint prepared' : ''}`;
    case 'dup.sent':
      return `${event.from} sends ${event.entries.map((e) => e.rows.map((r) => keyText(r.key)).join(' ')).join(', ')} (${String(event.sizeBytes)} bytes) to ${event.gpid} at ${event.to}`;
    case 'follower.asked':
      return `${event.to} is asked to create ${event.name} (${event.envs['duplication.follower_app_status'] ?? 'no status'})`;
    case 'checkpoint.adopted':
      return `took the master's checkpoint of decree ${String(event.decree)}`;
    case 'dup.started':
      return `duplication ${String(event.dupId)} ships from decree ${String(event.start)} on`;
    case 'dup.stopped':
      return `duplication ${String(event.dupId)} ships no more`;
    case 'dup.shipped':
      return `duplication ${String(event.dupId)} has shipped up to ${String(event.last)}`;
    case 'dup.skipped':
      return `duplication ${String(event.dupId)} skips ${String(event.from)} to ${String(event.to)}`;
    default:
      return unreachable(event);
  }
}
