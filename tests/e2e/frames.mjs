// How fast the chip's picture is drawn: frame times while it plays, as the browser's own clock has them, and the
// work of each frame. Part of what `cargo xtask bench` measures; prints a line for each chip, and `--json FILE` gets them.

import { launch, open, serve } from './harness.mjs';
import { at, keep } from './rows.mjs';
import { scrub } from './scrub.mjs';

const CHIPS = [
  ['6 × 5', '?view=chip'],
  ['24 × 24', '?view=chip&mesh-width=24&mesh-height=24&neurons-per-core=16'],
  ['64 × 64', '?view=chip&mesh-width=64&mesh-height=64&neurons-per-core=4'],
];

/** Steps that are drawn. */
const STEPS = 120;

const rows = [];
const server = await serve();
const browser = await launch();
try {
  for (const [name, query] of CHIPS) {
    const { page, close } = await open(browser, server.url, { query, motion: true });
    await page.locator('.step-bars').waitFor({ timeout: 120_000 });
    const times = await scrub(page, STEPS);
    const line = (label, all) => `${label} median ${at(all, 0.5).toFixed(1)} ms, 95 % within ${at(all, 0.95).toFixed(1)} ms`;
    const within = at(times.work, 0.95);
    rows.push({
      what: `chip of ${name} cores, a new step in every frame`,
      measured: `${line('work', times.work)}; ${line('frame', times.frames)}`,
      goal: 'work within 16.7 ms',
      met: within <= 16.7,
      values: { work: within, frame: at(times.frames, 0.95) },
    });
    await close();
  }
} finally {
  await browser.close();
  await server.close();
}
keep(rows);
