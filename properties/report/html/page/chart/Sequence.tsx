/** The message sequence: a line for each node, arrows from sender to receiver, a dot for each event. */
import { durationText, timeText } from '../view.ts';
import type { Story } from '../story.ts';
import type { Layout } from './layout.ts';
import type { TapeEvent } from '../../../tape.ts';
import { comesWith, type Arrow, type EventMark, type Traffic } from './marks.ts';
import type { Scale } from './scale.ts';
import { fitted } from './words.ts';

interface Props {
  readonly story: Story;
  readonly marks: readonly EventMark[];
  readonly cursor: number;
}

export function NodeLines({ scale, layout }: { readonly scale: Scale; readonly layout: Layout }) {
  return (
    <g class="nodes">
      {layout.nodes.map((row) => (
        <line key={row.node.id} x1={scale.left - 8} x2={scale.right + 8} y1={row.y} y2={row.y} />
      ))}
    </g>
  );
}

/** Names of rows: over everything, so that a panned picture passes beneath them. */
export function Labels({ layout }: { readonly layout: Layout }) {
  const narrow = layout.gutter === 0;
  return (
    <g class="labels">
      {!narrow && <rect class="gutter" x={0} y={0} width={layout.gutter} height={layout.height} />}
      {layout.headings.map((heading) => (
        <text key={heading.y} class="heading" x={2} y={heading.y}>
          {heading.text}
        </text>
      ))}
      {layout.nodes.map((row) => (
        <text key={row.node.id} x={narrow ? 2 : 12} y={narrow ? row.y - 9 : row.y + 4}>
          <title>{row.node.id}</title>
          {fitted(row.label, narrow ? 200 : layout.gutter - 14)}
        </text>
      ))}
      {layout.lanes.map((row) => (
        <text key={`${row.lane.cluster} ${row.lane.name}`} x={narrow ? 2 : 12} y={narrow ? row.y - 3 : row.y + 13}>
          <title>{row.lane.name}</title>
          {fitted(row.label, narrow ? 300 : layout.gutter - 14)}
        </text>
      ))}
    </g>
  );
}

export function arrowText({ message, fate, count }: Pick<Arrow, 'message' | 'fate' | 'count'>): string {
  const about = `${message.gpid === '' ? '' : ` ${message.gpid}`}${message.decree < 0 ? '' : ` decree ${String(message.decree)}`}`;
  const took = message.arrivedUs === undefined ? (fate === 'pending' ? 'on its way when the run ended' : 'never arrived') : `took ${durationText(message.arrivedUs - message.sentUs)}`;
  const error = message.error === '' ? '' : `, ${message.error}`;
  const more = count > 1 ? ` and ${String(count - 1)} more: zoom in` : '';
  return `${message.code} ${message.kind}${about}, ${message.from} to ${message.to}, sent at ${timeText(message.sentUs)}, ${took}${error}${more}`;
}

function arrowClass({ message, fate, count }: Arrow, here: boolean): string {
  return `arrow ${message.kind} ${fate}${count > 1 ? ' many' : ''}${here ? ' here' : ''}`;
}

const NAMED_FROM_PX = 90;
const MOST_NAMED = 60;

/** Names of arrows nearer to each other than this would not be read, pixels. */
const NAMES_APART_PX = 30;

/** The arrows that have room for a name. */
function namedOf(arrows: readonly Arrow[]): ReadonlySet<Arrow> {
  const named = new Set<Arrow>();
  if (arrows.length > MOST_NAMED) return named;
  for (const arrow of arrows) {
    const near = [...named].some((other) => Math.hypot((other.x1 + other.x2 - arrow.x1 - arrow.x2) / 2, (other.y1 + other.y2 - arrow.y1 - arrow.y2) / 2) < NAMES_APART_PX);
    if (!near) named.add(arrow);
  }
  return named;
}

function ArrowLine({ arrow, named, here }: { readonly arrow: Arrow; readonly named: boolean; readonly here: boolean }) {
  const { fate } = arrow;
  // What did not arrive ends half way.
  const half = fate === 'lost' || fate === 'pending';
  const x2 = half ? (arrow.x1 + arrow.x2) / 2 : arrow.x2;
  const y2 = half ? (arrow.y1 + arrow.y2) / 2 : arrow.y2;
  const length = Math.hypot(x2 - arrow.x1, y2 - arrow.y1);
  const angle = (Math.atan2(y2 - arrow.y1, x2 - arrow.x1) * 180) / Math.PI;
  const upright = Math.abs(angle) > 90 ? angle + 180 : angle;
  return (
    <g class={arrowClass(arrow, here)}>
      <line x1={arrow.x1} y1={arrow.y1} x2={x2} y2={y2} stroke-width={arrow.count > 1 ? Math.min(5, 1 + Math.log2(arrow.count) * 0.6) : 1} />
      {fate === 'lost' ? <path d="M-4,-4 L4,4 M-4,4 L4,-4" transform={`translate(${String(x2)} ${String(y2)})`} /> : !half && length > 14 && arrow.count === 1 && <path class="head" d="M0,0 L-7,-2.6 L-7,2.6 Z" transform={`translate(${String(x2)} ${String(y2)}) rotate(${String(angle)})`} />}
      {named && length >= NAMED_FROM_PX && (
        <text text-anchor="middle" transform={`translate(${String((arrow.x1 + x2) / 2)} ${String((arrow.y1 + y2) / 2)}) rotate(${String(upright)}) translate(0 -3)`}>
          {fitted(arrow.message.code.replace(/^RPC_/, ''), length - 20)}
        </text>
      )}
    </g>
  );
}

export function TrafficLines({ traffic }: { readonly traffic: readonly Traffic[] }) {
  return (
    <g class="traffic">
      {traffic.map(({ level, path }) => (
        <path key={level} class={`level-${String(level)}`} d={path} />
      ))}
    </g>
  );
}

export function Arrows({ arrows, event }: { readonly arrows: readonly Arrow[]; readonly event: TapeEvent | undefined }) {
  const named = namedOf(arrows);
  return (
    <g class="arrows">
      {arrows.map((arrow, i) => (
        <ArrowLine key={i} arrow={arrow} named={named.has(arrow)} here={comesWith(arrow.message, event)} />
      ))}
    </g>
  );
}

function Dot({ mark, here, failing }: { readonly mark: EventMark; readonly here: boolean; readonly failing: boolean }) {
  const at = `translate(${mark.x.toFixed(1)} ${mark.y.toFixed(1)})`;
  const fill = `event f-${mark.family}${here ? ' here' : ''}${failing ? ' failing' : ''}`;
  if (mark.count > 1) {
    const height = Math.min(22, 4 + 2.6 * Math.log2(mark.count));
    return <rect class={fill} x={-3} y={-height / 2} width={6} height={height} rx={1} transform={at} />;
  }
  if (mark.family === 'fault') return <path class={fill} d="M0,-6 L6,5 L-6,5 Z" transform={at} />;
  if (mark.family === 'command') return <rect class={fill} x={-3.5} y={-3.5} width={7} height={7} transform={at} />;
  return <circle class={fill} r={here || failing ? 5 : 3.5} transform={at} />;
}

export function Dots({ story, marks, cursor }: Props) {
  return (
    <g class="events">
      {marks.map((mark) => (
        <Dot key={mark.event} mark={mark} here={mark.event === cursor} failing={mark.event === story.failing} />
      ))}
    </g>
  );
}
