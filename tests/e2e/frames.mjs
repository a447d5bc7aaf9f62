// How fast the chip's picture is drawn: frame times while it plays, as the browser's own clock has them, and the
// work of each frame. Part of what `cargo xtask bench` measures; prints a line for each chip.

import { launch, open, serve } from './harness.mjs';

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
    const times = await page.evaluate(async (steps) => {
      const track = document.querySelector('[role=slider][aria-label="Time step"]');
      const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
      const press = (key) => track.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      const [work, frames] = [[], []];
      press('Home');
      await frame();
      let before = await frame();
      for (let step = 0; step < steps; step++) {
        const begun = performance.now();
        press(Number(track.ariaValueNow) === Number(track.ariaValueMax) ? 'Home' : 'ArrowRight');
        // What is drawn comes in a task of its own; a message behind it tells that it is done.
        await new Promise((done) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = done;
          port2.postMessage(0);
        });
        // Asking for a size makes the browser lay the page out now.
        document.body.getBoundingClientRect();
        work.push(performance.now() - begun);
        const now = await frame();
        frames.push(now - before);
        before = now;
      }
      return { work, frames };
    }, STEPS);
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
