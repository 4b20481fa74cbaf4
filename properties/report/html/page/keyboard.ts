/** Keys of the whole page. Where the reader types, or a control takes a key itself, the page keeps away from it. */
import { useEffect, useRef } from 'preact/hooks';
import { KEYS, type Move } from './moves.ts';

export interface KeyTargets {
  readonly move: (move: Move) => void;
  readonly zoom: (factor: number) => void;
  /** Parts of what is in sight, to the right. */
  readonly pan: (part: number) => void;
  readonly fit: () => void;
  readonly theme: () => void;
  readonly help: () => void;
}

function typing(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !['range', 'checkbox'].includes(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

function moveOf(event: KeyboardEvent): Move | undefined {
  return KEYS.find(({ keys, shift }) => keys.some((key) => key === event.key || (key.length === 1 && key === event.key.toLowerCase())) && (event.key.length === 1 || (shift ?? false) === event.shiftKey))?.move;
}

function handle(event: KeyboardEvent, targets: KeyTargets): boolean {
  const move = moveOf(event);
  if (move !== undefined) {
    targets.move(move);
    return true;
  }
  switch (event.key) {
    case '+':
    case '=':
      targets.zoom(2);
      return true;
    case '-':
      targets.zoom(0.5);
      return true;
    case '0':
      targets.fit();
      return true;
    case ',':
      targets.pan(-0.25);
      return true;
    case '.':
      targets.pan(0.25);
      return true;
    case 't':
      targets.theme();
      return true;
    case '?':
      targets.help();
      return true;
    case '/':
      document.getElementById('search')?.focus();
      return true;
    default:
      return false;
  }
}

export function useKeyboard(targets: KeyTargets): void {
  const latest = useRef(targets);
  latest.current = targets;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (typing(event.target) || document.querySelector('dialog[open]') !== null) return;
      if (handle(event, latest.current)) event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => { removeEventListener('keydown', press); };
  }, []);
}
