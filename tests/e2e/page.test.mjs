// The page as a visitor gets it: it appears, keeps to itself, and can be used by everyone.

import assert from 'node:assert/strict';

import { onPage } from './harness.mjs';

onPage('the page', { timeout: 240_000 }, (on) => {
  on('has a title, a language and one main heading', '', async (page) => {
    assert.match(await page.title(), /SDANN/);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await page.locator('h1').count(), 1);
  });
});
