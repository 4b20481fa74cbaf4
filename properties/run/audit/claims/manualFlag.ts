/**
 * `checkpoint.manual-flag` (repl 2.3, R8, R9): the server's counter is the number of its replicas whose flag is set;
 * the answers that operators get about manual checkpoints agree with the claimed flag.
 */
import type { AuditPair } from '../audit.ts';
import type { Decree } from '../../../../model/vocabulary.ts';

const KIND = 'checkpoint.manual-flag';

interface EmergencyAnswer {
  readonly error: string;
  readonly minDecree: Decree;
  readonly durable: Decree;
}

/** The answer to an emergency checkpoint; that to a question has `prepared` too. */
function emergencyAnswer(answer: Readonly<Record<string, unknown>>): EmergencyAnswer | undefined {
  const { error, minDecree, durable } = answer;
  if (
    'prepared' in answer || typeof error !== 'string' || typeof minDecree !== 'number' || typeof durable !== 'number'
  ) return undefined;
  return { error, minDecree, durable };
}

export const manualFlagAudits: AuditPair<typeof KIND> = {
  claimedImpliesReal: {
    holds:
      'A claimed flag changes when it is claimed, and the claimed server counter is the number of ' +
      'flags claimed set on that server.',
    claim(desk, view, claim) {
      const flags = desk.nodeView(view.node).manualFlags;
      const count = flags.size + (claim.set ? (flags.has(view.gpid) ? 0 : 1) : flags.has(view.gpid) ? -1 : 0);
      if (claim.serverCount === count) return;
      const text = `${view}: manual checkpoint flag ${claim.set ? 'set' : 'cleared'} with a wrong server counter`;
      desk.lie(KIND, 'claimed-implies-real', view, text, `counter ${count}`, `${claim.serverCount}`);
    },
    cliAnswered(desk, view, answer) {
      const told = emergencyAnswer(answer);
      if (told === undefined || told.error !== 'ERR_OK' || told.minDecree > told.durable) return;
      if (!desk.nodeView(view.node).manualFlags.has(view.gpid)) return;
      const text =
        `${view}: answers that decree ${told.minDecree} is covered with its manual checkpoint flag ` +
        `still claimed set`;
      desk.lie(KIND, 'claimed-implies-real', view, text, 'flag cleared', 'set');
    },
  },
  realImpliesClaimed: {
    holds:
      'A replica that is closed, and one that is neither primary nor secondary, has no flag set by the ' +
      'end of the task; one that answers "busy" or "started" has it claimed set.',
    cliAnswered(desk, view, answer) {
      const told = emergencyAnswer(answer);
      if (told === undefined || desk.nodeView(view.node).manualFlags.has(view.gpid)) return;
      if (told.error !== 'ERR_BUSY' && !(told.error === 'ERR_OK' && told.minDecree > told.durable)) return;
      const text =
        `${view}: answers ${told.error} to an emergency checkpoint of ${told.minDecree} (durable ` +
        `${told.durable}) without a flag claimed set`;
      desk.lie(KIND, 'real-implies-claimed', view, text, 'a claim that the flag is set', 'none');
    },
    otherClaim(desk, view, claim) {
      if (claim.kind !== 'replica.closed' && claim.kind !== 'replica.status') return;
      if (desk.nodeView(view.node).manualFlags.has(view.gpid)) desk.owe(view);
    },
    settle(desk, view) {
      if (!desk.nodeView(view.node).manualFlags.has(view.gpid)) return;
      if (view.open && (view.status === 'PS_PRIMARY' || view.status === 'PS_SECONDARY')) return;
      const role = view.open ? view.status : 'closed';
      desk.lie(
        KIND,
        'real-implies-claimed',
        view,
        `${view}: is ${role} with its manual checkpoint flag still claimed set`,
        'a claim that it was cleared',
        'none',
      );
    },
  },
};
