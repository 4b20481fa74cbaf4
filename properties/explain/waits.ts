/**
 * The chain of who waits for whom: from what is owed, over what stands still, to the nodes that should act, and from each to those it
 * asks, until somebody waits for something that does not come.
 */
import type { NodeId } from '../../model/vocabulary.ts';
import type { WaitLink } from './explanation.ts';
import { callLeads, dueLead, questionLeads, seconds, taskLeads, type Lead, type Remains } from './links.ts';
import { scopeOf, type Scope } from './scope.ts';
import { standingsOf } from './standings.ts';
import type { Watched } from './watched.ts';

const MOST_STANDINGS = 4;
/** Links below the standings. */
const MOST_LINKS = 10;
/** Of one node. */
const MOST_OF_NODE = 3;

/** Empty when a rule was broken: then nobody waits. */
export function waitsOf({ result, events }: Watched, remains: Remains): readonly WaitLink[] {
  const { verdict, state } = result;
  if (verdict.kind === 'limit') return [{ who: 'the run', kind: 'obligation', depth: 0, text: `the run should come to rest: ${verdict.blame.reason}` }, ...busiest(remains)];
  if (verdict.kind !== 'stuck') return [];
  const scope = scopeOf(state, verdict);
  if (scope === undefined) return [{ who: verdict.node, kind: 'obligation', depth: 0, text: verdict.message }];
  const { obligation } = scope;
  const first: WaitLink = {
    who: obligation.key,
    kind: 'obligation',
    depth: 0,
    text: `${obligation.key} owes since ${seconds(obligation.sinceUs)}: ${obligation.sentence}`,
  };
  return [first, ...standingLinks(events, scope), ...follow(scope, remains)];
}

/** What ran most often, which is where a runaway runs. */
function busiest({ ledger }: Remains): readonly WaitLink[] {
  const habits = [...ledger.habits.values()].sort((a, b) => b.ran.count - a.ran.count).slice(0, MOST_OF_NODE);
  return habits.map(({ node, code, method, ran }) => ({
    who: node,
    kind: 'timer',
    depth: 1,
    text: `${node} ran ${code} (${method}) ${String(ran.count)} times, the first at ${seconds(ran.firstUs)}, the last at ${seconds(ran.lastUs)}`,
  }));
}

function standingLinks(events: Watched['events'], scope: Scope): readonly WaitLink[] {
  return standingsOf(events, scope)
    .slice(0, MOST_STANDINGS)
    .map(({ text, sinceUs, again }) => ({
      who: scope.obligation.key,
      kind: 'standstill',
      depth: 1,
      text: sinceUs < 0 ? text : `${text}; nothing else since ${seconds(sinceUs)}${again === 0 ? '' : again === 1 ? ', said once more' : `, said ${String(again)} times more`}`,
    }));
}

/** From the node that should act to those that it asks, and on; then the others that have to do with it, while there is room. */
function follow(scope: Scope, remains: Remains): readonly WaitLink[] {
  const links: WaitLink[] = [];
  const seen = new Set<NodeId>();
  const visit = (node: NodeId, depth: number, isReached: boolean): void => {
    if (seen.has(node) || links.length >= MOST_LINKS) return;
    seen.add(node);
    const leads = leadsOf(node, scope, remains).filter(({ link }) => isReached || RANK[link.kind] < RANK.timer);
    // Who is asked and asks nobody: what is left to come from it.
    const last = leads.length === 0 && isReached && (links.length === 0 || node.includes('/replica-')) ? [dueLead(node, scope, remains)] : [];
    for (const { link, to } of [...leads, ...last]) {
      links.push({ ...link, depth });
      if (to !== '') visit(to, depth + 1, true);
    }
  };
  // Nobody asked the others about it: only what keeps them waiting says something.
  scope.nodes.forEach((node, i) => {
    visit(node, 1, i === 0);
  });
  return links.slice(0, MOST_LINKS);
}

const RANK: Readonly<Record<WaitLink['kind'], number>> = { refused: 0, queued: 1, call: 2, timer: 3, store: 4, standstill: 5, obligation: 6 };

function leadsOf(node: NodeId, scope: Scope, remains: Remains): readonly Lead[] {
  const leads = [...questionLeads(node, scope, remains), ...callLeads(node, scope, remains), ...taskLeads(node, scope, remains)];
  return together(leads).sort((a, b) => RANK[a.link.kind] - RANK[b.link.kind]).slice(0, MOST_OF_NODE);
}

/** Those that are alike become one, which names the others. */
function together(leads: readonly Lead[]): Lead[] {
  const groups = new Map<string, Lead[]>();
  for (const lead of leads) groups.set(lead.like, [...(groups.get(lead.like) ?? []), lead]);
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const names = [...new Set(rest.map(({ by }) => by.replace(/^ of /, '')))].filter((by) => by !== '');
    if (names.length === 0) return [first];
    const others = names.length > 4 ? `${names.slice(0, 4).join(', ')}, …` : names.join(', ');
    return [{ ...first, link: { ...first.link, text: `${first.link.text}; and so ${others}` } }];
  });
}
