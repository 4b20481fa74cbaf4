/** Smaller clusters: without the second one and what is done in it, without duplication, with fewer servers, without a log from elsewhere. */
import { towards } from '../plan/spec.ts';
import { specOf } from '../plan/steps/index.ts';
import type { Plan, Step } from '../plan/types.ts';
import { parseLogName } from '../run/audit/logReader.ts';
import type { Pass, Tries } from './minimize.ts';

/** The log that a table boots from, or its newest files: what is left of a log must be without a gap. */
export const lessPreload: Pass<Plan> = {
  name: 'a log from elsewhere',
  *tries(plan): Tries<Plan> {
    if (plan.preload === undefined) return;
    const { preload, ...rest } = plan;
    const taken = yield rest;
    if (taken !== undefined) return;
    const files = [...preload.files].sort((a, b) => (parseLogName(a.name)?.index ?? 0) - (parseLogName(b.name)?.index ?? 0));
    for (let left = files.length - 1; left > 0; left -= 1) {
      if ((yield { ...plan, preload: { ...preload, files: files.slice(0, left) } }) === undefined) return;
    }
  },
};

function isAbout(step: Step, cluster: string): boolean {
  if (step['cluster'] === cluster || step['remoteCluster'] === cluster) return true;
  return Object.values(step).some((value) => typeof value === 'string' && /^(?:node|meta)\(/.test(value) && value.includes(`(${cluster},`));
}

/** A plan of one cluster says more than one of two: the cluster goes with all that is done in it, or only duplication goes. */
export const fewerClusters: Pass<Plan> = {
  name: 'clusters',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (let i = plan.clusters.length - 1; i >= 0 && plan.clusters.length > 1; i -= 1) {
      const gone = plan.clusters[i]?.id ?? '';
      if (plan.preload?.cluster === gone) continue;
      const clusters = plan.clusters.filter((_, j) => j !== i);
      const bare = yield { ...plan, clusters, steps: plan.steps.filter((step) => !isAbout(step, gone)) };
      plan = bare ?? (yield { ...plan, clusters }) ?? plan;
    }
    const steps = plan.steps.filter((step) => specOf(step.kind)?.needsFollower !== true);
    if (plan.clusters.length > 1 && steps.length < plan.steps.length) yield { ...plan, steps };
  },
};

const NODE = /^(node|meta)\(([a-z]+),(\d+)\)$/;

/** The plan with one replica server's name in the place of another's, in steps and in the causes of deviations. */
function renamedServer(plan: Plan, cluster: string, from: number, to: number): Plan {
  const was = `node(${cluster},${String(from)})`;
  const now = `node(${cluster},${String(to)})`;
  const steps = plan.steps.map((step) => {
    const hits = Object.entries(step).filter(([, value]) => value === was);
    return hits.length === 0 ? step : { ...step, ...Object.fromEntries(hits.map(([field]) => [field, now])) };
  });
  if (plan.chance.kind !== 'frozen') return { ...plan, steps };
  const id = new RegExp(`\\b${cluster}/replica-${String(from)}\\b`, 'g');
  const deviations = plan.chance.deviations.map((one) => ({ ...one, cause: one.cause.replace(id, `${cluster}/replica-${String(to)}`) }));
  // Two draws of one name would be one.
  const isClear = new Set(deviations.map((one) => one.cause)).size === deviations.length;
  return { ...plan, steps, chance: isClear ? { kind: 'frozen', deviations } : plan.chance };
}

function serversNamed(plan: Plan, cluster: string): readonly number[] {
  const named = new Set<number>();
  for (const step of plan.steps) {
    for (const value of Object.values(step)) {
      const [, role, of, index] = (typeof value === 'string' ? NODE.exec(value) : null) ?? [];
      if (role === 'node' && of === cluster) named.add(Number(index));
    }
  }
  return [...named].sort((a, b) => b - a);
}

/** Fewer servers, also with what is done to the last one done to another; then lower numbers of servers. */
export const fewerServers: Pass<Plan> = {
  name: 'servers',
  *tries(start): Tries<Plan> {
    let plan = start;
    const withServers = (of: Plan, id: string, replicaServers: number): Plan => ({ ...of, clusters: of.clusters.map((c) => (c.id === id ? { ...c, replicaServers } : c)) });
    for (const { id } of start.clusters) {
      const count = (): number => plan.clusters.find((c) => c.id === id)?.replicaServers ?? 1;
      for (let tries = towards(1, count()); tries.length > 0; ) {
        const [servers = 1, ...rest] = tries;
        const taken = yield withServers(plan, id, servers);
        plan = taken ?? plan;
        tries = taken === undefined ? rest : towards(1, count());
      }
      for (const from of serversNamed(plan, id)) {
        for (let to = 0; to < from; to += 1) {
          const other = renamedServer(plan, id, from, to);
          const fewer = from === count() - 1 ? yield withServers(other, id, from) : undefined;
          const taken = fewer ?? (yield other);
          if (taken === undefined) continue;
          plan = taken;
          break;
        }
      }
    }
  },
};
