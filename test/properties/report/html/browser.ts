/** A real Chromium for the tests of the page: quiet, with a profile of its own; absent, the tests say so and are skipped. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Undefined: there is one. */
export const NO_CHROMIUM: string | undefined = existsSync(CHROMIUM) ? undefined : `there is no Chromium at ${CHROMIUM}; CHROMIUM_PATH says where one is`;

const QUIET = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export interface Opened {
  readonly page: Page;
  /** Errors, console messages, and requests beyond the file itself. */
  readonly noise: readonly string[];
}

export class Browser {
  readonly #dir: string;
  readonly #context: BrowserContext;

  private constructor(dir: string, context: BrowserContext) {
    this.#dir = dir;
    this.#context = context;
  }

  static async launch(): Promise<Browser> {
    const dir = mkdtempSync(join(tmpdir(), 'pegasus-check-page-'));
    const context = await chromium.launchPersistentContext(join(dir, 'profile'), { executablePath: CHROMIUM, headless: true, args: QUIET });
    return new Browser(dir, context);
  }

  write(name: string, html: string): string {
    const path = join(this.#dir, `${name}.html`);
    writeFileSync(path, html);
    return pathToFileURL(path).href;
  }

  async open(url: string, options: { readonly width?: number; readonly height?: number; readonly dark?: boolean } = {}): Promise<Opened> {
    const page = await this.#context.newPage();
    const noise: string[] = [];
    page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
    page.on('console', (message) => noise.push(`console: ${message.text()}`));
    page.on('dialog', (dialog) => {
      noise.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch((error: unknown) => noise.push(String(error)));
    });
    page.on('request', (request) => {
      if (request.url() !== url) noise.push(`request: ${request.url()}`);
    });
    await page.emulateMedia({ colorScheme: options.dark === true ? 'dark' : 'light' });
    await page.setViewportSize({ width: options.width ?? 1280, height: options.height ?? 900 });
    await page.goto(url);
    await page.waitForSelector('#root[data-ready]', { timeout: 60_000 });
    return { page, noise };
  }

  async close(): Promise<void> {
    await this.#context.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
