/** The parts of this room; see impl/parts.ts. */
export const replicaParts = {} as const;
