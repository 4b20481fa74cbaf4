/** Builds the world of a plan: nodes, processes, state stores, the auditor that watches, the judge, and the driver. */
import type { Claim, ModelEvent } from '../../model/events.ts';
import { init, type ModelConfig, type ModelState } from '../../model/state.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import type { Env } from '../../impl/env/contract.ts';
import type { WorldObserver } from '../../impl/env/sim/observer.ts';
import { SimWorld } from '../../impl/env/sim/world.ts';
import type { Parts } from '../../impl/parts.ts';
import type { Settings } from '../../impl/settings.ts';
import { settingsOf, settingsOfClusters } from '../plan/settings.ts';
import type { ClusterShape, Plan } from '../plan/types.ts';
import { Auditor } from './audit/auditor.ts';
import { ExploringLanes, FrozenLookup, type RunChance } from './chance.ts';
import { ClientHost } from './clientHost.ts';
import { Driver } from './driver.ts';
import { Judge } from './judge.ts';
import { clientNode, metaServer, replicaServers } from './names.ts';
import { plantPreload, preloadedTables } from './preloaded.ts';
import { Onlookers } from './onlookers.ts';
import type { Witness } from './witness.ts';

/** 2026-01-01T00:00:00Z: every world begins here, by every wall clock. */
export const START_WALL_US = 1_767_225_600_000_000;
/** 2016-01-01T00:00:00Z in unix seconds: times to live count from here. */
export const EPOCH_2016_SECONDS = 1_451_606_400;

export interface AssembleOptions {
  readonly parts: Parts;
  readonly trace: boolean;
  readonly draws: boolean;
  readonly follow: boolean;
  readonly strict: boolean;
  readonly dispatchLimit: number;
  readonly watch: readonly ((event: ModelEvent, state: ModelState) => void)[];
  readonly property?: string;
  readonly witness?: Witness;
}

export interface Assembled {
  readonly world: SimWorld;
  readonly judge: Judge;
  readonly chance: RunChance;
  readonly driver: Driver;
}

export function assemble(plan: Plan, options: AssembleOptions): Assembled {
  const settings = worldSettings(plan);
  const chance = plan.chance.kind === 'exploring' ? new ExploringLanes(plan.chance, options.draws) : new FrozenLookup(plan.chance);
  const judge = new Judge(init(modelConfig(plan, settings)), { ...options, follows: options.follow });
  const onlookers = options.witness?.onlookers ?? new Onlookers();
  const world = new SimWorld({
    chance,
    observer: onlookers,
    limits: { dispatches: options.dispatchLimit },
    startWallUs: START_WALL_US,
    strict: options.strict,
  });
  const sink = (event: ModelEvent): void => {
    driver.onEvent(event);
    judge.event(event);
    if (event.kind === 'process.stopped' && event.cause === 'crash') driver.onCrashed(event.node);
  };
  const nodes = plan.clusters.flatMap(nodesOf);
  const driver = new Driver(plan, nodes, world, sink, () => {
    chance.calm();
  });
  if (options.follow) onlookers.observer = auditor(world, judge, sink);
  else onlookers.observer = claimsOnly(world, sink);
  for (const cluster of plan.clusters) addCluster(world, cluster, settings(cluster), options.parts, sink);
  if (plan.preload !== undefined) plantPreload(world, plan, plan.preload);
  const assembled = { world, judge, chance, driver };
  options.witness?.ready(assembled);
  for (const node of nodes) world.startNode(node);
  return assembled;

  function addCluster(to: SimWorld, cluster: ClusterShape, all: Settings, parts: Parts, out: (event: ModelEvent) => void): void {
    const metaServers = [metaServer(cluster.id)];
    const servers = replicaServers(cluster);
    const clusterNumber = all.duplicationGroup[cluster.id] ?? 0;
    const add = (node: NodeId, boot: (env: Env) => object): void => {
      to.addNode(node, { cluster: cluster.id, poolWorkers: all.poolWorkers, taskOverrides: all.taskOverrides, boot });
    };
    add(metaServer(cluster.id), (env) => {
      const server = new parts.MetaServer({ env, settings: all, parts }, { cluster: cluster.id, replicaServers: servers });
      server.start();
      return server;
    });
    for (const node of servers) {
      add(node, (env) => {
        const server = new parts.ReplicaServer({ env, settings: all, parts }, { metaServers, clusterNumber });
        server.start();
        return server;
      });
    }
    add(clientNode(cluster.id), (env) => {
      return new ClientHost({ env, settings: all, parts }, metaServers, (id, answer) => {
        out({ kind: 'command.answered', atUs: to.momentUs(), id, cluster: cluster.id, answer });
        driver.onAnswered(id, answer);
      });
    });
  }
}

function nodesOf(cluster: ClusterShape): readonly NodeId[] {
  return [metaServer(cluster.id), ...replicaServers(cluster), clientNode(cluster.id)];
}

/** The settings of each cluster: the plan's, its own, and the sections that name all clusters. */
function worldSettings(plan: Plan): (cluster: ClusterShape) => Settings {
  const pegasusClusters = metasOf(plan);
  const duplicationGroup = groupOf(plan);
  const each = settingsOfClusters(plan.settings, plan.clusters.map((c) => c.settings));
  const all = new Map(plan.clusters.map((cluster, i) => [cluster, { ...(each[i] ?? settingsOf(plan.settings)), dupClusterName: cluster.id, pegasusClusters, duplicationGroup }]));
  return (cluster) => all.get(cluster) ?? settingsOf(plan.settings);
}

function metasOf(plan: Plan): Readonly<Record<string, readonly NodeId[]>> {
  return Object.fromEntries(plan.clusters.map(({ id }) => [id, [metaServer(id)]]));
}

/** Cluster ids, from 1 in the plan's order. */
function groupOf(plan: Plan): Readonly<Record<string, number>> {
  return Object.fromEntries(plan.clusters.map(({ id }, i) => [id, i + 1]));
}

function modelConfig(plan: Plan, settings: (cluster: ClusterShape) => Settings): ModelConfig {
  const world = { ...settingsOf(plan.settings), pegasusClusters: metasOf(plan), duplicationGroup: groupOf(plan) };
  return {
    clusters: plan.clusters.map((c) => ({ id: c.id, nodes: replicaServers(c), settings: settings(c) })),
    settings: world,
    wallBaseSeconds: START_WALL_US / 1_000_000 - EPOCH_2016_SECONDS,
    ...(plan.preload === undefined ? {} : { tables: preloadedTables(plan, plan.preload) }),
  };
}

function auditor(world: SimWorld, judge: Judge, sink: (event: ModelEvent) => void): WorldObserver {
  return new Auditor({
    nowUs: () => world.momentUs(),
    disk: (node) => world.diskView(node),
    sink,
    report: (violation) => {
      judge.report(violation, world.momentUs());
    },
  });
}

/** Without the auditor: claims alone, for measuring what watching costs. */
function claimsOnly(world: SimWorld, sink: (event: ModelEvent) => void): Partial<WorldObserver> {
  return {
    claimed: (node: NodeId, claim: Claim) => {
      sink({ ...claim, atUs: world.momentUs(), node });
    },
  };
}
