/** The parts of this room; see impl/parts.ts. */
export const metaParts = {} as const;
