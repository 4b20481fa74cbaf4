/** Names of the bounds of a run. */
export type RunLimit = 'dispatches' | 'virtual time' | 'queue length' | 'pending calls';
