/** Reads what the page carries and shows it. Whatever a plan, a key or a value holds becomes text here, and only text. */
import { render } from 'preact';
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

async function inflated(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
}

async function show(root: HTMLElement): Promise<void> {
  const finding = JSON.parse(carried('finding')) as PageFinding;
  const { tape, leftOut } = unpack(JSON.parse(await inflated(carried('tape'))) as PackedTape);
  root.replaceChildren();
  render(<App story={makeStory(finding, tape, leftOut)} />, root);
  root.dataset['ready'] = 'yes';
}

const root = document.getElementById('root');
if (root !== null) {
  show(root).catch((error: unknown) => {
    root.textContent = `This report cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
  });
}
