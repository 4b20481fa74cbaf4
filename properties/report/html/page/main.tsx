/** Reads what the page carries and shows it. Whatever a plan, a key or a value holds becomes text here, and only text. */
import { render } from 'preact';
import { visible } from '../../escape.ts';
import { App } from './App.tsx';
import type { PackedTape } from './packed.ts';
import { unpack } from './packed.ts';
import type { PageFinding } from './pageFinding.ts';
import { makeStory } from './story.ts';

function carried(id: string): string {
  const { textContent } = document.getElementById(id) ?? { textContent: null };
  if (textContent === null) throw new Error(`the page carries no ${id}: it was cut`);
  return textContent;
}

/** A value with every text in it made visible: what turns writing around or is unseen stands there by its code. */
function shown(_: string, value: unknown): unknown {
  return typeof value === 'string' ? visible(value) : value;
}

async function inflated(base64: string): Promise<string> {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
}

async function show(root: HTMLElement): Promise<void> {
  const finding = JSON.parse(carried('finding'), shown) as PageFinding;
  const packed = JSON.parse(await inflated(carried('tape'))) as PackedTape;
  // The columns are numbers by the hundred thousand: only what holds texts is gone through.
  const texts = JSON.parse(JSON.stringify({ words: packed.words, nodes: packed.nodes, lanes: packed.lanes }), shown) as Pick<PackedTape, 'words' | 'nodes' | 'lanes'>;
  const { tape, leftOut } = unpack({ ...packed, ...texts });
  root.replaceChildren();
  render(<App story={makeStory(finding, tape, leftOut)} />, root);
  root.dataset['ready'] = 'yes';
  performance.mark('ready');
}

const root = document.getElementById('root');
if (root !== null) {
  show(root).catch((error: unknown) => {
    root.textContent = `This report cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
  });
}
