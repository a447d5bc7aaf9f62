// After one visit the page opens without a network, and a newer build takes its place at the next.

import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { DIST, badge, onPage, open, serve, settled } from './harness.mjs';

/** Waits until everything is kept. */
const kept = (page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => true));

onPage('without a network', {}, (_, serving) => {
  test('the page, another network and its samples open all the same', async () => {
    const { browser, url } = serving();
    const { page, close } = await open(browser, url, { offline: true });
    await kept(page);
    await page.context().setOffline(true);
    await page.reload();
    await settled(page);
    assert.match(await badge(page), /codes equal/);
    await page.goto(`${url}?model=digits-mlp&register-bits=16`);
    await settled(page);
    assert.match(await badge(page), /codes equal|labels/);
    assert.equal(await page.locator('.notice-error').count(), 0);
    await close();
  });

  test('every file of the page is kept, under the folder that it is served from', async () => {
    const { browser, url } = serving();
    const { page, close } = await open(browser, url, { offline: true });
    await kept(page);
    const files = await page.evaluate(async () => {
      const [name] = await caches.keys();
      return (await (await caches.open(name)).keys()).map((request) => request.url);
    });
    assert.ok(files.length > 40, `${files.length} files`);
    assert.ok(files.every((file) => file.startsWith(url)), 'a file from elsewhere is kept');
    assert.ok(files.includes(url), 'the document itself is not kept');
    await close();
  });

  test('a newer build is fetched behind the page and starts when it is next loaded', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sdann-dist-'));
    await cp(DIST, folder, { recursive: true });
    const server = await serve(folder);
    const { page, close } = await open(serving().browser, server.url, { offline: true });
    await kept(page);
    const change = async (file, from, to) => {
      const text = await readFile(join(folder, file), 'utf8');
      assert.ok(text.includes(from));
      await writeFile(join(folder, file), text.replace(from, to));
    };
    await change('index.html', '<title>SDANN Explorer', '<title>Newer SDANN Explorer');
    await change('sw.js', 'VERSION = "', 'VERSION = "newer-');
    await page.reload();
    assert.equal(await page.title(), 'SDANN Explorer');
    const answers = () => page.evaluate(() => fetch('./').then((answer) => answer.text()));
    while (!(await answers()).includes('<title>Newer')) await page.waitForTimeout(200);
    await settled(page);
    await page.reload();
    assert.equal(await page.title(), 'Newer SDANN Explorer');
    await settled(page);
    assert.match(await badge(page), /codes equal/);
    await close();
    await server.close();
    await rm(folder, { recursive: true });
  });
});
