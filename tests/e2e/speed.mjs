// How fast the built page is for those who look at it, as the browser's own clocks have it: what a visitor downloads
// and waits for, how soon a change shows, whether the page's thread is ever blocked, and whether memory grows.
// Part of what `cargo xtask bench` measures; prints one table. `--minutes N` says how long memory is watched (10),
// `--json FILE` where the rows are written as well.

import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

import { DIST, launch, open, serve, settled } from './harness.mjs';
import { at, keep } from './rows.mjs';
import { scrub } from './scrub.mjs';

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, json: { type: 'string' } },
});
const MINUTES = Number(options.minutes);
if (!(MINUTES > 0)) throw new Error(`--minutes ${options.minutes}: give a number above 0`);
const LARGEST = '?model=mnist-residual';

/** What was measured, in its unit, and the most that it should be. */
const rows = [];
const shown = (value, unit) => `${value.toFixed(unit === 'ms' ? 1 : 0)} ${unit}`;
const row = (what, value, unit, limit) => {
  const measured = shown(value, unit);
  const against = limit === undefined ? {} : { goal: `≤ ${limit} ${unit}`, met: value <= limit };
  rows.push({ what, measured, ...against, values: { [unit]: value } });
  console.error(`${what}: ${measured}`);
};
const most = (values) => Math.max(0, ...values);

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

/** What the first view needs, and when it is there: the story and the cards are drawn, and the badge says what is known. */
async function firstView(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  await page.addInitScript(() => {
    const seen = () => {
      const done =
        document.querySelectorAll('.stage canvas').length > 3 &&
        document.querySelector('.badge') &&
        !document.querySelector('.badge-busy, .board .skeleton');
      if (done && !globalThis.firstSeen) requestAnimationFrame(() => (globalThis.firstSeen = performance.now()));
    };
    new MutationObserver(seen).observe(document, { childList: true, subtree: true });
  });
  const bodies = [];
  page.on('response', (response) => bodies.push(response));
  await page.goto(url);
  await page.waitForFunction(() => globalThis.firstSeen);
  const until = await page.evaluate(() => globalThis.firstSeen);
  const entries = await page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((entry) => [
      entry.name,
      entry.startTime,
    ]),
  );
  const sizes = { gzip: 0, brotli: 0, files: [] };
  await settled(page);
  for (const response of bodies) {
    const begun = entries.find(([name]) => name === response.url())?.[1] ?? 0;
    if (begun > until) continue;
    // As it lies there: a server may pack it, and a browser unpacks what is packed.
    const path = decodeURI(response.url().slice(url.length)).replace(/[?#].*/, '') || 'index.html';
    const file = readFileSync(DIST + path);
    const isPacked = /\.(gz|bin|png|zip)$/.test(path);
    const gzip = isPacked ? file.length : gzipSync(file, { level: 9 }).length;
    sizes.gzip += gzip;
    sizes.brotli += isPacked ? file.length : brotliCompressSync(file).length;
    sizes.files.push([path, gzip]);
  }
  const blocked = await longTasks(page);
  await context.close();
  return { until, sizes, blocked };
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

/** Memory that our browser's renderers hold, in MB, as the system has it. */
function residentMemory() {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' }).trim().split('\n');
  const processes = lines.map((line) => line.trim().split(/\s+/));
  const parents = new Map(processes.map(([pid, parent]) => [pid, parent]));
  const isOurs = (pid) => pid !== undefined && (pid === String(process.pid) || isOurs(parents.get(pid)));
  const renderers = processes.filter(([pid, , , ...args]) => args.includes('--type=renderer') && isOurs(pid));
  return renderers.reduce((sum, [, , size]) => sum + Number(size), 0) / 1000;
}

const server = await serve();
const browser = await launch();
try {
  const first = await firstView(browser, server.url);
  row('first view complete, from localhost', first.until, 'ms', 1000);
  row('downloaded before it, by gzip', first.sizes.gzip / 1000, 'kB', 500);
  row('the same by Brotli', first.sizes.brotli / 1000, 'kB', 500);
  for (const [path, gzip] of first.sizes.files.sort((a, b) => b[1] - a[1]).slice(0, 12)) {
    console.error(`    ${shown(gzip / 1000, 'kB')} ${path}`);
  }
  row('longest task while it loads', most(first.blocked), 'ms', 50);

  for (const [name, query] of [['mnist-cnn', ''], ['mnist-residual', LARGEST]]) {
    const { page, close } = await open(browser, server.url, { query, motion: true });
    await page.evaluate(WATCH);
    const begun = await page.evaluate(() => performance.now());
    const taken = await sliderToPicture(page, 40);
    row(`${name}: a slider's change shows, median`, at(taken, 0.5), 'ms', 50);
    row(`${name}: a slider's change shows, 95 %`, at(taken, 0.95), 'ms', 50);
    const { work, frames } = await scrub(page, 120);
    row(`${name}: story scrubbed, work in a frame, 95 %`, at(work, 0.95), 'ms', 16.7);
    row(`${name}: story scrubbed, frames, 95 %`, at(frames, 0.95), 'ms', 17);
    row(`${name}: longest task`, most(await longTasks(page, begun)), 'ms', 50);
    await close();
  }

  for (const view of ['neuron', 'calibration', 'chip', 'trade-offs', 'codes', 'network']) {
    const { page, close } = await open(browser, server.url, { query: `${LARGEST}&view=${view}`, motion: true });
    await page.evaluate(WATCH);
    const begun = await page.evaluate(() => performance.now());
    const { work, frames } = await scrub(page, 120);
    row(`mnist-residual, ${view}: scrubbed, work in a frame, 95 %`, at(work, 0.95), 'ms', 16.7);
    row(`mnist-residual, ${view}: scrubbed, frames, 95 %`, at(frames, 0.95), 'ms', 17);
    row(`mnist-residual, ${view}: longest task`, most(await longTasks(page, begun)), 'ms', 50);
    await close();
  }

  const { page, close } = await open(browser, server.url, { motion: true });
  await page.evaluate(() => globalThis.gc?.());
  const memory = [];
  const end = Date.now() + MINUTES * 60_000;
  while (Date.now() < end) {
    await sliderToPicture(page, 10);
    await scrub(page, 120);
    memory.push(residentMemory());
  }
  const quarter = Math.max(1, Math.floor(memory.length / 4));
  // While the first one passes the page is still warming up.
  const [before, after] = [memory.slice(quarter, 2 * quarter), memory.slice(-quarter)];
  row(`memory in the second quarter of ${MINUTES} min of use`, at(before, 0.5), 'MB');
  row('memory in their last quarter', at(after, 0.5), 'MB', Math.round(at(before, 0.5) * 1.1));
  await close();
} finally {
  await browser.close();
  await server.close();
}

keep(rows);
