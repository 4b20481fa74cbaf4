/** Pointer and wheel on the chart: a click chooses, a drag pans, Ctrl and wheel or two fingers zoom, a sideways wheel pans. */
import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

export interface Gestures {
  readonly click: (x: number, y: number) => void;
  readonly hover: (x: number, y: number) => void;
  readonly leave: () => void;
  /** Pixels that the picture is pulled by. */
  readonly pan: (dx: number) => void;
  readonly zoom: (factor: number, x: number) => void;
}

/** Nearer than this a pressed pointer is a click, pixels. */
const CLICK_PX = 4;

interface Pressed {
  x: number;
  y: number;
  travelled: number;
}

class Tracker {
  readonly #pressed = new Map<number, Pressed>();
  #pinched = false;

  readonly #element: Element;
  readonly #gestures: () => Gestures;

  constructor(element: Element, gestures: () => Gestures) {
    this.#element = element;
    this.#gestures = gestures;
  }

  #at(event: MouseEvent): { readonly x: number; readonly y: number } {
    const box = this.#element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#pressed.set(event.pointerId, { ...this.#at(event), travelled: 0 });
    if (this.#pressed.size > 1) this.#pinched = true;
  }

  move(event: PointerEvent): void {
    const { x, y } = this.#at(event);
    const pressed = this.#pressed.get(event.pointerId);
    if (pressed === undefined) return this.#gestures().hover(x, y);
    const other = [...this.#pressed.entries()].find(([id]) => id !== event.pointerId)?.[1];
    if (other !== undefined) {
      const before = Math.abs(pressed.x - other.x);
      const after = Math.abs(x - other.x);
      if (before > 8 && after > 8) this.#gestures().zoom(after / before, (x + other.x) / 2);
    } else {
      pressed.travelled += Math.hypot(x - pressed.x, y - pressed.y);
      if (pressed.travelled > CLICK_PX) {
        this.#element.setPointerCapture(event.pointerId);
        this.#gestures().pan(x - pressed.x);
      }
    }
    pressed.x = x;
    pressed.y = y;
  }

  up(event: PointerEvent): void {
    const pressed = this.#pressed.get(event.pointerId);
    this.#pressed.delete(event.pointerId);
    if (pressed !== undefined && !this.#pinched && event.type === 'pointerup' && pressed.travelled <= CLICK_PX) this.#gestures().click(pressed.x, pressed.y);
    if (this.#pressed.size === 0) this.#pinched = false;
  }

  wheel(event: WheelEvent): void {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey) this.#gestures().zoom(Math.exp(-event.deltaY / 240), this.#at(event).x);
    else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) this.#gestures().pan(-sideways);
    else return;
    event.preventDefault();
  }
}

export function useGestures(element: RefObject<SVGSVGElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const tracker = new Tracker(current, () => latest.current);
    const ended = new AbortController();
    const options = { signal: ended.signal };
    current.addEventListener('pointerdown', (event) => { tracker.down(event); }, options);
    current.addEventListener('pointermove', (event) => { tracker.move(event); }, options);
    current.addEventListener('pointerup', (event) => { tracker.up(event); }, options);
    current.addEventListener('pointercancel', (event) => { tracker.up(event); }, options);
    current.addEventListener('pointerleave', () => { latest.current.leave(); }, options);
    current.addEventListener('wheel', (event) => { tracker.wheel(event); }, { ...options, passive: false });
    return () => { ended.abort(); };
  }, [element]);
}
