// How fast the chip's picture is drawn: frame times while it plays, as the browser's own clock has them, and the
// work of each frame. Part of what `cargo xtask bench` measures; prints a line for each chip.

import { launch, open, serve } from './harness.mjs';
import { scrub } from './scrub.mjs';

const CHIPS = [
  ['6 × 5', '?view=chip'],
  ['24 × 24', '?view=chip&mesh-width=24&mesh-height=24&neurons-per-core=16'],
  ['64 × 64', '?view=chip&mesh-width=64&mesh-height=64&neurons-per-core=4'],
];

/** Steps that are drawn. */
const STEPS = 120;

const server = await serve();
const browser = await launch();
try {
  for (const [name, query] of CHIPS) {
    const { page, close } = await open(browser, server.url, { query, motion: true });
    await page.locator('.step-bars').waitFor({ timeout: 120_000 });
    const times = await scrub(page, STEPS);
    const line = (label, all) => {
      const sorted = [...all].sort((a, b) => a - b);
      const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1);
      return `${label} median ${at(0.5)} ms, 95 % within ${at(0.95)} ms`;
    };
    console.log(`chip of ${name} cores, a new step in every frame: ${line('work', times.work)}; ${line('frame', times.frames)}`);
    await close();
  }
} finally {
  await browser.close();
  await server.close();
}
