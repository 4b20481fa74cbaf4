/**
 * Follows what the disks of the world hold: log files (logAuditor.ts), manifests, checkpoint directories, and replica
 * directories that are set aside; tells it as observed events and to the audits.
 */
import type { ModelEvent } from '../../../model/events.ts';
import { INVALID_DECREE, type Decree, type NodeId } from '../../../model/vocabulary.ts';
import type { AuditDesk } from './desk.ts';
import { readWhole } from './diskView.ts';
import { HOOKS } from './hooks.ts';
import { isObject, parseJson } from './json.ts';
import { LearnAuditor } from './learnAuditor.ts';
import { LoadDiskAuditor } from './loadDiskAuditor.ts';
import { LogAuditor } from './logAuditor.ts';
import { surveyLog } from './logReader.ts';
import { knownPath } from './paths.ts';
import { readManifest } from './storageReader.ts';
import { SyncedNames } from './syncedNames.ts';
import type { Listing, NodeView, ReplicaView } from './view.ts';

export class DiskAuditor {
  private readonly nowUs: () => number;
  private readonly sink: (event: ModelEvent) => void;
  private readonly desk: AuditDesk;
  private readonly building: ReplicaView[] = [];
  private readonly loads: LoadDiskAuditor;
  readonly logs: LogAuditor;
  readonly learning: LearnAuditor;
  readonly names: SyncedNames;

  constructor(nowUs: () => number, sink: (event: ModelEvent) => void, desk: AuditDesk) {
    this.nowUs = nowUs;
    this.sink = sink;
    this.desk = desk;
    this.loads = new LoadDiskAuditor(nowUs, sink, desk);
    this.logs = new LogAuditor(nowUs, sink, desk);
    this.learning = new LearnAuditor(nowUs, sink, desk, this.logs);
    this.names = new SyncedNames((...told) => {
      desk.wrong(...told);
    });
  }

  // ------------------------------------------------------------------ names and bytes

  fileWritten(node: NodeId, path: string, offset: number, bytes: Uint8Array): void {
    const parsed = knownPath(path);
    if (parsed.kind !== 'log') this.names.written(node, path);
    switch (parsed.kind) {
      case 'log':
        this.logs.written(this.desk.replica(node, parsed.gpid, parsed.dir), parsed, path, offset, bytes);
        return;
      case 'rdb-file':
        if (parsed.file === 'CURRENT') this.currentReplaced(this.desk.replica(node, parsed.gpid, parsed.dir));
        return;
      case 'init-info':
        this.initInfoReplaced(this.desk.replica(node, parsed.gpid, parsed.dir));
        return;
      case 'download-file':
        // Copied anew from its beginning: what struck it is gone.
        if (offset === 0) this.desk.replica(node, parsed.gpid, parsed.dir).damagedDownloads.delete(parsed.file);
        return;
      case 'load-file':
        this.loads.written(this.desk.replica(node, parsed.gpid, parsed.dir), parsed.file);
        return;
      default:
    }
  }

  /** A file was created or linked. */
  nameAppeared(node: NodeId, path: string): void {
    const parsed = knownPath(path);
    if (parsed.kind === 'load-file') this.desk.replica(node, parsed.gpid, parsed.dir).load.changed(parsed.file);
    if (parsed.kind !== 'checkpoint-file') return;
    const view = this.desk.replica(node, parsed.gpid, parsed.dir);
    if (view.checkpoints.has(parsed.decree) || view.building === parsed.decree) return;
    this.beginCheckpoint(view, parsed.decree);
  }

  /** Nobody begins a checkpoint while another one has files and no CURRENT yet, unless its disk failed it (repl.S13). */
  private beginCheckpoint(view: ReplicaView, decree: Decree): void {
    this.finishCheckpoint(view, false);
    const { building, buildingStruck } = view;
    view.building = decree;
    view.buildingStruck = false;
    if (!this.building.includes(view)) this.building.push(view);
    if (building === undefined || buildingStruck || !this.desk.disk(view.node).exists(`${view.dir}/data/checkpoint.${building}`)) return;
    const what = `${view}: checkpoint.${decree} is begun beside checkpoint.${building}`;
    this.desk.wrong('repl.S13', 'checkpoint/one-at-a-time', what, `checkpoint.${building} whole, or gone`, 'files without CURRENT');
  }

  /** A disk call that failed explains a missing effect, and a checkpoint that was not finished. */
  faultStruck(node: NodeId, fault: string): void {
    if (fault !== 'disk.full' && !fault.endsWith('-error')) return;
    this.desk.struck(this.desk.nodeView(node));
    for (const view of this.building) if (view.node === node) view.buildingStruck = true;
  }

  linked(node: NodeId, from: string, to: string): void {
    const source = knownPath(from);
    const target = knownPath(to);
    this.names.linked(node, from, to);
    if (source.kind === 'load-file' && target.kind === 'rdb-file') this.loads.runTakenOver(this.desk.replica(node, target.gpid, target.dir), target.file);
    else this.nameAppeared(node, to);
  }

  renamed(node: NodeId, from: string, to: string): void {
    const source = knownPath(from);
    const target = knownPath(to);
    // A download is set aside as it is, whole or not.
    if (source.kind !== 'load' || target.kind !== 'aside') this.names.renamed(node, from, to, source);
    if (source.kind === 'replica') {
      this.directoryGone(
        this.desk.replica(node, source.gpid, source.dir),
        target.kind === 'aside' ? target.suffix : 'other',
      );
      return;
    }
    if (source.kind === 'data') this.learning.storageGone(this.desk.replica(node, source.gpid, source.dir));
    else if (source.kind === 'plog') this.desk.replica(node, source.gpid, source.dir).log.clear();
    else if (source.kind !== 'other') this.removed(node, from);
    switch (target.kind) {
      case 'data':
        this.learning.storageReplaced(this.desk.replica(node, target.gpid, target.dir));
        return;
      case 'plog':
        this.learning.logReplaced(this.desk.replica(node, target.gpid, target.dir));
        return;
      case 'checkpoint':
        this.listCheckpoint(this.desk.replica(node, target.gpid, target.dir), target.decree);
        return;
      case 'checkpoint-file':
        this.nameAppeared(node, to);
        return;
      case 'rdb-file':
        if (target.file === 'CURRENT') this.currentReplaced(this.desk.replica(node, target.gpid, target.dir));
        else if (source.kind === 'load-file') this.loads.runTakenOver(this.desk.replica(node, target.gpid, target.dir), target.file);
        return;
      case 'load-file':
        this.desk.replica(node, target.gpid, target.dir).load.changed(target.file);
        return;
      case 'rdb':
        if (source.kind === 'download') this.adopted(this.desk.replica(node, target.gpid, target.dir));
        else this.currentReplaced(this.desk.replica(node, target.gpid, target.dir));
        return;
      case 'init-info':
        this.initInfoReplaced(this.desk.replica(node, target.gpid, target.dir));
        return;
      default:
    }
  }

  removed(node: NodeId, path: string): void {
    this.names.removed(node, path);
    const parsed = knownPath(path);
    if (parsed.kind === 'other' || parsed.kind === 'aside') return;
    const view = this.desk.replica(node, parsed.gpid, parsed.dir);
    switch (parsed.kind) {
      case 'log':
        this.logs.removed(view, parsed.index);
        return;
      case 'plog':
        for (const index of view.log.keys()) this.logs.removed(view, index);
        return;
      case 'checkpoint':
        this.checkpointRemoved(view, parsed.decree);
        return;
      case 'rdb':
        view.flushed = 0;
        view.storage.forget();
        view.load.linked.clear();
        return;
      case 'rdb-file':
        view.load.linked.delete(parsed.file);
        return;
      case 'load':
        view.load.forgetDirectory();
        return;
      case 'load-file':
        view.load.changed(parsed.file);
        return;
      case 'data':
        for (const decree of view.checkpoints.keys()) this.checkpointRemoved(view, decree);
        view.flushed = 0;
        view.storage.forget();
        view.load.linked.clear();
        return;
      case 'download-file':
        view.damagedDownloads.delete(parsed.file);
        return;
      case 'replica':
        this.directoryGone(view, 'other');
        return;
      default:
    }
  }

  damaged(node: NodeId, path: string): void {
    const parsed = knownPath(path);
    if (parsed.kind === 'other' || parsed.kind === 'aside') return;
    const view = this.desk.replica(node, parsed.gpid, parsed.dir);
    if (parsed.kind === 'download-file') {
      view.damagedDownloads.add(parsed.file);
      return;
    }
    if (parsed.kind === 'load-file') {
      view.load.changed(parsed.file);
      return;
    }
    if (parsed.kind !== 'log') {
      view.storage.forget();
      view.storageDamaged = true;
      return;
    }
    view.logDamaged = true;
    if (this.desk.nodeView(node).running) this.logs.tellSurvivors(view, false);
  }

  /** A disk may hold replicas before the world begins: they are read once, and nothing is told of them. */
  adoptDisk(node: NodeView): void {
    node.known = true;
    const disk = this.desk.disk(node.node);
    for (const name of disk.list('')) {
      const parsed = knownPath(name);
      if (parsed.kind !== 'replica' || node.replicas.has(parsed.gpid)) continue;
      const view = this.desk.replica(node.node, parsed.gpid, parsed.dir);
      this.logs.adopt(view, surveyLog(disk, `${view.dir}/plog`, view.gpid));
      for (const entry of disk.list(`${view.dir}/data`)) {
        const inData = knownPath(`${view.dir}/data/${entry}`);
        if (inData.kind === 'checkpoint') view.checkpoints.set(inData.decree, this.listingOf(view, inData.decree));
      }
      const reading = view.storage.read(disk, `${view.dir}/data/rdb`);
      if (reading.ok) view.flushed = reading.value.decree;
    }
  }

  private directoryGone(view: ReplicaView, suffix: 'err' | 'gar' | 'other'): void {
    view.setAside = suffix;
    for (const hook of HOOKS.directoryGone) hook(this.desk, view, suffix);
    view.forgetDisk();
    this.sink({ kind: 'replica.gone', atUs: this.nowUs(), node: view.node, gpid: view.gpid, as: suffix });
  }

  // ------------------------------------------------------------------ storage

  private currentReplaced(view: ReplicaView): void {
    const dir = `${view.dir}/data/rdb`;
    const disk = this.desk.disk(view.node);
    this.names.currentReplaced(view.node, dir, disk);
    const reading = view.storage.read(disk, dir);
    const from = view.flushed;
    if (reading.ok) {
      for (const hook of HOOKS.flushed) hook(this.desk, view, from, reading.value);
      view.flushed = reading.value.decree;
      this.loads.ingested(view, view.storage.runNames());
    } else {
      this.unreadable(view, 'storage.flushed/whole', 'the live database is not whole', reading.wrong);
      const manifest = readManifest(disk, dir);
      if (!manifest.ok) return;
      view.flushed = manifest.value.lastFlushedDecree;
      this.loads.ingested(view, manifest.value.files);
    }
    if (view.flushed === from) return;
    for (const decree of view.mutations.keys()) if (decree <= view.flushed) view.mutations.delete(decree);
    this.sink({ kind: 'storage.flushed', atUs: this.nowUs(), node: view.node, gpid: view.gpid, decree: view.flushed });
  }

  /** What a follower downloaded is its database from now on (dup 5.5): its decree and content come from the master. */
  private adopted(view: ReplicaView): void {
    const disk = this.desk.disk(view.node);
    const dir = `${view.dir}/data/rdb`;
    this.names.currentReplaced(view.node, dir, disk);
    if (view.damagedDownloads.size > 0) view.storageDamaged = true;
    view.damagedDownloads.clear();
    view.storage.forget();
    const reading = view.storage.read(disk, dir);
    const decree = reading.ok ? reading.value.decree : INVALID_DECREE;
    const digest = reading.ok ? reading.value.digest : 0;
    if (!reading.ok) this.unreadable(view, 'checkpoint.adopted/whole', 'what it downloaded is not whole', reading.wrong);
    view.adopted = true;
    view.flushed = Math.max(0, decree);
    for (const logged of view.mutations.keys()) if (logged <= view.flushed) view.mutations.delete(logged);
    this.sink({ kind: 'checkpoint.adopted', atUs: this.nowUs(), node: view.node, gpid: view.gpid, decree, digest });
  }

  private initInfoReplaced(view: ReplicaView): void {
    const text = readWhole(this.desk.disk(view.node), `${view.dir}/.init-info`)?.toString('utf8');
    const json = text === undefined ? undefined : parseJson(text);
    const ballot = isObject(json) ? json['init_ballot'] : undefined;
    this.learning.initInfoReplaced(view);
    if (typeof ballot === 'number') for (const hook of HOOKS.initInfoReplaced) hook(this.desk, view, ballot);
  }

  /** The directory stands under its name: read its files back. */
  private listCheckpoint(view: ReplicaView, decree: Decree): void {
    const listing = this.listingOf(view, decree);
    for (const hook of HOOKS.checkpointListed) hook(this.desk, view, decree, listing);
    view.checkpoints.set(decree, listing);
    const { contentDecree, contentDigest } = listing;
    this.sink(
      {
        kind: 'checkpoint.listed',
        atUs: this.nowUs(),
        node: view.node,
        gpid: view.gpid,
        decree,
        contentDecree,
        contentDigest,
      },
    );
  }

  private listingOf(view: ReplicaView, decree: Decree): Listing {
    const reading = view.storage.read(this.desk.disk(view.node), `${view.dir}/data/checkpoint.${decree}`);
    if (reading.ok) return { whole: true, contentDecree: reading.value.decree, contentDigest: reading.value.digest };
    this.unreadable(view, 'checkpoint.listed/whole', `checkpoint.${decree} is not whole`, reading.wrong);
    return { whole: false, contentDecree: -1, contentDigest: 0 };
  }

  /** Damage done to the files explains it. */
  private unreadable(view: ReplicaView, rule: string, what: string, wrong: string): void {
    if (view.storageDamaged) return;
    this.desk.wrong('S6', rule, `${view}: ${what}`, 'files that can be read', wrong);
  }

  private checkpointRemoved(view: ReplicaView, decree: Decree): void {
    if (!view.checkpoints.delete(decree)) return;
    this.sink({ kind: 'checkpoint.removed', atUs: this.nowUs(), node: view.node, gpid: view.gpid, decree });
  }

  /**
   * A checkpoint whose files were made in place counts when its CURRENT stands at the end of the task (or when it is
   * claimed); when the process ends half way, the directory counts as it is, since the next one will find it.
   */
  finishCheckpoint(view: ReplicaView, ended: boolean): void {
    const decree = view.building;
    if (decree === undefined) return;
    const dir = `${view.dir}/data/checkpoint.${decree}`;
    const disk = this.desk.disk(view.node);
    if (!disk.exists(`${dir}/CURRENT`) && !(ended && disk.exists(dir))) return;
    view.building = undefined;
    this.listCheckpoint(view, decree);
  }

  /** The running task has ended. */
  finishTask(): void {
    if (this.building.length === 0) return;
    for (const view of this.building.splice(0)) {
      this.finishCheckpoint(view, false);
      if (view.building !== undefined) this.building.push(view);
    }
  }
}
