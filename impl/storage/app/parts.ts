/** The parts of this room; see impl/parts.ts. */
export const appParts = {} as const;
