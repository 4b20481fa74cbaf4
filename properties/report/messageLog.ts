/** The messages of a run: each that left, matched with the moment at which it was taken up. */
import type { MessageKind } from '../../impl/env/sim/observer.ts';
import type { TapeMessage } from './tape.ts';

interface Sent {
  readonly message: { -readonly [K in keyof TapeMessage]: TapeMessage[K] };
  readonly body: unknown;
}

/** What names a message beside its body, as the world's observer tells it. */
export interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly code: string;
  readonly kind: MessageKind;
  readonly gpid: string;
  readonly decree: number;
  readonly body: unknown;
  readonly error: string;
}

export class MessageLog {
  readonly messages: TapeMessage[] = [];
  private readonly underWay = new Map<string, Sent[]>();

  sent(envelope: Envelope, atUs: number): void {
    const { from, to, code, kind, gpid, decree, body, error } = envelope;
    const message = { sentUs: atUs, arrivedUs: undefined, from, to, code, kind, gpid, decree: decree > 0 ? decree : -1, error: error === 'ERR_OK' ? errorIn(body) : error };
    this.messages.push(message);
    const key = keyOf(envelope);
    const waiting = this.underWay.get(key);
    if (waiting === undefined) this.underWay.set(key, [{ message, body }]);
    else waiting.push({ message, body });
  }

  /** The handler of a message is about to run. The bodies of two messages of the same name tell them apart. */
  delivered(envelope: Envelope, atUs: number): void {
    const waiting = this.underWay.get(keyOf(envelope));
    const at = waiting?.findIndex(({ body }) => body === envelope.body) ?? -1;
    const [found] = at < 0 ? [] : (waiting?.splice(at, 1) ?? []);
    if (found !== undefined) found.message.arrivedUs = atUs;
  }
}

function keyOf({ from, to, code, kind, gpid, decree }: Envelope): string {
  return `${from} ${to} ${code} ${kind} ${gpid} ${String(decree)}`;
}

/** Most answers carry their error in the body. */
function errorIn(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('error' in body)) return '';
  return typeof body.error === 'string' && body.error !== 'ERR_OK' ? body.error : '';
}
