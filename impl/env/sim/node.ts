/** One machine of the world: its disk and clock survive its processes. */
import type { ClusterId, NodeId } from '../../../model/vocabulary.ts';
import type { Settings } from '../../settings.ts';
import type { Env } from '../contract.ts';
import type { NodeDisk } from './disk.ts';
import type { Link } from './link.ts';
import type { SimProcess } from './process.ts';

export interface NodeOptions {
  readonly cluster: ClusterId;
  readonly poolWorkers: Settings['poolWorkers'];
  readonly taskOverrides: Settings['taskOverrides'];
  /** Builds the process's root object over its env; runs inside the process, at no cost of its own. */
  readonly boot: (env: Env) => object;
}

export class SimNode {
  readonly id: NodeId;
  readonly options: NodeOptions;
  readonly disk: NodeDisk;
  /** The process that runs on it, if it is up. */
  process: SimProcess | undefined = undefined;
  /** What `boot` returned; undefined while it is down. */
  root: object | undefined = undefined;
  /** How far its wall clock is off the world's. */
  wallShiftUs = 0;
  /** By the other node's id; made at the first message. */
  readonly links = new Map<NodeId, Link>();

  constructor(id: NodeId, options: NodeOptions, disk: NodeDisk) {
    this.id = id;
    this.options = options;
    this.disk = disk;
  }
}
