/**
 * A run's digest: a running 53-bit hash over every event the judge saw, with its virtual time. Two runs of the same plan have
 * the same digest; a mismatch is a defect of determinism.
 */
import type { ModelEvent } from '../../model/events.ts';

/** The scalar fields of all event kinds, as one flat view. */
interface Flat {
  readonly kind: string;
  readonly atUs: number;
  readonly node?: string;
  readonly gpid?: string;
  readonly decree?: number;
  readonly ballot?: number;
  readonly id?: number;
  readonly error?: string;
  readonly logOffset?: number;
  readonly contentDigest?: number;
  readonly detail?: string;
}

export class Digest {
  private a = 0x9e3779b9;
  private b = 0x85ebca6b;
  private readonly strings = new Map<string, number>();
  /** Events taken in. */
  events = 0;

  event(event: ModelEvent): void {
    const e: Flat = event;
    this.events += 1;
    this.number(e.atUs);
    this.text(e.kind);
    if (e.node !== undefined) this.text(e.node);
    if (e.gpid !== undefined) this.text(e.gpid);
    if (e.decree !== undefined) this.number(e.decree);
    if (e.ballot !== undefined) this.number(e.ballot);
    if (e.id !== undefined) this.number(e.id);
    if (e.error !== undefined) this.text(e.error);
    if (e.logOffset !== undefined) this.number(e.logOffset);
    if (e.contentDigest !== undefined) this.number(e.contentDigest);
    if (e.detail !== undefined) this.text(e.detail);
  }

  number(value: number): void {
    const low = value | 0;
    const high = Math.floor(value / 4294967296) | 0;
    this.a = Math.imul(this.a ^ low, 0x01000193) + high;
    this.b = Math.imul((this.b << 5) ^ (this.b >>> 27) ^ low, 0x9e3779b1) ^ high;
  }

  text(value: string): void {
    let hash = this.strings.get(value);
    if (hash === undefined) {
      hash = 0x811c9dc5;
      for (let i = 0; i < value.length; i += 1) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
      this.strings.set(value, hash);
    }
    this.number(hash);
  }

  /** 16 hex digits. */
  hex(): string {
    return (this.a >>> 0).toString(16).padStart(8, '0') + (this.b >>> 0).toString(16).padStart(8, '0');
  }
}
