// The page as a visitor gets it: it appears, keeps to itself, and can be used by everyone.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { SCHEMES, WIDTHS, accessibilityViolations, launch, open, serve } from './harness.mjs';

describe('the page', { timeout: 240_000 }, () => {
  let server;
  let browser;

  before(async () => {
    server = await serve();
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  test('has a title, a language and one main heading', async () => {
    const { page, close } = await open(browser, server.url);
    assert.match(await page.title(), /SDANN/);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await page.locator('h1').count(), 1);
    await close();
  });

  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      test(`loads at ${width} px in ${scheme} without a complaint or a foreign request`, async () => {
        const { problems, close } = await open(browser, server.url, { width, scheme });
        assert.deepEqual(problems, []);
        await close();
      });

      test(`has no accessibility violation at ${width} px in ${scheme}`, async () => {
        const { page, close } = await open(browser, server.url, { width, scheme });
        assert.deepEqual(await accessibilityViolations(page), []);
        await close();
      });
    }

    test(`does not scroll sideways at ${width} px`, async () => {
      const { page, close } = await open(browser, server.url, { width });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `the page is ${wide} px wide`);
      await close();
    });
  }
});
