/** `pegasus-check hunt`: a campaign on all cores, until the time or the runs are spent, something is found (if that is enough), or Ctrl-C. */
import { dirname, join } from 'node:path';
import { shardRuns } from '../hunt/batches.ts';
import { runCampaign, type CampaignResult } from '../hunt/campaign.ts';
import { OWN_CORPUS, readCorpus, type CorpusPlan } from '../hunt/corpus.ts';
import { CAMPAIGN_RUNS, isCampaign } from '../hunt/coverage.ts';
import { coverageText } from '../hunt/coverageText.ts';
import { profileOf } from '../hunt/job.ts';
import { SearchPool } from '../hunt/pool.ts';
import { loadDefects } from '../defects/load.ts';
import type { Profile } from '../plan/arbitrary.ts';
import { checkFormats, type Format } from '../report/formats.ts';
import { ciFiles, writeCiFile } from './ciFolder.ts';
import { appendLines, checkFolder } from './files.ts';
import { FindingKeeper } from './findingKeeper.ts';
import { report, type Reported } from './huntReports.ts';
import { EXIT, painted, type Io } from './io.ts';
import { Progress } from './progress.ts';
import { checkProperty, freshSeed, huntCommand } from './repeatCommands.ts';
import { shardOf } from './optionWords.ts';
import { totalsText } from './totals.ts';

export interface HuntOptions {
  readonly seconds?: number;
  readonly runs?: number;
  readonly seed?: number;
  /** As many as there are cores when it is not told. */
  readonly threads?: number;
  /** As `1/4`. */
  readonly shard?: string;
  readonly keepGoing?: boolean;
  readonly stopAtFirst?: boolean;
  readonly property?: string;
  readonly subsystem?: string;
  readonly defect: readonly string[];
  readonly plog?: string;
  readonly out: string;
  readonly corpus?: string;
  readonly observations?: string;
  /** Formats of reports, or `none`. */
  readonly report: readonly string[];
  readonly ci: boolean;
  readonly json: boolean;
}

/** Real time that shrinking one failing run may take, milliseconds. */
const SHRINK_MS = 60_000;
/** Lines of observations that a CI folder takes: enough to see distributions. */
const CI_OBSERVATIONS = 2000;
const CI_FORMATS: readonly Format[] = ['html', 'markdown', 'json', 'vitest'];

export async function runHunt(options: HuntOptions, io: Io): Promise<number> {
  const hunt = await Hunt.of(options, io);
  return hunt.run();
}

class Hunt {
  private readonly options: HuntOptions;
  private readonly io: Io;
  private readonly seed: number;
  private readonly formats: readonly Format[];
  private readonly defectIds: readonly string[];
  private readonly profile: Profile;
  private readonly keeper: FindingKeeper;
  private readonly progress: Progress;
  private observed = 0;

  /** Refuses, before anything has cost anything, what cannot be used. Throws BadInput. */
  static async of(options: HuntOptions, io: Io): Promise<Hunt> {
    if (options.property !== undefined) checkProperty(options.property);
    checkFolder(options.out, '--out');
    if (options.corpus !== undefined) checkFolder(options.corpus, '--corpus');
    if (options.observations !== undefined) checkFolder(dirname(options.observations), '--observations in');
    const defects = await loadDefects(options.defect);
    return new Hunt(options, io, profileOf(options), defects.map(({ id }) => id));
  }

  private constructor(options: HuntOptions, io: Io, profile: Profile, defectIds: readonly string[]) {
    this.options = options;
    this.io = io;
    this.profile = profile;
    this.defectIds = defectIds;
    this.seed = options.seed ?? freshSeed();
    this.formats = options.ci ? CI_FORMATS : checkFormats(options.report.filter((word) => word !== 'none'));
    this.keeper = new FindingKeeper(options.out, this.corpusDir(), io);
    this.progress = new Progress(io, options.json);
  }

  async run(): Promise<number> {
    const { io, options } = this;
    if (!options.json) for (const line of this.headLines()) io.out(line);
    const corpus = this.corpus();
    const pool = new SearchPool(options.threads === undefined ? {} : { threads: options.threads });
    try {
      const result = await this.search(pool, corpus);
      this.progress.end();
      const reported = await report(pool, result.found, this.reporting(result), io);
      return this.conclude(result, reported);
    } finally {
      await pool.close();
    }
  }

  private search(pool: SearchPool, corpus: readonly CorpusPlan[]): Promise<CampaignResult> {
    const { options, io, progress } = this;
    const observing = this.observations() !== undefined;
    return runCampaign(
      pool,
      {
        ...this.subject(),
        seed: this.seed,
        runs: options.runs ?? Infinity,
        forMs: options.runs === undefined ? (options.seconds ?? 60) * 1000 : options.seconds === undefined ? Infinity : options.seconds * 1000,
        shard: shardOf(options.shard),
        stopAtFirst: this.stopsAtFirst(),
        maxShrinkMs: SHRINK_MS,
        corpus: corpus.map(({ path, plan }) => ({ file: path, plan })),
        signal: io.signal ?? new AbortController().signal,
        ...(observing ? { observeSince: Date.now() / 1000 } : {}),
      },
      {
        onProgress: progress.show,
        onFinding: (finding) => {
          this.keeper.keep(finding);
          const { cause, file, foundInRuns, seed, shrinkRuns } = finding;
          if (shrinkRuns === 0 && !this.stopsAtFirst()) progress.say(`found ${cause} in ${file ?? `run ${String(foundInRuns)} of seed ${String(seed)}`}`);
        },
        onLost: (line) => {
          io.err(`pegasus-check: ${line}`);
        },
        onBatch: (_, { observations }) => {
          this.observe(observations.map((one) => JSON.stringify(one)));
        },
      },
    );
  }

  /** Plans that are run first: ours on the right implementation, and those of `--corpus`. */
  private corpus(): readonly CorpusPlan[] {
    const { options, keeper } = this;
    const own = options.property === undefined && options.plog === undefined && options.defect.length === 0 ? OWN_CORPUS : [];
    const dir = this.corpusDir();
    const read = [...own, ...(dir === undefined ? [] : [dir])].map((one) => keeper.attempt(() => readCorpus(one)) ?? { plans: [], problems: [] });
    for (const line of read.flatMap(({ problems }) => problems)) keeper.tell(line);
    return read.flatMap(({ plans }) => plans);
  }

  private observe(lines: readonly string[]): void {
    const file = this.observations();
    if (file === undefined || lines.length === 0) return;
    const room = this.options.observations === undefined ? CI_OBSERVATIONS - this.observed : Infinity;
    const taken = lines.slice(0, Math.max(0, room));
    this.observed += taken.length;
    if (taken.length > 0) this.keeper.attempt(() => { appendLines(file, taken); });
  }

  /** Seed, configuration, repeat command: the first lines of every hunt. */
  private headLines(): readonly string[] {
    const { profile, seed, options } = this;
    const { preload } = profile;
    const kinds = profile.kinds === undefined ? 'every kind of step' : `steps ${[...profile.kinds].join(' ')}`;
    const booted = preload === undefined ? '' : `; a replica of ${preload.gpid} boots from ${String(preload.files.length)} log files`;
    return [
      `hunt: seed ${String(seed)}${options.shard === undefined ? '' : `, shard ${options.shard}`}${this.defectIds.length === 0 ? '' : `, with ${this.defectIds.join(', ')} put back`}`,
      `configuration: ${String(profile.steps.min)} to ${String(profile.steps.max)} steps a plan, ${kinds}${booted}`,
      `repeat: ${huntCommand(seed, options.runs, options)}`,
    ];
  }

  private conclude(result: CampaignResult, reported: readonly Reported[]): number {
    const { io, options, keeper } = this;
    const complaints = this.complaints(result);
    const repeat = huntCommand(this.seed, Math.max(1, result.repeatRuns), options);
    if (options.ci) {
      const title = `pegasus-check hunt, seed ${String(this.seed)}${options.shard === undefined ? '' : `, shard ${options.shard}`}`;
      const files = ciFiles({ title, result, findings: reported, complaints, problems: keeper.problems, repeat });
      for (const [name, text] of files) keeper.attempt(() => { writeCiFile(options.out, name, text); });
    }
    if (options.json) io.out(JSON.stringify(this.summary(result, reported, complaints)));
    else this.print(result, reported, complaints, repeat);
    return reported.length === 0 && complaints.length === 0 && result.lost.length === 0 ? EXIT.nothingFound : EXIT.finding;
  }

  private print(result: CampaignResult, reported: readonly Reported[], complaints: readonly string[], repeat: string): void {
    const { io } = this;
    const { totals, coverage, seconds, interrupted, lost, replayed, repeatRuns } = result;
    for (const { text, report: { files } } of reported) {
      io.out([`\n${text((line) => painted(io, 'bold', line))}`, ...files.map((file) => `  report: ${file}`), ''].join('\n'));
    }
    const found = reported.map(({ cause, planFile }) => `found ${cause}, plan in ${planFile === '' ? '(not written)' : planFile}`);
    if (found.length > 1) for (const line of found) io.out(line);
    const corpus = replayed === 0 ? '' : `, ${replayed.toLocaleString('en-US')} corpus plans replayed`;
    const verdict = found.length === 0 ? 'nothing found' : found.length === 1 ? (found[0] ?? '') : `${String(found.length)} findings`;
    io.out(`${interrupted ? 'interrupted: ' : ''}${verdict}: ${totalsText(totals, seconds)}${corpus}`);
    // Who has a finding has something else to read.
    for (const line of coverageText(coverage).slice(0, found.length === 0 ? Infinity : 1)) io.out(line);
    for (const line of [...complaints, ...lost]) io.out(`  ${line}`);
    const more = shardRuns(repeatRuns, shardOf(this.options.shard)) - totals.runs;
    if (more > 0) io.out(`  the search ended within batches; repeated, they are made whole: the runs above, and ${String(more)} more`);
    io.out(`repeat the search: ${repeat}`);
  }

  /** Only a whole campaign must have reached everything. */
  private complaints({ found, totals, coverage }: CampaignResult): readonly string[] {
    const whole = found.length === 0 && totals.runs >= CAMPAIGN_RUNS && isCampaign(this.options.subsystem) && this.options.defect.length === 0;
    return whole ? coverage.complaints(new Map(Object.entries(totals.effects))) : [];
  }

  private summary(result: CampaignResult, reported: readonly Reported[], complaints: readonly string[]): object {
    const { totals, coverage, seconds, interrupted, replayed, lost } = result;
    const findings = reported.map(({ json }) => json);
    return {
      seed: this.seed,
      ...(this.options.shard === undefined ? {} : { shard: this.options.shard }),
      ...totals,
      seconds,
      runsPerSecond: totals.runs / seconds,
      dispatchesPerSecond: totals.dispatches / seconds,
      virtualSeconds: totals.virtualMs / 1000,
      replayed,
      finding: findings[0] ?? null,
      findings,
      lost,
      interrupted,
      notReached: coverage.notReached().map((s) => s.id),
      complaints,
    };
  }

  private reporting(result: CampaignResult): Parameters<typeof report>[2] {
    const { options, formats, keeper } = this;
    return { subject: this.subject(), dir: options.out, formats, fileOf: (cause) => keeper.fileOf(cause), explain: !result.interrupted, ...(this.io.signal === undefined ? {} : { signal: this.io.signal }) };
  }

  private subject(): { readonly defects: readonly string[]; readonly subsystem?: string; readonly plog?: string; readonly property?: string } {
    const { subsystem, plog, property, defect } = this.options;
    return { defects: defect, ...(subsystem === undefined ? {} : { subsystem }), ...(plog === undefined ? {} : { plog }), ...(property === undefined ? {} : { property }) };
  }

  /** Who puts a defect in asks whether it is found; without one, everything that can be found is of interest. */
  private stopsAtFirst(): boolean {
    const { stopAtFirst, keepGoing, defect } = this.options;
    return stopAtFirst ?? (keepGoing === true ? false : defect.length > 0);
  }

  private corpusDir(): string | undefined {
    return this.options.corpus ?? (this.options.ci ? join(this.options.out, 'corpus') : undefined);
  }

  private observations(): string | undefined {
    return this.options.observations ?? (this.options.ci ? join(this.options.out, 'observations.jsonl') : undefined);
  }
}
