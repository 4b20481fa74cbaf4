/** What the reader has chosen, and how each action changes it. */
import type { AxisMode } from './axis.ts';
import { NO_FILTER, type Filter } from './filter.ts';
import type { View } from './view.ts';

/** Which places of the states are listed. */
export type StateChoice = 'all' | 'changed' | 'different';

export interface Ui {
  /** Number of the event that the reader looks at. */
  readonly cursor: number;
  /** Undefined: the whole axis. */
  readonly view: View | undefined;
  readonly filter: Filter;
  readonly mode: AxisMode;
  /** Undefined: what the system prefers. */
  readonly theme: 'light' | 'dark' | undefined;
  readonly help: boolean;
  readonly states: StateChoice;
  /** A part of a path; '' for all. */
  readonly path: string;
}

export type Action =
  | { readonly kind: 'cursor'; readonly event: number; readonly view?: View | undefined }
  | { readonly kind: 'view'; readonly view: View | undefined }
  | { readonly kind: 'filter'; readonly change: Partial<Filter> }
  | { readonly kind: 'mode'; readonly mode: AxisMode }
  | { readonly kind: 'theme'; readonly theme: 'light' | 'dark' }
  | { readonly kind: 'help'; readonly open: boolean }
  | { readonly kind: 'states'; readonly states: StateChoice }
  | { readonly kind: 'path'; readonly path: string };

export type Dispatch = (action: Action) => void;

/** At first the reader stands where it fails, and sees the places of the partition that failed. */
export function firstUi({ cursor, path }: Pick<Ui, 'cursor' | 'path'>): Ui {
  return { cursor, view: undefined, filter: NO_FILTER, mode: 'folded', theme: undefined, help: false, states: 'all', path };
}

export function reduce(ui: Ui, action: Action): Ui {
  switch (action.kind) {
    case 'cursor':
      return { ...ui, cursor: action.event, view: action.view ?? ui.view };
    case 'view':
      return { ...ui, view: action.view };
    case 'filter':
      // Another choice of events is another axis: all of it is shown.
      return { ...ui, filter: { ...ui.filter, ...action.change }, view: undefined };
    case 'mode':
      return { ...ui, mode: action.mode, view: undefined };
    case 'theme':
      return { ...ui, theme: action.theme };
    case 'help':
      return { ...ui, help: action.open };
    case 'states':
      return { ...ui, states: action.states };
    case 'path':
      return { ...ui, path: action.path };
  }
}

/** What the switch leads to: the theme that is not shown now, which is the system's until somebody chooses. */
export function otherTheme({ theme }: Ui): 'light' | 'dark' {
  const dark = theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
  return dark ? 'light' : 'dark';
}
