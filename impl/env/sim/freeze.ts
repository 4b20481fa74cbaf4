/**
 * Strict mode: messages are frozen as they leave, and their byte arrays (which cannot be frozen) are summed, so that a
 * sender who writes into bytes after handing them over is noticed at delivery.
 */

/** Freezes plain data to the bottom and returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

/** FNV-1a over all byte arrays in a value, in the order of its properties. */
export function sumBytes(value: unknown, seed = 0x811c9dc5): number {
  if (typeof value !== 'object' || value === null) return seed;
  let sum = seed;
  if (value instanceof Uint8Array) {
    for (const byte of value) sum = Math.imul(sum ^ byte, 0x01000193);
    return sum >>> 0;
  }
  for (const part of Object.values(value)) sum = sumBytes(part, sum);
  return sum;
}
