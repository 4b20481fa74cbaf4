/**
 * Envs by which the meta server of a duplication's master marks the follower table that it has created (dup 2.6), and
 * the two values of the creation's status.
 */

/** The master's cluster name for duplication. */
export const MASTER_CLUSTER_ENV = 'duplication.master_cluster';
/** The master's meta servers, comma-joined. */
export const MASTER_METAS_ENV = 'duplication.master_metas';
/** The master's table. */
export const MASTER_APP_NAME_ENV = 'duplication.master_app_name';
/** Its id, in decimal: the name may be another table's by the time somebody looks. */
export const MASTER_APP_ID_ENV = 'duplication.master_app_id';
/** How far the creation is: `FOLLOWER_CREATING` or `FOLLOWER_CREATED`. */
export const FOLLOWER_APP_STATUS_ENV = 'duplication.follower_app_status';
/** The duplication, in decimal: a later one of the same table is another master (dup.B9). */
export const MASTER_DUP_ID_ENV = 'duplication.master_dup_id';

export const FOLLOWER_CREATING = 'creating';
export const FOLLOWER_CREATED = 'created';
