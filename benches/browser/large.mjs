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

/** Memory of a process in kB, without the program's own files where the system tells them apart (Linux). */
function held(id) {
  try {
    return Number(/RssAnon:\s*(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]);
  } catch {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(id)], { encoding: 'utf8' }).trim());
  }
}

/** Memory that this browser's renderers hold, in MB. */
async function memory(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return renderers.reduce((sum, { id }) => sum + held(id), 0) / 1000;
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
  const before = await memory(browser);
  let peak = before;
  let isWatched = true;
  const watching = (async () => {
    while (isWatched) {
      peak = Math.max(peak, await memory(browser));
      await new Promise((rest) => setTimeout(rest, 100));
    }
  })();
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
  if (!(await page.locator('#settings').innerText()).includes('mobile-net')) throw new Error('the page did not open the large network');
  const opening = peak;
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
  isWatched = false;
  await watching;
  row(`${title}: peak memory of the renderers`, `${peak.toFixed(0)} MB, ${opening.toFixed(0)} MB until it was open, ${before.toFixed(0)} MB before`, { peak, opening, before }, '< 512 MB', peak < 512);
  await close();
} finally {
  await browser.close();
  await server.close();
}
keep(rows);
