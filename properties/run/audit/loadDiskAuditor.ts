/**
 * Follows what loads do on disks: bytes that are downloaded into a replica's `bulk_load` directory, and files of it that
 * become runs of the database (bl 5, 15.3).
 */
import type { ModelEvent } from '../../../model/events.ts';
import type { AuditDesk } from './desk.ts';
import { readWhole } from './diskView.ts';
import { HOOKS } from './hooks.ts';
import { md5Of, readWholeRun } from './loadFiles.ts';
import type { LinkedRun } from './loadView.ts';
import type { ReplicaView } from './view.ts';

export class LoadDiskAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
  }

  /** Bytes of a download. */
  written(view: ReplicaView, file: string): void {
    view.load.changed(file);
    for (const hook of HOOKS.downloaded) hook(this.desk, view, file);
  }

  /** A file of the directory stands among those of the database, too; which a manifest may name by and by. */
  runTakenOver(view: ReplicaView, file: string): void {
    const path = `${view.dir}/data/rdb/${file}`;
    const bytes = readWhole(this.desk.disk(view.node), path);
    if (bytes === undefined) return;
    const run: LinkedRun = { sizeBytes: bytes.length, md5: md5Of(bytes) };
    view.load.linked.set(file, run);
    this.desk.contents.note(run.md5, run.sizeBytes, readWholeRun(bytes, path));
  }

  /** A manifest names these runs: told before the flush that it may be as well. */
  ingested(view: ReplicaView, runs: readonly string[]): void {
    const { linked } = view.load;
    if (linked.size === 0) return;
    const files: LinkedRun[] = [];
    for (const [file, run] of linked) {
      if (!runs.includes(file)) continue;
      files.push(run);
      linked.delete(file);
    }
    if (files.length === 0) return;
    const { node, gpid, flushed: decree } = view;
    this.sink({ kind: 'storage.ingested', atUs: this.nowUs(), node, gpid, decree, files });
  }
}
