/**
 * What duplication and bulk load do not promise (dup 6 to 12; bl 8 to 20): each place where a rule makes an exception
 * asks `excluded` by the id of a row; a test proves that every exception has a row, and that every row is used or says
 * why no rule needs it.
 */

export interface Exclusion {
  readonly id: string;
  /** What does not hold. */
  readonly what: string;
  readonly why: string;
  /** Sections and catalogue ids of the fact sheet. */
  readonly cites: string;
  /** False: nothing here could ask for it, the row is told to the reader only. */
  readonly used: boolean;
}

export const EXCLUSIONS = {
  'log-only-start': {
    what: 'writes applied before a primary proposed the start that is stored of a log-only duplication are not shipped',
    why: 'the answer of an add does not define the first shipped decree, the store does',
    cites: 'dup 6.9, Q13',
    used: true,
  },
  'fail-skip': {
    what: 'decrees that the loader could not read and said that it skips are not shipped',
    why: 'FAIL_SKIP asks for it; a hole of the log that a fault left cannot be shipped by anybody',
    cites: 'dup 6.3, 6.5, dup-gap-kills-server',
    used: true,
  },
  'not-forwarded': {
    what: 'writes that came by duplication or by bulk load are not shipped on',
    why: 'so there are no loops and no chains',
    cites: 'dup 6.6 step 1, 7.1, S14',
    used: true,
  },
  'newer-stays': {
    what: 'a follower table that somebody else writes to keeps what is newer there than at its source',
    why: 'the newest write of a row wins on either side; what goes back is another duplication\'s matter',
    cites: 'dup 7.3, B38',
    used: true,
  },
  'own-time-to-live': {
    what: 'rows may be gone on either side once they expire',
    why: 'each side drops expired rows when it likes, by its own clock and its own default',
    cites: 'dup 7.2',
    used: true,
  },
  'foreign-table': {
    what: 'a follower table of that name that is not this duplication\'s keeps it in DS_PREPARE',
    why: 'only the operator can drop it or remove the duplication',
    cites: 'dup 9, Q14, B9',
    used: true,
  },
  'unacceptable-count': {
    what: 'a replica count that the follower does not accept keeps the duplication in DS_PREPARE',
    why: 'nothing of it is checked at the add',
    cites: 'dup 3.1, 9, Q14',
    used: true,
  },
  'too-few-members': {
    what: 'a table with fewer members than its servers want for a write takes none, neither a shipped one nor an empty one',
    why: 'shipper and checkpoint try again for ever, as with any refusal',
    cites: 'dup 5.1, 6.6, 9',
    used: true,
  },
  'operator-start': {
    what: 'start_dup moves DS_APP to DS_LOG whatever the follower\'s health',
    why: 'the transition is legal',
    cites: 'dup 3.3, Q2',
    used: true,
  },
  'unpersisted-shown': {
    what: 'query and list may show a duplication in DS_INIT that the store does not hold yet',
    why: 'it is inserted before it is persisted',
    cites: 'dup 3.1, Q16',
    used: true,
  },
  'stale-last-committed': {
    what: 'the last committed decree of query and list may be old',
    why: 'it is refreshed only with a report',
    cites: 'dup 4.1, Q4',
    used: true,
  },
  'lost-beyond-repair': {
    what: 'a partition of which a fault left nobody a whole copy, on either side, owes duplication nothing in time',
    why: 'what no member of the group holds any more nobody can teach',
    cites: 'docs/departures FM4, FM5',
    used: true,
  },
  'unreadable-log': {
    what: 'with FAIL_SLOW or FAIL_FAST a log that cannot be read stops the shipping of its partition',
    why: 'that is what the fail modes ask for',
    cites: 'dup 2.1, 6.3',
    used: true,
  },
  'late-guard': {
    what: 'a server that has not heard yet that its table is duplicated may delete log that is not shipped',
    why: 'primaries hear it by the next duplication sync, secondaries by a configuration sync',
    cites: 'dup 6.7, Q12',
    used: true,
  },
  'at-least-once': {
    what: 'a write may come again after later ones; the updates of one mutation, whose times are equal, then take effect again one after the other',
    why: 'a new pipeline begins behind what is stored, not behind what was shipped',
    cites: 'dup 6.9, Q17, T10',
    used: true,
  },
  'throttled-follower': {
    what: 'a follower table whose writes are limited owes duplication nothing in time',
    why: 'a shipped write is throttled as any write, and one that is too large for a second is refused for ever',
    cites: 'thr 4, 5.3, 8',
    used: true,
  },
  'dropped-follower': {
    what: 'what a follower table held is gone when its operator drops it',
    why: 'nothing tells the master',
    cites: 'dup 9, Q14',
    used: true,
  },
  'unfilled-follower': {
    what: 'a follower table whose master is gone, or was never whole, does not serve',
    why: 'its replicas begin over a checkpoint that only the master has; DS_APP owes it while there is a duplication',
    cites: 'dup 5.5',
    used: true,
  },
  'partition-split': {
    what: 'the partitions of a split are not shipped',
    why: 'a split does not know of duplications; there is no split here',
    cites: 'dup 9, B12',
    used: false,
  },
  'follower-envs': {
    what: 'the follower keeps the name and meta servers of its master as they were at its creation',
    why: 'they are envs of its table; tables are never renamed here',
    cites: 'dup 9, Q15',
    used: false,
  },
  'atomic-writes': {
    what: 'atomic writes are refused on a duplicated table or become several idempotent ones',
    why: 'no client here sends them',
    cites: 'dup 7.1, B41',
    used: false,
  },
  'no-slots': {
    what: 'with no slot for a download, or for an ingestion, a load never goes on',
    why: 'that is what a limit of 0 means',
    cites: 'bl 12.3, 14.1, 19',
    used: true,
  },
  'lost-load-file': {
    what: 'a load does not end while a member lacks a file of a committed ingestion that a fault took from it and its provider has no more',
    why: 'what is committed is ingested by everybody, and only learning could bring the member the rows otherwise',
    cites: 'docs/departures bl.17.4; bl.B12, B34',
    used: true,
  },
  'paused-load': {
    what: 'a paused load never ends by itself',
    why: 'only an operator lets it go on, or cancels it',
    cites: 'bl 8.3, 17.6',
    used: true,
  },
  'spent-rollbacks': {
    what: 'a load with good files may fail when faults have used up its ways back to DOWNLOADING',
    why: 'each reply that a fault takes, and each change of a ballot, costs one',
    cites: 'bl 11.1, 17.2',
    used: true,
  },
  'throttled-load': {
    what: 'a load of a table whose limits of writes refuse the ingestion write again and again may fail',
    why: 'the ingestion write is throttled as any write, and each refusal costs a way back to DOWNLOADING',
    cites: 'bl 18, thr 8',
    used: true,
  },
} as const satisfies Readonly<Record<string, Omit<Exclusion, 'id'>>>;

export type ExclusionId = keyof typeof EXCLUSIONS;

/** An exception of a rule: the condition, under the name of its row. */
export function excluded(id: ExclusionId, condition: boolean): boolean {
  return condition && EXCLUSIONS[id].used;
}
