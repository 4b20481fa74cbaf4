/** The page in a real Chromium, with ten thousand events and with hostile words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { renderHtml } from '../../../../properties/report/html/render.ts';
import type { Tape, TapeState } from '../../../../properties/report/tape.ts';
import { Browser, NO_CHROMIUM } from './browser.ts';
import { syntheticRecord, syntheticTape } from './synthetic.ts';

const EVENTS = 10_000;
const FAILING = 9_990;

/** How long a browser on a busy machine may take to show what a key did. */
const SOON = { timeout: 20_000 };

/** The state after an event as `cluster/gpid/node/field: word`, computed from the changes alone. */
function stateAt({ paths, changes }: TapeState, event: number): readonly string[] {
  const words = new Map<number, string>();
  for (const change of changes) {
    if (change.event > event) break;
    if (change.after === undefined) words.delete(change.path);
    else words.set(change.path, change.after);
  }
  return [...words].map(([path, word]) => `${(paths[path] ?? []).join('/')}: ${word}`).sort();
}

/** What the page shows of one side. */
async function shownState(page: Page, side: 'model' | 'implementation'): Promise<readonly string[]> {
  const rows = await page.evaluate((name) =>
    [...document.querySelectorAll('#states tr[data-path]')].flatMap((row) => {
      const cell = row.querySelector(`td[data-side="${name}"]`);
      const word = cell?.querySelector('ins code') ?? (cell?.querySelector('del, em') === null ? cell.querySelector('code') : null);
      return word === null ? [] : [`${row.getAttribute('data-path') ?? ''}: ${word.textContent ?? ''}`];
    }), side);
  return [...rows].sort();
}

async function cursorOf(page: Page): Promise<number> {
  return Number(await page.getAttribute('.transport .here', 'data-event'));
}

async function goTo(page: Page, event: number): Promise<void> {
  await page.evaluate((value) => {
    const slider = document.getElementById('scrubber');
    if (!(slider instanceof HTMLInputElement)) throw new Error('no scrubber');
    slider.value = String(value);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, event);
  await page.waitForFunction((value) => document.querySelector('.transport .here')?.getAttribute('data-event') === String(value), event, SOON);
}

async function overflowPx(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

async function tally(page: Page): Promise<string> {
  return (await page.textContent('.filters .tally')) ?? '';
}

describe.skipIf(NO_CHROMIUM !== undefined)(`the report page${NO_CHROMIUM === undefined ? '' : ` (skipped: ${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  let tape: Tape;
  let url: string;
  let html: string;
  let page: Page;
  let noise: readonly string[];

  beforeAll(async () => {
    tape = syntheticTape(EVENTS);
    html = await renderHtml(syntheticRecord(FAILING), tape);
    browser = await Browser.launch();
    url = browser.write('large', html);
    ({ page, noise } = await browser.open(url));
  }, 60_000);
  afterAll(async () => {
    await browser.close();
  });

  it('stays under 2 MB and opens in under a second with ten thousand events', async () => {
    expect(Buffer.byteLength(html)).toBeLessThan(2_000_000);
    const readyMs: number[] = [Infinity];
    for (let i = 0; i < 8 && Math.min(...readyMs) >= 1000; i += 1) {
      await page.reload();
      await page.waitForSelector('#root[data-ready]');
      readyMs.push(await page.evaluate(() => performance.getEntriesByName('ready')[0]?.startTime ?? Infinity));
    }
    // The first that is fast enough: what else the machine does is not the page's.
    expect(Math.min(...readyMs)).toBeLessThan(1000);
  });

  it('draws no more marks than can be told apart, and every event by itself when zoomed in', async () => {
    const marks = (): Promise<number> => page.locator('.picture *').count();
    expect(await marks()).toBeLessThan(5000);
    expect(await page.locator('.picture circle.event').count()).toBeLessThan(50);
    await page.keyboard.press('0');
    for (let i = 0; i < 8; i += 1) await page.keyboard.press('+');
    await page.waitForFunction(() => document.querySelectorAll('.picture circle.event').length > 5);
    expect(await marks()).toBeLessThan(5000);
    await page.keyboard.press('0');
  });

  it('shows at each event the states of the tape', async () => {
    await page.fill('#state input[type="search"]', '');
    const more = page.locator('#state button.quiet');
    if (await more.isVisible()) await more.click();
    for (const event of [0, 1, 777, 5000, EVENTS - 1]) {
      await goTo(page, event);
      expect(await shownState(page, 'model')).toEqual(stateAt(tape.model, event));
      expect(await shownState(page, 'implementation')).toEqual(stateAt(tape.implementation, event));
    }
  });

  it('tells what changed with an event, before and after', async () => {
    const change = tape.model.changes.find(({ before, after, event }) => before !== undefined && after !== undefined && event > 100);
    if (change === undefined) throw new Error('the tape has no such change');
    await goTo(page, change.event);
    const row = page.locator(`.changes tr[data-path="${(tape.model.paths[change.path] ?? []).join('/')}"] td[data-side="model"]`);
    expect(await row.locator('del').textContent()).toBe(change.before);
    expect(await row.locator('ins').textContent()).toBe(change.after);
  });

  it('goes everywhere by keyboard', async () => {
    await page.locator('h1').click();
    const pressed = async (key: string, event: number | undefined): Promise<void> => {
      await page.keyboard.press(key);
      await expect.poll(() => cursorOf(page), { ...SOON, interval: 10 }).toBe(event);
    };
    await pressed('Home', 0);
    await pressed('ArrowRight', 1);
    await pressed('PageDown', 26);
    await pressed('PageUp', 1);
    const changing = [...new Set([...tape.model.changes, ...tape.implementation.changes].map((change) => change.event))].sort((a, b) => a - b);
    // Around an event with which nothing changed: both ways it is passed over.
    const still = tape.events.findIndex((_, i) => i > 100 && !changing.includes(i));
    expect(still).toBeGreaterThan(100);
    await goTo(page, still - 1);
    await pressed('Shift+ArrowRight', changing.find((event) => event > still));
    await pressed('Shift+ArrowLeft', changing.findLast((event) => event < still));
    await pressed('End', EVENTS - 1);
    await pressed('f', FAILING);
    await pressed('d', FAILING / 2);
    const here = tape.events[FAILING / 2];
    const alike = (event: Tape['events'][number]): boolean => (here?.gpid === '' ? event.node === here.node : event.gpid === here?.gpid);
    await pressed(']', tape.events.findIndex((event, i) => i > FAILING / 2 && alike(event)));
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]', SOON);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog:not([open])', { ...SOON, state: 'attached' });
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('search');
  });

  it('reaches every control with Tab, and the first is a way past the header', async () => {
    const { page: fresh } = await browser.open(url);
    await fresh.keyboard.press('Tab');
    expect(await fresh.evaluate(() => document.activeElement?.getAttribute('href'))).toBe('#plan');
    const outline = await fresh.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
    expect(outline).not.toBe('none');
    await fresh.close();
  });

  it('filters by node, table, partition, kind, text and change', async () => {
    const counted = (fits: (event: Tape['events'][number], i: number) => boolean): string => `${String(tape.events.filter(fits).length)} of ${String(EVENTS)} events`;
    const tells = async (count: string): Promise<void> => {
      await expect.poll(() => tally(page), { ...SOON, interval: 10 }).toBe(count);
    };
    const stays = (event: Tape['events'][number]): boolean => event.step !== undefined;
    const partition = page.getByLabel('partition', { exact: true });
    await partition.selectOption('1.2');
    await tells(counted((event) => event.gpid === '1.2' || stays(event)));
    await partition.selectOption('');
    const table = page.getByLabel('table', { exact: true });
    await table.selectOption('t10');
    await tells(counted((event) => event.table === 't10' || stays(event)));
    await table.selectOption('');
    await page.getByLabel('source/client-0').uncheck();
    await tells(counted((event) => event.node !== 'source/client-0'));
    expect(await page.locator('.labels text').allTextContents()).not.toContain('client-0');
    await page.getByLabel('source/client-0').check();
    await page.getByLabel('duplication').uncheck();
    await tells(counted((event) => event.kind !== 'dup.shipped'));
    await page.getByLabel('duplication').check();
    await page.fill('#search', 'value77 ');
    await page.fill('#search', 'VALUE777');
    await tells(counted((event) => event.text.includes('value777')));
    await page.getByRole('button', { name: 'Show all' }).click();
    await tells(counted(() => true));
  });

  it('is readable in light and in dark, by the system and by the switch', async () => {
    const { page: dark, noise: said } = await browser.open(url, { dark: true });
    const paper = (): Promise<string> => dark.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(await paper()).toBe('rgb(20, 22, 26)');
    expect(await faintTexts(dark)).toEqual([]);
    await dark.keyboard.press('t');
    await dark.waitForFunction(() => getComputedStyle(document.documentElement).backgroundColor === 'rgb(251, 250, 247)');
    expect(await faintTexts(dark)).toEqual([]);
    expect(said).toEqual([]);
    await dark.close();
  });

  it('fits a phone', async () => {
    const { page: phone, noise: said } = await browser.open(url, { width: 360, height: 760 });
    expect(await overflowPx(phone)).toBe(0);
    await phone.locator('details:not([open]) > summary').first().click();
    expect(await overflowPx(phone)).toBe(0);
    expect(said).toEqual([]);
    await phone.close();
  });

  it('shows a run that passed, one that hit its limit, and one of which nothing is left', async () => {
    const record = syntheticRecord(0);
    const small = syntheticTape(40);
    const empty: Tape = { ...small, events: [], messages: [], model: { paths: [], changes: [] }, implementation: { paths: [], changes: [] }, lanes: [] };
    const passed = { ...record, verdict: { kind: 'pass' as const }, property: undefined, explanation: { ...record.explanation, nearestPass: undefined, waits: [] }, waiting: [] };
    const limit = { ...passed, verdict: { kind: 'limit' as const, limit: 'dispatches', atUs: 9, blame: { kind: 'inconclusive' as const, reason: 'it was cut off' } } };
    for (const [word, shown, taped] of [['nothing found', passed, small], ['hit a limit', limit, small], ['broken', record, empty]] as const) {
      const { page: opened, noise: said } = await browser.open(browser.write(word.replaceAll(' ', '-'), await renderHtml(shown, taped)));
      expect(await opened.textContent('.verdict')).toBe(word);
      await opened.keyboard.press('Home');
      await opened.keyboard.press('ArrowRight');
      expect(said).toEqual([]);
      await opened.close();
    }
  });

  it('shows hostile words as text, and runs none of them', async () => {
    const words = [
      '</script><script>window.ran = 1</script>',
      '</script ><script y>window.ran = 6</script >',
      '<img src=x onerror="window.ran = 2">',
      '"><svg onload=alert(3)>',
      'javascript:window.ran=4',
      '__proto__',
      'constructor',
      '<!--<script>',
      '\u2028\u2029 \u0000 \u202egnol \u2066x\u2069',
    ];
    const all = words.join(' ');
    const hostile = (text: string): string => `${text} ${all}`;
    const event = { atUs: 1, kind: '__proto__', node: '__proto__', cluster: 'constructor', gpid: '</script>', table: '__proto__', text: all, step: 0 };
    const state: TapeState = { paths: [['__proto__', 'constructor', all]], changes: [{ event: 0, path: 0, before: undefined, after: all }] };
    const bad: Tape = {
      endUs: 10,
      nodes: [{ id: '__proto__', cluster: 'constructor', role: 'replica' }, { id: all, cluster: all, role: 'meta' }],
      events: [event, { ...event, atUs: 2 }],
      messages: [{ sentUs: 1, arrivedUs: 2, from: '__proto__', to: all, code: all, kind: 'request', gpid: all, decree: 1, error: all }],
      model: state,
      implementation: state,
      lanes: [{ name: all, kind: 'fault', cluster: all, gpid: all, spans: [{ fromUs: 0, toUs: 5, word: all }] }],
    };
    const { page: opened, noise: said } = await browser.open(browser.write('hostile', await renderHtml(syntheticRecord(0, hostile), bad)), { width: 360 });
    expect(await opened.evaluate(() => 'ran' in window)).toBe(false);
    expect(said).toEqual([]);
    expect(await opened.locator('img, iframe, script:not([type]), main a[href]').count()).toBe(0);
    expect(await opened.textContent('h1')).toContain('</script><script>window.ran = 1</script> </script ><script y>window.ran = 6</script > <img src=x onerror="window.ran = 2">');
    // What turns writing around is shown by its code.
    expect(await opened.textContent('h1')).toContain('\\u{202e}gnol');
    await opened.fill('#state input[type="search"]', '');
    await opened.waitForSelector('#states tr[data-path]');
    expect(await opened.textContent('#states')).toContain('__proto__');
    expect(await overflowPx(opened)).toBe(0);
    // And if a word became an element after all, the page's policy would not let it run or load.
    await opened.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = 5';
      const image = document.createElement('img');
      image.src = 'https://localhost/x';
      document.body.append(script, image);
    });
    await opened.waitForTimeout(50);
    expect(await opened.evaluate(() => 'ran' in window)).toBe(false);
    expect(said.filter((line) => line.includes('Content Security Policy'))).toHaveLength(2);
    await opened.close();
  });

  it('raised no error and asked for nothing in all that', () => {
    expect(noise).toEqual([]);
  });
});

/** Texts whose contrast to what is behind them is below 4.5 (WCAG AA), as `word: ratio`. */
function faintTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const parse = (colour: string): readonly number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: readonly number[]): number => {
      const [r = 0, g = 0, b = 0] = colour.map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): readonly number[] => {
      if (element === null) return [255, 255, 255];
      const colour = parse(getComputedStyle(element).backgroundColor);
      return colour.length === 3 || colour[3] === 1 ? colour : behind(element.parentElement);
    };
    const faint = new Set<string>();
    for (const element of document.querySelectorAll('h1, h2, h3, p, dt, dd, th, td, span, button, code, summary, label, del, ins')) {
      const own = [...element.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && (child.textContent ?? '').trim() !== '');
      if (!own || element.getClientRects().length === 0) continue;
      const a = luminance(parse(getComputedStyle(element).color));
      const b = luminance(behind(element));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) faint.add(`${element.tagName.toLowerCase()}.${element.className}: ${ratio.toFixed(2)}`);
    }
    return [...faint];
  });
}
