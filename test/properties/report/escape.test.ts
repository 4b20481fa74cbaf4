/** Text from anywhere stays text: in a terminal, in XML, in Markdown, in a source file. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { code, codeBlock, codeCell, markdown, visible, xml } from '../../../properties/report/escape.ts';
import { nasty } from './samples.ts';

const RUNS = { numRuns: 200, seed: 7 };

/** What no terminal, browser or editor should be given: everything but letters, marks, numbers, punctuation, symbols, blanks, private use. */
const UNSEEN = /[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\p{Co}]/u;

describe('visible', () => {
  it('leaves nothing unseen, and what can be seen alone', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(visible(text)).not.toMatch(UNSEEN);
        expect(visible(text).replaceAll(/\\u\{[\da-f]+\}/g, '')).toBe(Array.from(text).filter((char) => !UNSEEN.test(char)).join('').replaceAll(/\\u\{[\da-f]+\}/g, ''));
      }),
      RUNS,
    );
  });

  it('shows a code', () => {
    expect(visible('a\u202eb\u0000\ud83d\ude00\ud800')).toBe('a\\u{202e}b\\u{0}\ud83d\ude00\\u{d800}');
  });
});

describe('xml', () => {
  it('is read back as the visible text', () => {
    const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
    fc.assert(
      fc.property(nasty, (text) => {
        const escaped = xml(text);
        expect(escaped).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|apos);)/);
        expect(escaped.replaceAll(/&(\w+);/g, (_, name: string) => entities[name] ?? '?')).toBe(visible(text));
      }),
      RUNS,
    );
  });
});

/** A code span as CommonMark reads it: the text between two runs of backticks of one length, a blank taken off at both ends. */
function spanIn(source: string): { readonly text: string; readonly rest: string } | undefined {
  const fence = /^`+/.exec(source)?.[0];
  if (fence === undefined) return undefined;
  for (const { 0: run, index } of source.slice(fence.length).matchAll(/`+/g)) {
    if (run.length !== fence.length) continue;
    const text = source.slice(fence.length, fence.length + index);
    const padded = text.startsWith(' ') && text.endsWith(' ') && text.trim() !== '';
    return { text: padded ? text.slice(1, -1) : text, rest: source.slice(fence.length * 2 + index) };
  }
  return undefined;
}

describe('markdown', () => {
  it('keeps any text inside its code span', () => {
    fc.assert(
      fc.property(nasty, nasty, (text, after) => {
        const span = spanIn(`${code(text)} ${markdown(after)}`);
        // CommonMark leaves blanks alone where there is nothing else.
        if (visible(text).trim() === '') expect(span?.text.trim()).toBe('');
        else expect(span?.text).toBe(visible(text));
        expect(span?.rest).toBe(` ${markdown(after)}`);
      }),
      RUNS,
    );
  });

  it('has no bar that ends a cell', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(markdown(text).replaceAll(/\\./g, '')).not.toContain('|');
        expect(codeCell(text).replaceAll('\\|', '')).not.toContain('|');
        expect(codeCell(text).replaceAll('\\|', '|')).toBe(code(text));
      }),
      RUNS,
    );
  });

  it('shows a sentence as it is, with no mark of its own', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const source = markdown(text);
        const plain = source.replaceAll('<!-- -->', '');
        expect(plain.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1')).toBe(visible(text));
        expect(plain.replaceAll(/\\[!-/:-@[-`{-~]/g, '')).not.toMatch(/[`*_{}[\]<>#|~&$\\]/);
        expect(source).not.toMatch(/@\w|#\d|:\/\/|www\./i);
      }),
      RUNS,
    );
  });

  it('has blocks that only their own fence ends', () => {
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 5 }), (texts) => {
        const lines = codeBlock(texts, 'sh').split('\n');
        const fence = lines.at(-1) ?? '';
        expect(fence).toMatch(/^`{3,}$/);
        expect(lines[0]).toBe(`${fence}sh`);
        expect(lines.slice(1, -1)).toEqual(texts.length === 0 ? [''] : texts.map(visible));
        for (const line of lines.slice(1, -1)) expect(line).not.toContain(fence);
      }),
      RUNS,
    );
  });
});
