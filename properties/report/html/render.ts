/**
 * A finding as one HTML file that needs nothing else: code, style and data are inside, and the page may load nothing (its own policy
 * says so). Data stand in elements that never run, and become text nodes; nothing in a plan, key or value can be script.
 */
import { createHash } from 'node:crypto';
import type { FindingRecord } from '../finding.ts';
import type { Tape } from '../tape.ts';
import { bundle } from './bundle.ts';
import { encodeTape } from './pack.ts';
import type { PageFinding } from './page/pageFinding.ts';
import { pairsOf } from './pairs.ts';

/** A text between tags. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A value inside a script element of a type that does not run: nothing in it can end the element or begin a comment. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function pageFinding(record: FindingRecord): PageFinding {
  const nearest = record.explanation.nearestPass;
  const pairs = nearest === undefined ? [] : pairsOf(record.plan, nearest.plan);
  // Bytes of logs that a plan brings along are in the plan's own file; the page has no use for them.
  const withoutBytes = <T extends FindingRecord['plan']>(plan: T): T =>
    plan.preload === undefined ? plan : { ...plan, preload: { ...plan.preload, files: plan.preload.files.map((file) => ({ ...file, hex: '' })) } };
  return {
    record: {
      ...record,
      plan: withoutBytes(record.plan),
      explanation: { ...record.explanation, nearestPass: nearest === undefined ? undefined : { ...nearest, plan: withoutBytes(nearest.plan) } },
    },
    pairs,
  };
}

/** What is read without script: by a reader of text, or where a page is only previewed. */
function plainText(record: FindingRecord): string {
  const lines = [record.headline, '', ...record.lines.map((line) => `${line.atMs === undefined ? '' : `+${String(line.atMs)} ms  `}${line.text}`), '', record.repeat];
  return `<noscript><pre>${escaped(lines.join('\n'))}</pre></noscript>`;
}

/** The whole file. Larger runs lose their beginning (and say so), so that it stays under 2 MB. */
export async function renderHtml(record: FindingRecord, tape: Tape): Promise<string> {
  const { script, style } = await bundle();
  if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error('the page\'s own code would end its element');
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(record.headline)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<div id="root"></div>',
    plainText(record),
    `<script type="application/json" id="finding">${embedded(pageFinding(record))}</script>`,
    `<script type="text/plain" id="tape">${encodeTape(tape)}</script>`,
    `<script type="module">${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
