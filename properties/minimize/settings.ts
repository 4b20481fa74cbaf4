/** Settings that are as they always are, of the plan and of its clusters; else calmer ones. */
import { calmerSettings } from '../plan/settings.ts';
import type { Plan } from '../plan/types.ts';
import type { Pass, Tries } from './minimize.ts';

type Settings = Readonly<Record<string, number>>;

/** The settings of the plan (no cluster), or those that a cluster has for itself. */
function settingsAt(plan: Plan, cluster: string | undefined): Settings {
  return (cluster === undefined ? plan.settings : plan.clusters.find((c) => c.id === cluster)?.settings) ?? {};
}

function withSettings(plan: Plan, cluster: string | undefined, settings: Settings): Plan {
  if (cluster === undefined) return { ...plan, settings };
  const clusters = plan.clusters.map((one) => {
    if (one.id !== cluster) return one;
    const { id, replicaServers } = one;
    return Object.keys(settings).length === 0 ? { id, replicaServers } : { id, replicaServers, settings };
  });
  return { ...plan, clusters };
}

function places(plan: Plan): readonly (string | undefined)[] {
  return [...plan.clusters.map((c) => c.id), undefined];
}

export const fewerSettings: Pass<Plan> = {
  name: 'settings',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (const place of places(start)) {
      const all = Object.keys(settingsAt(plan, place));
      if (all.length > 1) plan = (yield withSettings(plan, place, {})) ?? plan;
      for (const name of Object.keys(settingsAt(plan, place))) {
        const rest = Object.fromEntries(Object.entries(settingsAt(plan, place)).filter(([other]) => other !== name));
        plan = (yield withSettings(plan, place, rest)) ?? plan;
      }
    }
  },
};

export const simplerSettings: Pass<Plan> = {
  name: 'calmer settings',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (const place of places(start)) {
      for (const name of Object.keys(settingsAt(plan, place))) {
        for (let tries = calmerSettings(name, settingsAt(plan, place)[name] ?? 0); tries.length > 0; ) {
          const [value = 0, ...rest] = tries;
          const taken = yield withSettings(plan, place, { ...settingsAt(plan, place), [name]: value });
          plan = taken ?? plan;
          tries = taken === undefined ? rest : calmerSettings(name, settingsAt(plan, place)[name] ?? 0);
        }
      }
    }
  },
};
