/** The kinds of report of a finding, and what their files are called: `<cause>-<digest>.<extension>`. */
import { BadInput } from '../plan/parse.ts';
import type { Located } from './sarif.ts';
import type { Tape } from './tape.ts';

export const FORMATS = ['html', 'text', 'markdown', 'json', 'itf', 'junit', 'sarif', 'vitest'] as const;
export type Format = (typeof FORMATS)[number];

const EXTENSIONS: Readonly<Record<Format, string>> = {
  html: 'html',
  text: 'txt',
  markdown: 'md',
  json: 'finding.json',
  itf: 'itf.json',
  junit: 'junit.xml',
  sarif: 'sarif',
  vitest: 'test.ts',
};

export function extensionOf(format: Format): string {
  return EXTENSIONS[format];
}

/** Whether a report shows the run itself, and not only what is said of it. */
export function needsTape(formats: readonly Format[]): boolean {
  return formats.includes('html') || formats.includes('itf');
}

/** Throws BadInput. */
export function checkFormats(words: readonly string[]): readonly Format[] {
  return words.map((word) => {
    const format = FORMATS.find((one) => one === word);
    if (format === undefined) throw new BadInput(`--format ${word}: no such format; give one of ${FORMATS.join(', ')}`);
    return format;
  });
}

export interface Report extends Located {
  /** Needed by `html` and `itf` only. */
  readonly tape: Tape | undefined;
  /** Only this property was looked at. */
  readonly property?: string;
}

/** The text of one report. Each renderer is loaded when it is asked for. */
export async function render(format: Format, report: Report): Promise<string> {
  const { record, property } = report;
  switch (format) {
    case 'html':
      return (await import('./html/render.ts')).renderHtml(record, taped(format, report));
    case 'text':
      return `${(await import('./text.ts')).findingText(record)}\n`;
    case 'markdown':
      return (await import('./markdown.ts')).findingMarkdown(record);
    case 'json':
      return (await import('./json.ts')).findingJson(record);
    case 'itf':
      return (await import('./itf.ts')).itfTrace(record, taped(format, report));
    case 'junit':
      return (await import('./junit.ts')).junitXml([record]);
    case 'sarif':
      return (await import('./sarif.ts')).sarifText([report]);
    case 'vitest':
      return (await import('./regression.ts')).regressionTest(record, property === undefined ? {} : { property });
  }
}

function taped(format: Format, { tape }: Report): Tape {
  if (tape === undefined) throw new Error(`${format} needs a tape`);
  return tape;
}
