/** The parts of this room; see impl/parts.ts. */
export const engineParts = {} as const;
