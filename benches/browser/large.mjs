// A network as large as those of phones in the built page: how long it takes to open, whether the page's thread is free
// meanwhile, how much memory it takes, whether counting its samples tells its progress, and how soon another network is
// there that is chosen amid that. Sizes of what is downloaded as well. Part of `cargo xtask bench`; `--json FILE` gets
// the rows.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { DIST, file, launch, modelField, npy, open, sampleField, serve } from '../../tests/e2e/harness.mjs';
import { keep } from '../../tests/e2e/rows.mjs';

const MODEL = fileURLToPath(new URL('../../target/bench/mobile-net.onnx', import.meta.url));
const [SIDE, SAMPLES, SLOW] = [160, 32, 300_000];

/** Memory that this browser's renderers hold, in MB. */
function memory(browser) {
  const pid = browser.process?.()?.pid;
  const lines = execFileSync('ps', ['-eo', 'rss=,pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => line.trim().split(/\s+/));
  const isOurs = ([, own, parent]) => !pid || Number(own) === pid || isParentOurs(Number(parent));
  const isParentOurs = (parent) => parent > 1 && (parent === pid || all.some((line) => Number(line[1]) === parent && isParentOurs(Number(line[2]))));
  const renderers = all.filter((line) => line.includes('--type=renderer') && isOurs(line));
  return renderers.reduce((sum, [rss]) => sum + Number(rss), 0) / 1000;
}

const rows = [];
const row = (what, measured, values, goal, met) => rows.push({ what, measured, values, ...(goal ? { goal, met } : {}) });

const bytes = (name) => gzipSync(readFileSync(DIST + name), { level: 9 }).length;
const kB = (size) => `${(size / 1000).toFixed(0)} kB`;
const all = readdirSync(DIST, { recursive: true }).filter((name) => /\.(wasm|js)$/.test(name));
for (const [what, pattern] of [
  ['page', /(^|\/)explorer[^/]*\.(wasm|js)$/],
  ['worker', /(^|\/)worker[^/]*\.(wasm|js)$/],
]) {
  const size = all.filter((name) => pattern.test(name)).reduce((sum, name) => sum + bytes(name), 0);
  row(`code of the ${what}, by gzip`, kB(size), { bytes: size });
}

const server = await serve();
const browser = await launch();
try {
  const { page, close } = await open(browser, server.url, { query: '?register-bits=32' });
  const before = memory(browser);
  let peak = before;
  const watching = setInterval(() => (peak = Math.max(peak, memory(browser))), 200);
  await page.evaluate(() => {
    globalThis.longest = 0;
    let last = performance.now();
    const tick = (now) => {
      [globalThis.longest, last] = [Math.max(globalThis.longest, now - last), now];
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const title = 'mobile-net in the page';
  const begun = Date.now();
  await modelField(page).setInputFiles(file('mobile-net.onnx', readFileSync(MODEL)));
  await page.waitForFunction(() => document.querySelector('.badge').ariaBusy === 'true', null, { timeout: SLOW });
  const told = (Date.now() - begun) / 1000;
  await page.waitForFunction(() => document.querySelector('.badge').ariaBusy !== 'true', null, { timeout: SLOW });
  const opened = (Date.now() - begun) / 1000;
  const longest = await page.evaluate(() => globalThis.longest);
  row(`${title}: opened, one sample run`, `${opened.toFixed(1)} s; said to be loading after ${told.toFixed(1)} s; longest frame ${longest.toFixed(0)} ms`, { opened, told, longest });

  const pixels = Buffer.alloc(SAMPLES * 3 * SIDE * SIDE, 0).map((_, i) => (i * 2654435761) >>> 24);
  await sampleField(page).setInputFiles(file('pictures.npy', npy('|u1', `(${SAMPLES}, 3, ${SIDE}, ${SIDE})`, pixels)));
  const counting = Date.now();
  await page.waitForFunction(() => /[1-9]\d* of/.test(document.querySelector('.badge').innerText), null, { timeout: SLOW });
  const first = (Date.now() - counting) / 1000;
  row(`${title}: ${SAMPLES} samples counted, first progress`, `after ${first.toFixed(1)} s: "${(await page.locator('.badge strong').innerText()).trim()}"`, { first });
  const isCounting = await page.evaluate(() => document.querySelector('.badge').ariaBusy === 'true');
  const chosen = Date.now();
  await page.locator('#settings select').first().selectOption({ label: 'Sine, int8' });
  await page.waitForURL(/model=sine-regression/);
  await page.waitForFunction(() => document.querySelector('.curve-stage'), null, { timeout: SLOW });
  const cancelled = (Date.now() - chosen) / 1000;
  row(`${title}: another network chosen ${isCounting ? 'amid counting' : 'behind it'} is there`, `after ${cancelled.toFixed(1)} s`, { cancelled });
  clearInterval(watching);
  row(`${title}: peak memory of the renderer`, `${peak.toFixed(0)} MB, ${before.toFixed(0)} MB of it before`, { peak, before }, '< 512 MB', peak < 512);
  await close();
} finally {
  await browser.close();
  await server.close();
}
keep(rows);
