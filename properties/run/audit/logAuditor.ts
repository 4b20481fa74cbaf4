/** Follows the private logs on the disks of the world block by block, and reads anew what damage has left of one. */
import type { ModelEvent, MutationFact } from '../../../model/events.ts';
import type { AuditDesk } from './desk.ts';
import { bufferOf, readWhole } from './diskView.ts';
import { HOOKS } from './hooks.ts';
import { LogFileReader, surveyLog, type LogHeader, type LogSink } from './logReader.ts';
import type { Path } from './paths.ts';
import type { LogFile, ReplicaView } from './view.ts';

type LogPath = Extract<Path, { readonly kind: 'log' }>;

export class LogAuditor implements LogSink {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;
  /** The file that is being decoded, for the sink's callbacks. */
  private view: ReplicaView | undefined = undefined;
  private file: LogFile | undefined = undefined;

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
  }

  written(view: ReplicaView, parsed: LogPath, path: string, offset: number, bytes: Uint8Array): void {
    let file = view.log.get(parsed.index);
    if (file === undefined || file.path !== path) {
      file = { path, reader: new LogFileReader(parsed.gpid, parsed.index, parsed.startOffset), records: [] };
      view.log.set(parsed.index, file);
    }
    const { reader } = file;
    this.view = view;
    this.file = file;
    if (offset === reader.position) reader.advance(bufferOf(bytes), offset, this);
    else if (offset > reader.position) {
      // After a hole or a torn block: only the file itself tells what stands there now.
      const whole = readWhole(this.desk.disk(view.node), path);
      if (whole !== undefined) reader.advance(whole, 0, this);
    } else this.overwritten(view, path, offset, reader);
  }

  private overwritten(view: ReplicaView, path: string, offset: number, reader: LogFileReader): void {
    const text = `${view}: ${path} was written at ${offset}, where whole blocks stood already`;
    this.desk.wrong('S4', 'log/append-only', text, `writes from ${reader.position} on`, `${offset}`);
  }

  header(reader: LogFileReader, header: LogHeader): void {
    const { view } = this;
    if (view === undefined) return;
    this.sink({
      kind: 'log.file-created',
      atUs: this.nowUs(),
      node: view.node,
      gpid: view.gpid,
      fileIndex: reader.index,
      startOffset: header.startOffset,
      previousMaxDecree: header.previousMaxDecree,
      validStartOffset: header.validStartOffset,
    });
  }

  record(reader: LogFileReader, mutation: MutationFact, logOffset: number): void {
    const { view, file } = this;
    if (view === undefined || file === undefined) return;
    file.records.push({ mutation, logOffset });
    remember(view, mutation);
    for (const duplicator of view.duplicators.values()) if (duplicator.running) duplicator.noteRecord(mutation);
    for (const hook of HOOKS.logged) hook(this.desk, view, file, mutation);
    this.sink(
      {
        kind: 'log.written',
        atUs: this.nowUs(),
        node: view.node,
        gpid: view.gpid,
        fileIndex: reader.index,
        logOffset,
        mutation,
      },
    );
  }

  removed(view: ReplicaView, index: number): void {
    const file = view.log.get(index);
    if (file === undefined) return;
    view.log.delete(index);
    if (file.reader.header === undefined) return;
    this.sink({ kind: 'log.file-removed', atUs: this.nowUs(), node: view.node, gpid: view.gpid, fileIndex: index });
  }

  /** Before a process comes up, or a replica is said to be open, over a log that was damaged. */
  surveyIfDamaged(view: ReplicaView): void {
    if (!view.logDamaged) return;
    const intact = this.tellSurvivors(view, true);
    if (intact) view.logDamaged = false;
  }

  /**
   * Reads the log anew from its bytes and tells what is left; `adopt`: follows it from there, as a new incarnation
   * will.
   */
  tellSurvivors(view: ReplicaView, adopt: boolean): boolean {
    const survey = surveyLog(this.desk.disk(view.node), `${view.dir}/plog`, view.gpid);
    if (adopt) this.adopt(view, survey);
    this.sink({
      kind: 'log.survived',
      atUs: this.nowUs(),
      node: view.node,
      gpid: view.gpid,
      intact: survey.intact,
      files: survey.files.map(({ reader }) => reader.index),
      records: survey.records.map(({ ballot, decree, fileIndex }) => ({ ballot, decree, fileIndex })),
    });
    return survey.intact;
  }

  /** A process that is to come up finds exactly these files and records. */
  adopt(view: ReplicaView, survey: ReturnType<typeof surveyLog>): void {
    view.log.clear();
    view.mutations.clear();
    for (const { path, reader, records } of survey.files) {
      view.log.set(
        reader.index,
        { path, reader, records: records.map(({ mutation, logOffset }) => ({ mutation, logOffset })) },
      );
      for (const { mutation } of records) remember(view, mutation);
    }
  }
}

/** Keeps the newest record of a decree; replay keeps the first of the same ballot (plog 11). */
function remember(view: ReplicaView, mutation: MutationFact): void {
  if (mutation.decree <= view.flushed) return;
  const old = view.mutations.get(mutation.decree);
  if (old === undefined || old.ballot < mutation.ballot) view.mutations.set(mutation.decree, mutation);
}
