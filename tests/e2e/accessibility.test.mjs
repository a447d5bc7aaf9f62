// Every view and the main dialogs, in every width and both themes: axe-core finds nothing, nothing is cut off and nothing
// sticks out. One page walks through all of them without being loaded anew.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SCHEMES, accessibilityViolations, clipped, onPage, open, outside, settled } from './harness.mjs';

const WIDTHS = [390, 768, 1280, 1920];

/** The views by their tabs, each with what is there last. */
const VIEWS = {
  Story: '.story',
  Neuron: '.arithmetic-card',
  Calibration: '.registers-card',
  Chip: '.step-bars',
  'Trade-offs': '.heat-legend',
  Codes: '.codes-table tbody tr',
  Network: '.stats tbody tr',
};

/** The dialogs that the header opens, and those that they lead to. */
const DIALOGS = [['Glossary'], ['Help and keyboard shortcuts'], ['Take this run away'], ['Learn', 'Embed…']];

onPage('accessibility', { timeout: 300_000 }, (_, serving) => {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      test(`all views and dialogs are accessible and whole at ${width} px, ${scheme}`, async () => {
        const { browser, url } = serving();
        // So narrow that there is something to warn of, and so small that it is counted at once.
        const { page, problems, close } = await open(browser, url, { width, scheme, query: '?model=digits-mlp&register-bits=8' });
        const found = [];
        const blackboard = async () => {
          await page.getByRole('radio', { name: 'On the blackboard' }).check({ force: true });
          await page.locator('.board-card').waitFor();
        };
        const look = async (name, part) => {
          const violations = await accessibilityViolations(page, part);
          found.push(...[...violations, ...(await clipped(page)), ...(await outside(page))].map((what) => `${name}: ${what}`));
        };
        for (const [name, last] of Object.entries(VIEWS)) {
          await page.getByRole('link', { name, exact: true }).click();
          await page.locator(last).first().waitFor();
          // Tables behind a word belong to the view.
          await page.locator('.main details:not([open])').evaluateAll((all) => all.forEach((details) => (details.open = true)));
          await settled(page);
          await look(name);
          if (name !== 'Neuron') continue;
          await blackboard();
          await look('Blackboard');
        }
        for (const [name, next] of DIALOGS) {
          await page.locator('.header').getByRole('button', { name, exact: true }).click();
          await page.locator('dialog[open]').waitFor();
          await look(name, 'dialog');
          if (next) {
            await page.locator('dialog').getByRole('button', { name: next }).click();
            await page.locator('dialog[open]').getByRole('heading', { name: /Embed/ }).first().waitFor();
            await look(next, 'dialog');
          }
          await page.keyboard.press('Escape');
          await page.locator('dialog').waitFor({ state: 'detached' });
        }
        assert.deepEqual(found, []);
        assert.deepEqual(problems, []);
        await close();
      });
    }
  }
});
