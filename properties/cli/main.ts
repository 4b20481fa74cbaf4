/** The command line. Options are checked before anything is written; every error of the user's is one line and exit code 2. */
import { Command, CommanderError } from 'commander';
import { DEFAULT_RUN_BYTES } from '../../impl/provider/loadSet.ts';
import { BadInput } from '../plan/parse.ts';
import { DamagedData } from '../plan/preload.ts';
import type { DefectsOptions } from './defects.ts';
import { addHunt } from './huntCommand.ts';
import { EXIT, oneLine, type Io } from './io.ts';
import { collect, positive, wholePositive } from './optionWords.ts';
import type { ReplayOptions } from './replay.ts';
import type { ReportOptions } from './report.ts';
import type { SstOptions } from './sst.ts';
import type { TicketsOptions } from './tickets.ts';

function collectWords(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...value.split(',')];
}

function program(io: Io, end: (code: number) => void): Command {
  const cli = new Command('pegasus-check');
  cli.description('Model-checks the duplication, checkpoint and bulk load of Apache Pegasus: a pure model follows a real implementation through generated commands and faults.');
  cli.exitOverride();
  cli.configureOutput({
    writeOut: (text) => {
      io.out(text.trimEnd());
    },
    outputError: (text) => {
      io.err(text.trim());
    },
  });

  cli
    .command('start')
    .description('puts the known defects back, finds each, prints one shrunk, then hunts clean for the rest of a minute')
    .option('--plog <dir>', 'boot a replica from a copy of these private log files')
    .option('--seconds <n>', 'how long in all', positive, 55)
    .option('--out <dir>', 'where findings are written', 'out')
    .action(async (options: { plog?: string; seconds: number; out: string }) => {
      const { runStart } = await import('./start.ts');
      end(await runStart(options, io));
    });

  addHunt(cli, io, end);

  cli
    .command('replay')
    .argument('<plan>', 'a plan file')
    .description('runs one plan')
    .option('--defect <id|file>', 'put a defect in (repeatable)', collect, [])
    .option('--property <id>', 'only what breaks this property is a failure')
    .option('--events', 'print every event', false)
    .option('--json', 'one JSON object instead of text', false)
    .action(async (path: string, options: ReplayOptions) => {
      const { runReplay } = await import('./replay.ts');
      end(await runReplay(path, options, io));
    });

  cli
    .command('report')
    .argument('<plan>', 'a plan file')
    .description('runs one plan, explains what it finds, prints it and writes its reports')
    .option('--defect <id|file>', 'put a defect in (repeatable)', collect, [])
    .option('--property <id>', 'only what breaks this property is a failure')
    .option('--out <dir>', 'where reports are written', 'out')
    .option('--format <name>', 'html, text (printed only), markdown, json, itf, junit, sarif or vitest (repeatable, or with commas; default: all)', collectWords, [])
    .option('--no-explain', 'do not try what matters in the plan')
    .action(async (path: string, options: ReportOptions) => {
      const { runReport } = await import('./report.ts');
      end(await runReport(path, options, io));
    });

  cli
    .command('plog')
    .argument('<path...>', 'log files, or directories of them')
    .description('decodes private log files; never writes them')
    .option('--json', 'one JSON object per argument, on one line', false)
    .action(async (paths: string[], options: { json: boolean }) => {
      const { runPlog } = await import('./plog.ts');
      end(runPlog(paths, options, io));
    });

  cli
    .command('sst')
    .argument('<rows>', 'JSON lines, or CSV when the name ends with .csv')
    .description('makes the files of a bulk load from rows')
    .requiredOption('--app-id <n>', 'id of the table', wholePositive)
    .requiredOption('--app <name>', 'name of the table')
    .requiredOption('--cluster <name>', 'name of its cluster')
    .requiredOption('--partitions <n>', 'partition count of the table', wholePositive)
    .requiredOption('--root <dir>', 'where <cluster>/<app> is written')
    .option('--file-bytes <n>', 'bytes of rows after which a file is closed', wholePositive, DEFAULT_RUN_BYTES)
    .action(async (path: string, options: SstOptions) => {
      const { runSst } = await import('./sst.ts');
      end(runSst(path, options, io));
    });

  cli
    .command('properties')
    .description('lists every property with its sentence')
    .option('--json', 'a JSON array', false)
    .action(async (options: { json: boolean }) => {
      const { runProperties } = await import('./properties.ts');
      end(runProperties(options, io));
    });

  cli
    .command('explore')
    .description('searches the model of a small scope breadth-first')
    .requiredOption('--scope <name>', 'replication, reballot, checkpoint, pair, duplication or bulk-load')
    .option('--json', 'one JSON object instead of text', false)
    .action(async (options: { scope: string; json: boolean }) => {
      const { runExplore } = await import('../explore/runExplore.ts');
      end(runExplore(options, io));
    });

  cli
    .command('defects')
    .description('puts each defect back and searches for it from scratch, on all cores; fails when one that was found before is not')
    .option('--only <id|file...>', 'only these defects (`clean`: none)')
    .option('--seeds <n>', 'how many seeds (default 1)', wholePositive)
    .option('--seed <n>', 'the first of them (default: that of the table, mostly 1)', wholePositive)
    .option('--runs <n>', 'runs that each search has (default 1000)', wholePositive)
    .option('--json', 'a JSON array', false)
    .option('--list', 'lists the defect modules, runs nothing', false)
    .option('--check', 'also fails when the numbers are not those of README.md any more', false)
    .option('--store', 'makes what is measured the numbers of README.md and docs', false)
    .option('--write-docs', 'writes the tables and docs/findings anew, runs no search', false)
    .action(async (options: DefectsOptions) => {
      const { runDefects } = await import('./defects.ts');
      end(await runDefects(options, io));
    });

  cli
    .command('tickets')
    .argument('<dir...>', 'folders below which .ci/hunt has written')
    .description('opens one ticket for each cause that was found, or comments on it, through gh')
    .option('--dry-run', 'only print what would be done', false)
    .action(async (dirs: string[], options: TicketsOptions) => {
      const { runTickets } = await import('./tickets.ts');
      end(runTickets(dirs, options, io));
    });

  cli
    .command('seams')
    .description('lists the parts and methods that a defect module can override')
    .option('--json', 'a JSON array', false)
    .action(async (options: { json: boolean }) => {
      const { runSeams } = await import('./seams.ts');
      end(runSeams(options, io));
    });

  cli
    .command('bench')
    .description('measures the suite itself')
    .option('--json', 'a JSON array of {name, value, unit}', false)
    .action(async (options: { json: boolean }) => {
      const { runBench } = await import('./bench.ts');
      end(await runBench(options, io));
    });
  return cli;
}

/** Runs the command line; answers the exit code. */
export async function main(args: readonly string[], terminal: Io): Promise<number> {
  let code: number = EXIT.nothingFound;
  const io: Io = {
    ...terminal,
    err: (text) => {
      terminal.err(oneLine(text));
    },
  };
  try {
    await program(io, (c) => {
      code = c;
    }).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.nothingFound : EXIT.badUsage;
    if (!(error instanceof BadInput)) throw error;
    io.err(`pegasus-check: ${error.message}`);
    return error instanceof DamagedData ? EXIT.damagedData : EXIT.badUsage;
  }
}
