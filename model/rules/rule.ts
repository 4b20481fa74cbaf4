/**
 * What a rule is: guards by name, and one effect. A rule refuses by default: an event whose scene does not exist, or
 * that a guard does not permit, is a violation; only then does the effect change the state.
 */
import { clusterNameOf } from '../dupState.ts';
import type { ModelEvent } from '../events.ts';
import {
  newNode,
  newReplica,
  type ClusterState,
  type ModelState,
  type NodeState,
  type PartitionState,
  type ReplicaState,
} from '../state.ts';
import type { Violation } from '../violation.ts';
import type { ClusterId, Gpid, NodeId } from '../vocabulary.ts';

/** Expected and actual, as short texts. */
export type Refusal = readonly [expected: string, actual: string];

/**
 * One named condition of a rule; `property` is its id in the registry. Answers undefined when the event is
 * permitted.
 */
export interface Guard<S, E> {
  readonly name: string;
  readonly property: string;
  check(scene: S, event: E): Refusal | undefined;
}

/** A recipe for one kind of event. On a violation the state may be half changed and is to be thrown away. */
export interface Rule<E> {
  readonly guards: readonly { readonly name: string; readonly property: string }[];
  apply(state: ModelState, event: E): Violation | undefined;
  /** The same rule without one guard: for proving that the state predicates would notice. */
  without(name: string): Rule<E>;
}

type EventOf<K extends ModelEvent['kind']> = Extract<ModelEvent, { kind: K }>;
export type RuleTable = { readonly [K in ModelEvent['kind']]: Rule<EventOf<K>> };

export function guard<S, E>(
  name: string,
  property: string,
  check: (scene: S, event: E) => Refusal | undefined,
): Guard<S, E> {
  return { name, property, check };
}

/** `scene` finds what the event is about, or a refusal text when there is no such thing. */
export function rule<S extends object, E extends ModelEvent>(
  scene: (state: ModelState, event: E) => S | string,
  guards: readonly Guard<S, E>[],
  effect: (scene: S, event: E) => void,
): Rule<E> {
  return {
    guards,
    apply(state, event) {
      const found = scene(state, event);
      if (typeof found === 'string')
        return violation('world/known', 'S8', event, ['something the model knows of', found]);
      for (const one of guards) {
        const refusal = one.check(found, event);
        if (refusal !== undefined) return violation(one.name, one.property, event, refusal);
      }
      if (event.atUs > state.nowUs) state.nowUs = event.atUs;
      effect(found, event);
      return undefined;
    },
    without(name) {
      return rule(
        scene,
        guards.filter((one) => one.name !== name),
        effect,
      );
    },
  };
}

function violation(name: string, property: string, event: ModelEvent, [expected, actual]: Refusal): Violation {
  return {
    property,
    rule: name,
    message: `${name} refuses ${describe(event)}: expected ${expected}, got ${actual}`,
    expected,
    actual,
  };
}

/** One line about an event: kind, place and decree. */
export function describe(event: ModelEvent): string {
  const words: string[] = [event.kind];
  if ('gpid' in event) words.push(event.gpid);
  if ('node' in event) words.push(`at ${event.node}`);
  if ('mutation' in event) words.push(`(ballot ${event.mutation.ballot}, decree ${event.mutation.decree})`);
  else if ('decree' in event) words.push(`decree ${event.decree}`);
  if ('from' in event) words.push(`${event.from} -> ${event.to}`);
  if ('ballot' in event) words.push(`ballot ${event.ballot}`);
  if ('id' in event) words.push(`command ${event.id}`);
  if ('fileIndex' in event) words.push(`file ${event.fileIndex}`);
  return words.join(' ');
}

export interface NodeScene {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly node: NodeState;
}
export interface ReplicaScene extends NodeScene {
  readonly part: PartitionState;
  readonly replica: ReplicaState;
}
export interface ClusterScene {
  readonly state: ModelState;
  readonly cluster: ClusterState;
}

export function clusterScene(state: ModelState, event: { readonly cluster: ClusterId }): ClusterScene | string {
  const cluster = state.clusters[event.cluster];
  return cluster === undefined ? `cluster ${event.cluster}` : { state, cluster };
}

export function nodeScene(state: ModelState, event: { readonly node: NodeId }): NodeScene | string {
  const cluster = clusterOf(state, event.node);
  if (cluster === undefined) return `node ${event.node}`;
  return { state, cluster, node: (state.nodes[event.node] ??= newNode()) };
}

export function replicaScene(
  state: ModelState,
  event: { readonly node: NodeId; readonly gpid: Gpid },
): ReplicaScene | string {
  const cluster = clusterOf(state, event.node);
  const node = state.nodes[event.node];
  const part = cluster?.partitions[event.gpid];
  if (cluster === undefined || node === undefined || part === undefined)
    return `partition ${event.gpid} at ${event.node}`;
  return { state, cluster, node, part, replica: (part.replicas[event.node] ??= newReplica(event.node)) };
}

function clusterOf(state: ModelState, node: NodeId): ClusterState | undefined {
  return state.clusters[clusterNameOf(node)];
}
