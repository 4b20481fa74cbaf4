/** The options of `pegasus-check hunt`. */
import { Option, type Command } from 'commander';
import type { HuntOptions } from './hunt.ts';
import type { Io } from './io.ts';
import { collect, positive, shardWord, threadCount, wholePositive, wholeSeed } from './optionWords.ts';

export function addHunt(cli: Command, io: Io, end: (code: number) => void): void {
  cli
    .command('hunt')
    .description('searches for a plan that breaks a property, on all cores')
    .option('--seconds <n>', 'real time (default 60)', positive)
    .option('--runs <n>', 'number of runs instead', wholePositive)
    .option('--seed <n>', 'seed of the campaign', wholeSeed)
    .option('--threads <n>', 'number of workers (default: one for each core); with --runs the outcome is the same for any', threadCount)
    .option('--shard <i/n>', 'only every n-th batch of the campaign, from the i-th', shardWord)
    .addOption(new Option('--stop-at-first', 'end with the first finding (default with --defect)').conflicts('keepGoing'))
    .option('--keep-going', 'go on after a finding (default without --defect)')
    .option('--property <id>', 'only this property counts')
    .option('--subsystem <name>', 'only the commands of this subsystem')
    .option('--defect <id|file>', 'put a defect in (repeatable)', collect, [])
    .option('--plog <dir>', 'boot a replica from a copy of these private log files')
    .option('--out <dir>', 'where findings are written', 'out')
    .option('--report <format>', 'html, markdown, json, itf, junit, sarif, vitest or none: reports beside each plan (repeatable; default html)', collect, [])
    .option('--corpus <dir>', 'replay the plans of this folder first, and keep what is found in it')
    .option('--observations <file>', 'a line of JSON for each run, as Tyche shows them')
    .option('--ci', 'make --out the folder of a CI job: also JUnit, SARIF, summary.md, campaign.json, corpus/, observations.jsonl', false)
    .option('--json', 'one JSON object instead of text', false)
    .action(async (options: HuntOptions) => {
      const { runHunt } = await import('./hunt.ts');
      const { report } = options;
      end(await runHunt({ ...options, report: report.length === 0 ? ['html'] : report }, io));
    });
}
