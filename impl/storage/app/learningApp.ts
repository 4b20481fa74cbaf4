/**
 * The storage app's part in learning (repl 1.9 LT_APP and discard, 2.8; upstream's get_checkpoint,
 * storage_apply_checkpoint and replica_learn.cpp): what a learnee hands out, and how a learner replaces its storage.
 *
 * A checkpoint is handed out by its files' names only, and garbage collection knows of no readers (repl.Q7): the files may
 * go while they are copied. As upstream's, the copy fails then, and with it the learner's round; the next round names
 * the checkpoint that is the newest by then. What was copied in part is no checkpoint, and is refused.
 *
 * What a checkpoint holds is a function of its decree. An ingestion write that it covers is resolved in it, since
 * nothing of its decree is durable before; one beyond it comes with the log (bl 15.3). A DUPLICATE write is in it with all
 * its entries or with none, being one batch (repl 2.9 does not exist here).
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import type { LearnCheckpoint } from '../contracts.ts';
import { CheckpointingApp } from './checkpointing.ts';
import { checkpointName } from './names.ts';

export abstract class LearningApp extends CheckpointingApp {
  // ------------------------------------------------------------------ learnee

  /** Whatever the reason, the learner hears of one error. */
  getLearnCheckpoint(): LearnCheckpoint {
    const baseDir = this.options.dataDir;
    const { error, files, decree } = this.getCheckpoint();
    if (error !== 'ERR_OK') return { error: 'ERR_GET_LEARN_STATE_FAILED', baseDir, files: [], decree: 0 };
    return { error, baseDir, files: files.map((file) => `${checkpointName(decree)}/${file}`), decree };
  }

  // ------------------------------------------------------------------ learner

  applyCheckpoint(dir: string, files: readonly string[], toDecreeIncluded: Decree): ErrorCode {
    this.checkDecrees(this.mayInstall(toDecreeIncluded), 'storage_apply_checkpoint to_decree_included >= applied', toDecreeIncluded);
    const [first] = files;
    const error = first === undefined ? this.discardAndOpenNew() : this.installCheckpoint(`${dir}/${first}`);
    if (error !== 'ERR_OK') return error;
    const durable = this.lastDurable === toDecreeIncluded;
    this.checkDecrees(durable, 'storage_apply_checkpoint to_decree_included == durable', toDecreeIncluded);
    return 'ERR_OK';
  }

  /** A primary serves a checkpoint only when it holds more than its learner. */
  mayInstall(toDecreeIncluded: Decree): boolean {
    return toDecreeIncluded >= this.lastApplied;
  }

  /** The old storage goes only for a checkpoint of which everything is there. */
  installCheckpoint(firstFile: string): ErrorCode {
    const source = firstFile.slice(0, firstFile.lastIndexOf('/'));
    const { error } = this.labelOf(source);
    if (error !== 'ERR_OK') return error;
    return this.opening(() => {
      this.install.stage(source);
      return this.replaceAndOpen();
    });
  }

  /** The empty database is created as the old one was: members must not differ in what they let in behind (#1650). */
  discardAndOpenNew(): ErrorCode {
    return this.opening(() => {
      this.engine.createEmpty(this.install.beginStaging());
      return this.replaceAndOpen();
    });
  }

  /** Nothing of the old storage is left in memory either. */
  replaceAndOpen(): ErrorCode {
    this.abandon();
    this.install.replaceData();
    this.engine.open('existing');
    return this.afterOpen();
  }
}
