// How fast the built page is for those who look at it, as the browser's own clocks have it: what a visitor downloads
// and waits for, how soon a change shows, whether the page's thread is ever blocked, and whether memory grows.
// Part of what `cargo xtask bench` measures; prints one table. `--minutes N` says how long memory is watched (10).

import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';

import { launch, open, serve, settled } from './harness.mjs';
import { scrub } from './scrub.mjs';

const MINUTES = Number(process.argv[process.argv.indexOf('--minutes') + 1]) || 10;
const LARGEST = '?model=mnist-residual';

const rows = [];
const row = (what, measured, goal) => {
  rows.push([what, measured, goal]);
  console.error(`${what}: ${measured}`);
};
const at = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
};
const ms = (value) => `${value.toFixed(1)} ms`;
const kB = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;

/** Notes every task of the page's thread that lasts longer than 50 ms. */
const WATCH = () => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) globalThis.longTasks.push([startTime, duration]);
  }).observe({ type: 'longtask', buffered: true });
};

/** Long tasks since `since`, in ms. */
const longTasks = (page, since = 0) =>
  page.evaluate((since) => globalThis.longTasks.filter(([start]) => start >= since).map(([, duration]) => duration), since);

/** What the first view needs, and when it is there: the story is drawn and the badge says what is known. */
async function firstView(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  await page.addInitScript(() => {
    const seen = () => {
      const done = document.querySelectorAll('.stage canvas').length > 3;
      if (done && !globalThis.firstView) requestAnimationFrame(() => (globalThis.firstView = performance.now()));
    };
    new MutationObserver(seen).observe(document, { childList: true, subtree: true });
  });
  const bodies = [];
  page.on('response', (response) => bodies.push(response));
  await page.goto(url);
  await page.waitForFunction(() => globalThis.firstView);
  const until = await page.evaluate(() => globalThis.firstView);
  const entries = await page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((entry) => [
      entry.name,
      entry.startTime,
    ]),
  );
  const [sizes, names] = [{ raw: 0, gzip: 0, brotli: 0 }, []];
  await settled(page);
  for (const response of bodies) {
    const begun = entries.find(([name]) => name === response.url())?.[1] ?? 0;
    if (begun > until) continue;
    const body = await response.body().catch(() => Buffer.alloc(0));
    const isPacked = /\.(gz|png|zip)$/.test(new URL(response.url()).pathname);
    const [gzip, brotli] = isPacked ? [body.length, body.length] : [gzipSync(body, { level: 9 }).length, brotliCompressSync(body).length];
    sizes.raw += body.length;
    sizes.gzip += gzip;
    sizes.brotli += brotli;
    names.push([new URL(response.url()).pathname.split('/').pop() || 'index.html', gzip]);
  }
  const blocked = await longTasks(page);
  await context.close();
  return { until, sizes, names, blocked };
}

/** From a key on the slider of register bits until the pictures of the new run are drawn, in ms. */
async function sliderToPicture(page, times) {
  return page.evaluate(async (times) => {
    const slider = document.querySelector('#set-register-bits');
    const taken = [];
    for (let time = 0; time < times; time++) {
      const value = String(12 + (time % 8));
      const begun = performance.now();
      slider.value = value;
      slider.dispatchEvent(new Event('input', { bubbles: true }));
      const deadline = begun + 5000;
      // The story says of which registers it is.
      while (document.querySelector('.story').dataset.registerBits !== value && performance.now() < deadline) {
        await new Promise((drawn) => requestAnimationFrame(drawn));
      }
      taken.push(performance.now() - begun);
      await new Promise((rest) => setTimeout(rest, 120));
    }
    return taken;
  }, times);
}

/** Memory that the renderers hold, in MB, as the system has it. */
function residentMemory(browser) {
  const lines = execFileSync('ps', ['-eo', 'rss=,args='], { encoding: 'utf8' }).split('\n');
  const renderers = lines.filter((line) => line.includes('--type=renderer'));
  return renderers.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0) / 1000;
}

const server = await serve();
const browser = await launch();
try {
  const first = await firstView(browser, server.url);
  row('first view complete, from localhost', ms(first.until), '1000 ms');
  row('downloaded before it', `${kB(first.sizes.brotli)} by Brotli, ${kB(first.sizes.gzip)} by gzip`, '500 kB');
  for (const [name, size] of first.names.sort((a, b) => b[1] - a[1]).slice(0, 6)) console.error(`    ${kB(size)} ${name}`);
  row('longest task while it loads', ms(Math.max(0, ...first.blocked)), '50 ms');

  for (const [name, query] of [['mnist-cnn', ''], ['mnist-residual', LARGEST]]) {
    const { page, close } = await open(browser, server.url, { query, motion: true });
    await page.evaluate(WATCH);
    const begun = await page.evaluate(() => performance.now());
    const taken = await sliderToPicture(page, 40);
    row(`${name}: a slider's change shows, 95 %`, ms(at(taken, 0.95)), '100 ms');
    const { work, frames } = await scrub(page, 120);
    row(`${name}: story scrubbed, work in a frame, 95 %`, ms(at(work, 0.95)), '16.7 ms');
    row(`${name}: story scrubbed, frames, 95 %`, ms(at(frames, 0.95)), '16.7 ms');
    row(`${name}: longest task`, ms(Math.max(0, ...(await longTasks(page, begun)))), '50 ms');
    await close();
  }

  for (const view of ['neuron', 'calibration', 'chip', 'trade-offs', 'codes', 'network']) {
    const { page, close } = await open(browser, server.url, { query: `${LARGEST}&view=${view}`, motion: true });
    await page.evaluate(WATCH);
    const begun = await page.evaluate(() => performance.now());
    const { work, frames } = await scrub(page, 120);
    row(`mnist-residual, ${view}: scrubbed, work / frames, 95 %`, `${ms(at(work, 0.95))} / ${ms(at(frames, 0.95))}`, '16.7 ms');
    row(`mnist-residual, ${view}: longest task`, ms(Math.max(0, ...(await longTasks(page, begun)))), '50 ms');
    await close();
  }

  const { page, close } = await open(browser, server.url, { motion: true });
  await page.evaluate(() => globalThis.gc?.());
  const memory = [];
  const end = Date.now() + MINUTES * 60_000;
  for (let round = 0; Date.now() < end; round++) {
    await sliderToPicture(page, 10);
    await scrub(page, 120);
    if (round % 4 === 0) memory.push(residentMemory(browser));
  }
  const half = Math.floor(memory.length / 2);
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  row(
    `memory over ${MINUTES} min of use: first / last quarter`,
    `${mean(memory.slice(half / 2, half)).toFixed(0)} / ${mean(memory.slice(-Math.max(1, half / 2))).toFixed(0)} MB`,
    'flat',
  );
  await close();
} finally {
  await browser.close();
  await server.close();
}

const version = JSON.parse(readFileSync(new URL('./package.json', import.meta.url))).name;
console.log(`| ${version}: what is measured | measured | goal |\n|---|---|---|`);
for (const cells of rows) console.log(`| ${cells.join(' | ')} |`);
