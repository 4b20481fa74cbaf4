/** Constants of the protocol that are no settings. */

/** Pegasus's epoch of expiry times, 2016-01-01, in seconds of the Unix epoch. */
export const PEGASUS_EPOCH_BEGIN_SECONDS = 1451606400;
