// The page as a visitor gets it: it appears, keeps to itself, and can be used by everyone.

import assert from 'node:assert/strict';

import { SCHEMES, WIDTHS, accessibilityViolations, onPage } from './harness.mjs';

onPage('the page', { timeout: 240_000 }, (on) => {
  on('has a title, a language and one main heading', '', async (page) => {
    assert.match(await page.title(), /SDANN/);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await page.locator('h1').count(), 1);
  });

  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      // That nothing complains and no foreign request is made is looked at on every page.
      on(
        `loads without an accessibility violation at ${width} px in ${scheme}`,
        '',
        async (page) => assert.deepEqual(await accessibilityViolations(page), []),
        { width, scheme },
      );
    }

    on(
      `does not scroll sideways at ${width} px`,
      '',
      async (page) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `the page is ${wide} px wide`);
      },
      { width },
    );
  }
});
