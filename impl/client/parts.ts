/** The parts of this room; see impl/parts.ts. */
export const clientParts = {} as const;
