// What every browser test needs: the built page on a server of its own, and a browser to look at it with.
//
// The page is served under a folder rather than at the root, so that an address which works only at the root
// is found out. The browser resolves no other host, so that the page can't lean on one unnoticed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';
import { chromium } from 'playwright-core';
import sirv from 'sirv';

const ROOT = new URL('../../', import.meta.url);
export const DIST = fileURLToPath(new URL('dist/', ROOT));
const SCREENSHOTS = fileURLToPath(new URL('target/screenshots/', ROOT));

/** The folder that the page is served under. */
const FOLDER = '/a/folder/';

/** The widths and colour schemes that the page must look right in: a phone and a desk, by day and by night. */
export const WIDTHS = [390, 1440];
export const SCHEMES = ['light', 'dark'];
const HEIGHTS = { 390: 844, 1440: 900 };

/** How long a busy machine may take, in milliseconds. */
const SLOW = 90_000;

const FLAGS = [
  '--headless=new',
  // Chromium's sandbox doesn't run as root, as which containers run tests.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Serves the built page, or another folder, on a free port: `{ url, close }`. */
export async function serve(dist = DIST) {
  if (dist === DIST && !existsSync(`${DIST}index.html`)) {
    throw new Error('there is no dist/index.html: run cargo xtask build first');
  }
  const files = sirv(dist, { dev: true });
  const server = createServer((request, response) => {
    const missing = () => response.writeHead(404).end();
    if (!request.url.startsWith(FOLDER)) return missing();
    request.url = request.url.slice(FOLDER.length - 1);
    files(request, response, missing);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    url: origin + FOLDER,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

/** Starts the system's Chromium, or the browser that CHROME names, with more flags than the usual. */
export function launch(flags = []) {
  return chromium.launch({ executablePath: process.env.CHROME ?? firstThatRuns(), args: [...FLAGS, ...flags] });
}

function firstThatRuns() {
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
  for (const name of names) {
    const found = spawnSync('which', [name], { encoding: 'utf8' }).stdout?.trim();
    if (found && spawnSync(found, ['--version']).status === 0) return found;
  }
  throw new Error('there is no Chromium: cargo xtask setup installs it, or set CHROME to a browser');
}

/**
 * Opens the page in a window of the given width and colour scheme and waits until it is drawn.
 *
 * `problems` fills up with whatever a visitor's console would complain of, and with requests that failed or
 * left the page's own origin. `query` is added to the address, for states that the address holds.
 */
export async function open(browser, url, { width = 1440, scheme = 'light', query = '', motion = false, offline = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: HEIGHTS[width] ?? 900 },
    colorScheme: scheme,
    // Nothing is caught half way through a transition, but where motion itself is looked at.
    reducedMotion: motion ? 'no-preference' : 'reduce',
    // Only what is kept for later is fetched by it: every test of something else is quicker without.
    serviceWorkers: offline ? 'allow' : 'block',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(SLOW);
  const problems = watch(context, page, new URL(url).origin);
  await page.goto(url + query);
  await settled(page);
  return { page, problems, close: () => context.close() };
}

/**
 * Waits until the page says of nothing that it is busy. Before the program runs there is nothing that tells a
 * status, so that the document's empty skeleton doesn't pass for a page that has settled.
 */
export async function settled(page) {
  await page.waitForLoadState('networkidle');
  await page.locator('[role="status"]').first().waitFor({ state: 'attached', timeout: SLOW });
  const isSettled = () =>
    document.documentElement.dataset.engine === 'there' && !document.querySelector('[aria-busy="true"]');
  await page.waitForFunction(isSettled, null, { timeout: SLOW });
}

function watch(context, page, origin) {
  const problems = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  context.on('request', (request) => {
    const address = new URL(request.url());
    const local = ['data:', 'blob:'].includes(address.protocol) || address.origin === origin;
    if (!local) problems.push(`left the origin: ${request.url()}`);
  });
  context.on('requestfailed', (request) => {
    // Whatever is on its way when the page leaves, or when it stops a worker, is called off by the page itself.
    if (request.failure()?.errorText === 'net::ERR_ABORTED') return;
    problems.push(`failed: ${request.url()} (${request.failure()?.errorText})`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) problems.push(`status ${response.status()}: ${response.url()}`);
  });
  return problems;
}

/**
 * A group of tests on the built page. `define` is called with `on(title, query, run, options)`, a test on a page of
 * its own, which must not complain on the console; and with `serving()`, the browser and address for tests that open
 * a page otherwise.
 */
export function onPage(title, options, define) {
  describe(title, options, () => {
    let [server, browser] = [];
    before(async () => {
      server = await serve();
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });
    const on = (name, query, run, window = {}) =>
      test(name, async () => {
        const { page, problems, close } = await open(browser, server.url, { query, ...window });
        await run(page);
        assert.deepEqual(problems, []);
        await close();
      });
    define(on, () => ({ browser, url: server.url }));
  });
}

/** What the badge says. */
export const badge = (page) => page.locator('.badge').innerText();
export const notices = (page) => page.getByRole('region', { name: 'Notices' });
export const modelField = (page) => page.locator('input[type=file][accept*=".onnx"]');
export const sampleField = (page) => page.locator('input[type=file]:not([accept*=".onnx"])');

/** A file as a file field takes it. */
export const file = (name, buffer) => ({ name, mimeType: 'application/octet-stream', buffer });

/** A file of numpy's. */
export const npy = (type, shape, numbers) => {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
  return Buffer.concat([Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]), Buffer.from(header), numbers]);
};

/** What scrolls sideways or is cut off though it should not. */
export const clipped = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('html, .header, .panel, .main, .badge, .segmented, .segment span, .field-fact, .walk-caption')]
      .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1)
      .map((element) => `${element.className || element.tagName}: ${element.textContent.slice(0, 60)}`),
  );

/** What sticks out of the window to the right, where nothing around it scrolls or cuts it off. */
export const outside = (page) =>
  page.evaluate(() => {
    const isHeld = (element) => {
      for (let around = element.parentElement; around; around = around.parentElement) {
        if (getComputedStyle(around).overflowX !== 'visible' || getComputedStyle(around).position === 'fixed') return true;
      }
      return false;
    };
    const hidden = '.visually-hidden, .visually-hidden *, svg *';
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.checkVisibility() && !element.matches(hidden))
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !isHeld(element))
      .map((element) => `outside: ${element.tagName} ${element.className}: ${element.textContent.slice(0, 40)}`);
  });

/** What axe-core finds wrong with the page, or a part of it, as it is now, one line for each rule: which, and where. */
export async function accessibilityViolations(page, part) {
  // As text, since a script tag would fall under the page's content security policy.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate((part) => globalThis.axe.run(part ?? document), part);
  const where = (nodes) => nodes.map((node) => node.target.join(' ')).join(', ');
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${where(nodes)}`);
}

/** Takes a picture of the whole page into `target/screenshots/` and returns its path. */
export async function screenshot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const path = `${SCREENSHOTS}${name}.png`;
  await page.screenshot({ path, fullPage: true });
  return path;
}
