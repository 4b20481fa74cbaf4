/** How both sides of the env resume a continuation: by the name of a method of its owner. */

export type Method = (...args: readonly unknown[]) => void;

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

/** The named method of a continuation's owner; anything else is a slip of the programmer. */
export function methodOf(owner: object, name: string): Method {
  const found: unknown = (owner as Record<string, unknown>)[name];
  if (!isMethod(found)) throw new Error(`continuation names ${name}, which ${owner.constructor.name} does not have`);
  return found;
}
