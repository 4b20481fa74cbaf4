/** Placeholder of model/content.ts's digest until that exists. */
export function rowHash(key: string, value: string, expireTs: number, timestampUs: number): number {
  let a = 0x811c9dc5;
  let b = 0x1234567;
  const text = `${key}\u0100${value}\u0100${expireTs}\u0100${timestampUs}`;
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b + text.charCodeAt(i), 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) + (b & 0xfffff) * 0x100000000;
}
const MODULUS = 2 ** 52;
export function addHash(a: number, b: number): number {
  return (a + b) % MODULUS;
}
export function subHash(a: number, b: number): number {
  return (a - b + MODULUS) % MODULUS;
}
