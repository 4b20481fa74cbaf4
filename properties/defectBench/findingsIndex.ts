/** docs/findings/README.md: all suspects that have a page, by the part of Pegasus that they are in. */
import { DEFECTS } from '../defects/index.ts';
import type { Measured } from './expectations.ts';
import { issueText } from './page.ts';
import { CHAPTERS, SUSPECTS } from './suspects/index.ts';
import type { Suspect } from './suspects/types.ts';
import { runsText } from './tables.ts';

export function indexOf(measured: Measured): string {
  return [
    '# Findings for the maintainers of Apache Pegasus',
    '',
    `${String(SUSPECTS.length)} behaviours of Pegasus that look wrong and, as far as we know, are still there (HEAD of March 2026, \`db756dcdf\`). Each page says what a user sees, why, in which file and`,
    'functions, the shortest scenario that shows it, a run of that scenario step by step, and what could be changed.',
    '',
    'How they come about: the fact sheets behind this project were read out of Pegasus\'s code; nothing was run against a Pegasus server. What is run is this project\'s implementation, which has',
    'each of them mended ([departures](../departures.md)), with the one behaviour put back; a model of what must be true then refuses the run. So a page proves that the behaviour, *as described*, breaks what',
    'it says; whether the description is right is for those to say who know the code. Line numbers are not given on purpose: names last longer.',
    '',
    'Times in the scenarios are virtual, and most timers are shorter than Pegasus\'s defaults (a duplication sync takes 1 s instead of 10 s, a poll of a load 0.5 s instead of 10 s), so that little happens between the steps; each',
    'page says whether the default settings are enough. `crash meta(source,0) inside its 4. call` ends a process within its fourth call of disk, network or store from then on.',
    '',
    'The pages are generated: `pegasus-check defects --write-docs`. [suspects.md](../suspects.md) lists also what no world here can show yet, [defects.md](../defects.md) how fast each is found.',
    '',
    ...CHAPTERS.flatMap(({ heading, suspects }) => [`## ${heading}`, '', '| finding | harm | confidence | id | found in runs |', '|---|---|---|---|---|', ...suspects.map((suspect) => line(suspect, measured)), '']),
  ].join('\n');
}

function line({ id, title, harm, confidence }: Suspect, measured: Measured): string {
  const row = measured.rows.find((one) => one.id === id);
  const issue = DEFECTS.find((defect) => defect.id === id)?.issue ?? '';
  return `| [${title}](${id}.md) | ${harm} | ${confidence} | ${issueText(issue)} | ${runsText(row, measured)} |`;
}
