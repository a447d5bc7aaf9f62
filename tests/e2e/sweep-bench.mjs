// How long the page's sweeps take: 7 × 7 points of 1000 images, with one and with two workers, from the press of the
// button until all is counted, and until the first cell is drawn. Part of `cargo xtask bench`; prints a line for each, and `--json FILE`
// gets them.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { file, launch, modelField, open, serve, settled } from './harness.mjs';
import { keep } from './rows.mjs';

const FLOAT = fileURLToPath(new URL('../../assets/models/mnist-cnn.float.onnx', import.meta.url));

const SWEEPS = [
  ['mnist-cnn, float: weights × activations of 2 to 8 bits', true, 'x-axis=weight-bits:2..8&y-axis=activation-bits:2..8'],
  ['mnist-cnn: registers of 8 to 20 bits × bias registers of 8 to 20 bits', false, 'x-axis=register-bits:8..20..2&y-axis=bias-bits:8..20..2'],
];

const rows = [];
const server = await serve();
const browser = await launch();
try {
  for (const [name, isFloat, axes] of SWEEPS) {
    for (const workers of [1, 2]) {
      // Few samples at first, so that nothing begins by itself that takes long.
      const { page, close } = await open(browser, server.url, { query: isFloat ? '' : `?view=trade-offs&sweep-samples=1&${axes}` });
      if (isFloat) {
        await modelField(page).setInputFiles(file('mnist-cnn.float.onnx', readFileSync(FLOAT)));
        await page.locator('#set-weight-bits').waitFor({ timeout: 60_000 });
        await settled(page);
        await page.getByRole('link', { name: 'Trade-offs' }).click();
      }
      const isDone = () => page.waitForFunction(() => /^Done/.test(document.querySelector('.sweep-status')?.textContent ?? ''), null, { timeout: 600_000 });
      await page.locator('.sweep-status').waitFor();
      if (isFloat) await page.getByRole('button', { name: 'Cancel' }).click();
      else await isDone();
      await page.getByLabel('Workers').selectOption(String(workers));
      await page.locator('.sweep-rest select').first().selectOption('0');
      // The badge's own counting is over, and the workers hold the model.
      await page.waitForTimeout(3000);
      const times = await page.evaluate(async () => {
        const begin = [...document.querySelectorAll('.sweep-run button')].find((button) => /^Run/.test(button.textContent));
        const text = () => document.querySelector('.sweep-status').textContent;
        const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
        const until = async (condition) => {
          while (!condition()) await frame();
          return performance.now() - begun;
        };
        const begun = performance.now();
        begin.click();
        let longest = 0;
        let before = begun;
        let watching = true;
        (async () => {
          while (watching) {
            await frame();
            const now = performance.now();
            [longest, before] = [Math.max(longest, now - before), now];
          }
        })();
        await until(() => !/^Done/.test(text()));
        const first = await until(() => document.querySelector('.heat-cell:not(.is-empty)'));
        const all = await until(() => /^Done/.test(text()));
        watching = false;
        return { first, all, longest };
      });
      const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
      rows.push({
        what: `sweep of ${name}, 7 × 7 points of 1000 images, ${workers} worker${workers > 1 ? 's' : ''}`,
        measured: `${seconds(times.all)}, first cell after ${Math.round(times.first)} ms, longest frame ${Math.round(times.longest)} ms`,
        values: times,
        ...(workers === 2 ? { goal: '< 5 s, first cell < 300 ms', met: times.all < 5000 && times.first < 300 } : {}),
      });
      await close();
    }
  }
} finally {
  await browser.close();
  await server.close();
}
keep(rows);
