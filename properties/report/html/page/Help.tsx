/** What each key does. */
import { useEffect, useRef } from 'preact/hooks';
import { KEYS } from './moves.ts';

const OTHERS: readonly (readonly [string, string])[] = [
  ['+  −', 'zoom in and out around the cursor'],
  [',  .', 'move the chart left and right'],
  ['0', 'the whole run'],
  ['/', 'search the events'],
  ['t', 'light or dark'],
  ['?', 'this help'],
  ['Ctrl + wheel', 'zoom at the pointer; drag to move, click to choose'],
];

const NAMES: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→' };

export function Help({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = dialog;
    if (current === null || current.open === open) return;
    if (open) current.showModal();
    else current.close();
  }, [open]);
  const rows = [...KEYS.map((key) => [`${key.shift === true ? 'Shift ' : ''}${key.keys.map((name) => NAMES[name] ?? name).join(' ')}`, key.says] as const), ...OTHERS];
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {rows.map(([key, says]) => (
          <div key={key}>
            <dt><kbd>{key}</kbd></dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={close}>Close</button>
    </dialog>
  );
}
