/**
 * `checkpoint.ended` (repl 2.1, 2.2, 2.5): the claimed durable decree is that of the newest checkpoint directory,
 * which is whole.
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { AuditPair, Desk } from '../audit.ts';
import type { ReplicaView } from '../view.ts';

const KIND = 'checkpoint.ended';

/** A directory that appeared before this moment should have been claimed by now. */
function unclaimed(desk: Desk, view: ReplicaView, until: string): void {
  const decree = view.checkpointUnclaimed;
  if (decree === undefined) return;
  view.checkpointUnclaimed = undefined;
  const text = `${view}: checkpoint.${decree} was made but no attempt claims it (until ${until})`;
  desk.lie(KIND, 'real-implies-claimed', view, text, `checkpoint.ended with durable ${decree}`, 'none');
}

/** The durable decree in the answer of a remote command about checkpoints. */
function toldDurable(answer: Readonly<Record<string, unknown>>): Decree | undefined {
  const { error, durable, minDecree } = answer;
  return error === 'ERR_OK' && typeof durable === 'number' && typeof minDecree === 'number' ? durable : undefined;
}

export const checkpointEndedAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds:
      'A checkpoint attempt that ended names a durable decree whose directory stands whole, with that ' +
      'decree in its files; what operators are told as durable or prepared stands so, too.',
    cliAnswered(desk, view, answer) {
      const durable = toldDurable(answer);
      if (durable === undefined) return;
      const { prepared, minDecree } = answer;
      if (durable > 0 && !view.storageDamaged && view.checkpoints.get(durable)?.whole !== true) {
        desk.lie(
          KIND,
          'claimed-implies-real',
          view,
          `${view}: tells an operator durable ${durable}`,
          `checkpoint.${durable} whole`,
          'no such directory',
        );
      }
      if (prepared !== true || Number(minDecree) <= view.newestCheckpoint()) return;
      const text = `${view}: tells an operator that decree ${Number(minDecree)} is prepared`;
      desk.lie(
        KIND,
        'claimed-implies-real',
        view,
        text,
        `a checkpoint of at least ${Number(minDecree)}`,
        `checkpoint.${view.newestCheckpoint()}`,
      );
    },
    claim(desk, view, claim) {
      if (claim.durable === 0 || view.storageDamaged) return;
      const listing = view.checkpoints.get(claim.durable);
      if (listing !== undefined && listing.whole && listing.contentDecree === claim.durable) return;
      const actual = listing === undefined ? 'no such directory' : listing.whole ? `its files hold decree ${listing.contentDecree}` : 'its files are not whole';
      desk.lie(
        KIND,
        'claimed-implies-real',
        view,
        `${view}: claims durable decree ${claim.durable} (${claim.trigger}, ${claim.error})`,
        `checkpoint.${claim.durable} whole`,
        actual,
      );
    },
  },
  realImpliesClaimed: {
    holds:
      'Each checkpoint directory that appears is named by the end of the attempt that made it, before ' +
      'the next one appears and before the replica is opened or closed; operators are told the newest.',
    cliAnswered(desk, view, answer) {
      const durable = toldDurable(answer);
      if (durable === undefined) return;
      const newest = view.newestCheckpoint();
      if (durable < newest && view.checkpointUnclaimed === undefined) {
        desk.lie(
          KIND,
          'real-implies-claimed',
          view,
          `${view}: tells an operator less than stands`,
          `durable ${newest}`,
          `${durable}`,
        );
      }
      if (answer['prepared'] !== false || Number(answer['minDecree']) > newest) return;
      const text = `${view}: tells an operator that decree ${Number(answer['minDecree'])} is not prepared`;
      desk.lie(KIND, 'real-implies-claimed', view, text, `prepared by checkpoint.${newest}`, 'not prepared');
    },
    checkpointListed(desk, view, decree) {
      unclaimed(desk, view, `checkpoint.${decree} appeared`);
      view.checkpointUnclaimed = decree;
    },
    claim(desk, view, claim) {
      if (view.checkpointUnclaimed === claim.durable) view.checkpointUnclaimed = undefined;
      else if (claim.error !== 'ERR_OK' && desk.nodeView(view.node).struck) view.checkpointUnclaimed = undefined;
      else unclaimed(desk, view, `the attempt ended with durable ${claim.durable}`);
      const newest = view.newestCheckpoint();
      if (claim.error !== 'ERR_OK' || claim.durable >= newest) return;
      desk.lie(
        KIND,
        'real-implies-claimed',
        view,
        `${view}: a newer checkpoint stands than the claim names`,
        `durable ${newest}`,
        `${claim.durable}`,
      );
    },
    otherClaim(desk, view, claim) {
      if (claim.kind === 'replica.opened' || claim.kind === 'replica.closed') unclaimed(desk, view, claim.kind);
    },
  },
};
