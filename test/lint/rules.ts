/**
 * The house's own lints, over the text of every source file: who may import whom, determinism of the protocol path, no bare
 * catch, no file or line beyond its ceiling, nothing loosened. It counts what it scanned, so that it cannot pass on nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root, with '/'. */
  readonly path: string;
  readonly text: string;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

const ROOMS = ['model', 'impl', 'properties', 'test', 'bin'] as const;

export function sources(root: string): readonly SourceFile[] {
  const found: SourceFile[] = [];
  const walk = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.(tsx?|js)$/.test(entry.name)) found.push({ path: relative(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') });
    }
  };
  for (const room of ROOMS) walk(join(root, room));
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Import {
  readonly line: number;
  readonly target: string;
  readonly typeOnly: boolean;
}

function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = [];
  const pattern = /^\s*(?:import|export)\s+(type\s+)?(?:[^'"]*?\s+from\s+)?['"]([^'"]+)['"]/gm;
  for (const match of file.text.matchAll(pattern)) {
    const target = match[2] ?? '';
    const local = target.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file.path), target)).replaceAll('\\', '/') : target;
    found.push({ line: file.text.slice(0, match.index).split('\n').length, target: local, typeOnly: match[1] !== undefined });
  }
  return found;
}

/** What impl/ may use of model/: types of the vocabulary and the events, and the vocabulary's constants and `unreachable`. */
const SHARED_WORDS = ['model/vocabulary.ts', 'model/events.ts'];

function importRules(file: SourceFile): readonly Finding[] {
  const room = file.path.split('/')[0];
  const wrong: Finding[] = [];
  const refuse = (i: Import, message: string): void => {
    wrong.push({ path: file.path, line: i.line, rule: 'imports', message });
  };
  for (const i of importsOf(file)) {
    const into = i.target.split('/')[0];
    if (room === 'model' && into !== 'model' && i.target !== 'immer') refuse(i, `model/ imports immer and nothing else of the project, not ${i.target}`);
    if (room === 'impl') {
      if (into === 'properties' || into === 'test') refuse(i, `impl/ never imports ${i.target}`);
      if (into === 'model' && !SHARED_WORDS.includes(i.target)) refuse(i, `impl/ sees only the vocabulary and the events of model/, not ${i.target}`);
      if (i.target === 'model/events.ts' && !i.typeOnly) refuse(i, 'impl/ imports only types from model/events');
      if (!i.target.includes('/') && i.target !== 'fast-check' && !file.path.startsWith('impl/env/node/')) refuse(i, `impl/ uses no library, not ${i.target}`);
      if (i.target.startsWith('node:') && !file.path.startsWith('impl/env/node/')) refuse(i, `only impl/env/node/ reaches the platform, not ${i.target}`);
    }
    if (room === 'properties' && into === 'test') refuse(i, `properties/ never imports ${i.target}`);
    if (file.path.startsWith('properties/run/audit/') && into === 'impl' && !i.typeOnly) refuse(i, 'audits share no code with impl/, only types');
  }
  return wrong;
}

/** What would make two runs of a plan differ. */
const NONDETERMINISM: readonly (readonly [RegExp, string])[] = [
  [/\bMath\.random\b/, 'platform random'],
  [/\bDate\b(?!:)/, 'the wall clock'],
  [/\bperformance\.now\b/, 'the wall clock'],
  [/\bprocess\.hrtime\b/, 'the wall clock'],
  [/\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bqueueMicrotask\b/, 'a timer'],
  [/\bPromise\b|\basync\b|\bawait\b/, 'a promise'],
  [/\brandomUUID\b|\bcrypto\b/, 'a platform identifier'],
  [/\blocaleCompare\b|\bIntl\b|\btoLocale/, 'the locale'],
  [/\bWeakRef\b|\bFinalizationRegistry\b/, 'the garbage collector'],
];

const PROTOCOL_PATH = /^(model|impl|properties\/run|properties\/plan)\//;
const EXEMPT = /^impl\/env\/node\//;

/** Source text without comments and string contents, line structure kept. */
export function codeOnly(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, (m) => m.replaceAll(/[^\n]/g, ' '));
}

function lineFindings(file: SourceFile): readonly Finding[] {
  const wrong: Finding[] = [];
  const code = codeOnly(file.text).split('\n');
  const protocol = PROTOCOL_PATH.test(file.path) && !EXEMPT.test(file.path);
  code.forEach((line, at) => {
    const refuse = (rule: string, message: string): void => {
      wrong.push({ path: file.path, line: at + 1, rule, message });
    };
    if (protocol) for (const [pattern, what] of NONDETERMINISM) if (pattern.test(line)) refuse('determinism', `${what} on the protocol path`);
    if (/^(model|impl|properties)\//.test(file.path) && /(:\s*any\b|<any>|\bas any\b|\bas unknown as\b)/.test(line)) refuse('loose', 'a loosened type');
  });
  if (/@ts-(ignore|expect-error|nocheck)/.test(file.text) && !file.path.startsWith('test/lint/')) wrong.push({ path: file.path, line: 1, rule: 'loose', message: 'a silenced compiler' });
  if (file.path.startsWith('impl/')) wrong.push(...catchFindings(file, code));
  return wrong;
}

/** A catch in impl/ must name what it caught and rethrow what it does not know. */
function catchFindings(file: SourceFile, code: readonly string[]): readonly Finding[] {
  const wrong: Finding[] = [];
  code.forEach((line, at) => {
    if (!/\bcatch\b/.test(line)) return;
    const body = code.slice(at, at + 12).join('\n');
    if (!/catch\s*\(\s*\w+/.test(line) || !/instanceof|\bthrow\b|rethrow/i.test(body)) {
      wrong.push({ path: file.path, line: at + 1, rule: 'bare-catch', message: 'a catch that takes everything: test what it is and throw the rest on' });
    }
  });
  return wrong;
}

const LARGEST_FILE_LINES = 400;

function sizeFindings(file: SourceFile): readonly Finding[] {
  const lines = file.text.split('\n').length;
  return lines > LARGEST_FILE_LINES ? [{ path: file.path, line: lines, rule: 'size', message: `${String(lines)} lines; find the seam (at most ${String(LARGEST_FILE_LINES)})` }] : [];
}

/** All findings of all rules over these files. */
export function lint(files: readonly SourceFile[]): readonly Finding[] {
  return files.flatMap((file) => [...importRules(file), ...lineFindings(file), ...sizeFindings(file)]);
}

if (import.meta.main) {
  const files = sources(ROOT);
  const findings = lint(files);
  for (const f of findings) process.stderr.write(`${f.path}:${String(f.line)} ${f.rule}: ${f.message}\n`);
  const counts = ROOMS.map((room) => `${room} ${String(files.filter((f) => f.path.startsWith(`${room}/`)).length)}`).join(', ');
  process.stdout.write(`house rules: ${String(files.length)} files scanned (${counts}), ${String(findings.length)} findings\n`);
  if (findings.length > 0 || files.length < 100) process.exitCode = 1;
}
