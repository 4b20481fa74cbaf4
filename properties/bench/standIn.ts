/**
 * A stand-in for the plans of a hunt, to measure the minimizer by: programs of six kinds of commands that name the results of earlier
 * ones, for a small store of files, and a bug that needs one command of each kind. A run of it takes microseconds, and the size of the
 * smallest failing program is known, which no real defect grants.
 *
 * The store: each file holds one bit, which a write turns around. `open` makes a file and a handle of it; `link` makes another handle
 * of the same file; `snapshot` keeps what a file holds, `restore` makes a file that holds it, and a handle. A command that names what
 * is not there, or is closed, does nothing. The bug: once the handle that a link was made of is closed, a snapshot through the link
 * keeps what the file held when it was linked.
 */
import seedrandom from 'seedrandom';
import { fewer, fewerPairs, type Part } from '../minimize/lists.ts';
import { minimize, type Minimized, type Pass } from '../minimize/minimize.ts';
import { fewerWithUsers, merged, reaimed, renumbered, type References } from '../minimize/references.ts';

/** `h#n` are handles, `s#n` snapshots. */
export type StandInCommand =
  | { readonly kind: 'open'; readonly as: string }
  | { readonly kind: 'write'; readonly of: string }
  | { readonly kind: 'link'; readonly of: string; readonly as: string }
  | { readonly kind: 'snapshot'; readonly of: string; readonly as: string }
  | { readonly kind: 'restore'; readonly of: string; readonly as: string }
  | { readonly kind: 'close'; readonly of: string };

export type Program = readonly StandInCommand[];

/** Commands of the smallest failing program: open, link, write, close, snapshot, restore. */
export const NEEDED_COMMANDS = 6;
const MOST_COMMANDS = 100;
const MAX_RUNS = 20_000;

// ---------------------------------------------------------------- what it does

interface OpenFile {
  bit: boolean;
}

interface Handle {
  readonly file: OpenFile;
  /** The handle that it is a link of, and what the file held then. */
  readonly link: { readonly of: string; readonly held: boolean } | undefined;
}

/** Does a restored file differ from what was there when the snapshot was taken? */
export function fails(program: Program): boolean {
  const handles = new Map<string, Handle>();
  const snapshots = new Map<string, { readonly kept: boolean; readonly held: boolean }>();
  for (const command of program) {
    if (command.kind === 'open') {
      handles.set(command.as, { file: { bit: false }, link: undefined });
      continue;
    }
    if (command.kind === 'restore') {
      const snapshot = snapshots.get(command.of);
      if (snapshot === undefined) continue;
      if (snapshot.kept !== snapshot.held) return true;
      handles.set(command.as, { file: { bit: snapshot.kept }, link: undefined });
      continue;
    }
    const handle = handles.get(command.of);
    if (handle === undefined) continue;
    const { file, link } = handle;
    if (command.kind === 'write') file.bit = !file.bit;
    else if (command.kind === 'link') handles.set(command.as, { file, link: { of: command.of, held: file.bit } });
    else if (command.kind === 'close') handles.delete(command.of);
    else snapshots.set(command.as, { kept: link === undefined || handles.has(link.of) ? file.bit : link.held, held: file.bit });
  }
  return false;
}

// ---------------------------------------------------------------- programs

type Below = (bound: number) => number;

function drawProgram(below: Below): Program {
  const handles: string[] = [];
  const snapshots: string[] = [];
  const pick = (names: readonly string[]): string => names[below(names.length)] ?? '';
  const made = (names: string[], sort: string): string => {
    const name = `${sort}#${String(names.length + 1)}`;
    names.push(name);
    return name;
  };
  const program: StandInCommand[] = [];
  for (let left = MOST_COMMANDS / 4 + below((MOST_COMMANDS * 3) / 4 + 1); left > 0; left -= 1) {
    const kind = below(20);
    const of = pick(handles);
    if (kind < 3 || of === '') program.push({ kind: 'open', as: made(handles, 'h') });
    else if (kind < 8) program.push({ kind: 'write', of });
    else if (kind < 12) program.push({ kind: 'link', of, as: made(handles, 'h') });
    else if (kind < 15 || snapshots.length === 0) program.push({ kind: 'snapshot', of, as: made(snapshots, 's') });
    else if (kind < 18) program.push({ kind: 'restore', of: pick(snapshots), as: made(handles, 'h') });
    else program.push({ kind: 'close', of });
  }
  return program;
}

/** The first failing program that a seed draws. */
export function failingProgram(seed: number): Program {
  const random = seedrandom.alea(`stand-in ${String(seed)}`);
  const below: Below = (bound) => Math.floor(random() * bound);
  for (;;) {
    const program = drawProgram(below);
    if (fails(program)) return program;
  }
}

// ---------------------------------------------------------------- making it smaller

const REFERENCES: References<StandInCommand> = {
  made: (command) => ('as' in command ? [command.as] : []),
  used: (command) => ('of' in command ? [command.of] : []),
  aimed: (command, from, to) => ('of' in command && command.of === from ? { ...command, of: to } : command),
  renamed(command, from, to) {
    const now = REFERENCES.aimed(command, from, to);
    return 'as' in now && now.as === from ? { ...now, as: to } : now;
  },
};

const COMMANDS: Part<Program, StandInCommand> = { of: (program) => program, put: (_, commands) => commands };

/** Pairs are tried in programs of at most this many commands. */
const PAIRS_UP_TO = 24;

/** The passes by which plans are made smaller, as far as they are about lists and names. */
export const STAND_IN_PASSES: readonly Pass<Program>[] = [
  fewer('commands', COMMANDS),
  fewerWithUsers('commands with what uses them', COMMANDS, REFERENCES),
  merged('one result for two', COMMANDS, REFERENCES),
  reaimed('earlier results', COMMANDS, REFERENCES),
  fewerPairs('pairs of commands', COMMANDS, PAIRS_UP_TO),
  renumbered('numbers of results', COMMANDS, REFERENCES),
];

export function minimizeProgram(program: Program, passes: readonly Pass<Program>[] = STAND_IN_PASSES): Minimized<Program> {
  const stillFails = (candidate: Program): Program | undefined => (fails(candidate) ? candidate : undefined);
  return minimize(program, { passes, key: (value) => JSON.stringify(value), stillFails, maxRuns: MAX_RUNS });
}
