// The page in another language, and its words explained.

import assert from 'node:assert/strict';

import { accessibilityViolations, clipped, onPage, settled } from './harness.mjs';

/** Names and what hardware calls things: the same in every language. */
const NAMES = [/ONNX Runtime/g, /SDANN Explorer/g, /SANA-FE/g, /TensorFlow Lite/g, /Loihi \d?/g, /PAICORE [\d.]+/g, /Akida \w+/g];

/** Runs of three English words or more in what can be seen or heard of a part of the page. */
const english = async (page, selector) => {
  const texts = await page.locator(selector).evaluate((root) => {
    const attributes = ['aria-label', 'title', 'placeholder', 'aria-roledescription', 'aria-valuetext'];
    const said = [...root.querySelectorAll('*')].flatMap((element) => attributes.map((name) => element.getAttribute(name)));
    // What is in another language says so: the engine's errors, what a chip's file says of itself.
    const foreign = (node) => node.parentElement.closest('[lang="en"], math');
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const shown = [];
    while (walker.nextNode()) if (!foreign(walker.currentNode)) shown.push(walker.currentNode.data);
    return [...said.filter(Boolean), ...shown];
  });
  const without = (text) => NAMES.reduce((rest, name) => rest.replaceAll(name, ''), text);
  return texts.filter((text) => /\b[A-Za-z]{2,}\s+[A-Za-z]{2,}\s+[A-Za-z]{2,}/.test(without(text)));
};

onPage('languages', { timeout: 200_000 }, (on) => {
  const choice = (page) => page.locator('select.language');
  const lang = (page) => page.locator('html').getAttribute('lang');
  const chinese = (page) => page.waitForFunction(() => document.documentElement.lang === 'zh');

  on('switches to Chinese by keyboard, keeps it in the address and over a reload, and goes back', '', async (page) => {
    assert.equal(await lang(page), 'en');
    await choice(page).focus();
    await page.keyboard.press('ArrowDown');
    await chinese(page);
    await page.waitForURL(/lang=zh/);
    assert.match(await page.locator('.badge').innerText(), /编码值相等，1\s000 \/ 1\s000/);
    await settled(page);
    await page.reload();
    await settled(page);
    assert.equal(await lang(page), 'zh');
    await choice(page).selectOption('en');
    await page.waitForURL(/lang=en/);
    assert.equal(await lang(page), 'en');
    assert.match(await page.locator('.badge').innerText(), /codes equal, 1\s000 of 1\s000/);
  });

  on('remembers a choice where no address says another', '', async (page) => {
    await choice(page).selectOption('zh');
    await chinese(page);
    await page.goto(page.url().replace(/\?.*$/, ''));
    await settled(page);
    assert.equal(await lang(page), 'zh');
  });

  on('leaves no English sentence in the story, its panel and what is measured', '?lang=zh&register-bits=12', async (page) => {
    for (const more of await page.locator('summary').all()) await more.click();
    await settled(page);
    assert.deepEqual(await english(page, '.page'), []);
    assert.deepEqual(await clipped(page), []);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('leaves no English sentence in the view of the chip', '?lang=zh&view=chip', async (page) => {
    await page.locator('.time-card .figures').waitFor();
    await settled(page);
    // Sources and notes of figures are in the language of the chip's file.
    await page.locator('.chip-form .grade').evaluateAll((all) => all.forEach((one) => one.remove()));
    assert.deepEqual(await english(page, '.page'), []);
    assert.deepEqual(await accessibilityViolations(page), []);
  });
});

onPage('explanations', { timeout: 200_000 }, (on) => {
  const glossary = (page) => page.locator('dialog.glossary');

  on('explains words: by a button, by search, from word to word', '', async (page) => {
    await page.getByRole('button', { name: 'Glossary' }).click();
    const words = await glossary(page).locator('dt').count();
    assert.ok(words >= 30, `${words} words`);
    await page.getByRole('searchbox', { name: 'Find a word' }).fill('wrap');
    assert.deepEqual(await glossary(page).locator('dt').allInnerTexts(), ['Overflow', 'Wrap-around']);
    await page.locator('#term-wrap-around').getByRole('button', { name: 'Saturation' }).click();
    await page.waitForFunction(() => document.activeElement.innerText === 'Saturation');
    assert.equal(await glossary(page).locator('dt').count(), words);
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.getByRole('searchbox', { name: 'Find a word' }).fill('no such word');
    assert.ok(await page.getByText('No word matches “no such word”.').isVisible());
    // The first empties the field.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await glossary(page).waitFor({ state: 'detached' });
  });

  on('opens a word by an address, which goes when it is closed', '?register-bits=16#glossary=register', async (page) => {
    const name = page.locator('#term-register dt');
    await name.waitFor();
    assert.ok(await name.evaluate((name) => name === document.activeElement));
    assert.ok(await page.locator('#term-register math').isVisible());
    await page.getByRole('button', { name: 'Close the glossary' }).click();
    await glossary(page).waitFor({ state: 'detached' });
    assert.match(page.url(), /\?.*register-bits=16$/);
  });

  on('explains controls by hover and by focus, and leads from a setting to its word', '', async (page) => {
    await page.getByRole('button', { name: 'About Scaled integration' }).hover();
    assert.ok(await page.locator('#tip-scaling').isVisible());
    await page.getByRole('button', { name: 'About Scaled integration' }).focus();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Glossary: Scaled integration');
    // The pointer leaves, as it does by itself where something above grows: what has the focus stays.
    await page.mouse.move(700, 500);
    assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Glossary: Scaled integration');
    await page.keyboard.press('Escape');
    await page.locator('#tip-scaling').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'About Scaled integration');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.innerText === 'Scaled integration');
    await page.keyboard.press('Escape');
    await glossary(page).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Step forward' }).focus();
    await page.locator('#hint-steps math').waitFor();
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.keyboard.press('Escape');
    await page.locator('#hint-steps').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'About Timeline' }).hover();
    await page.locator('#hint-timeline').waitFor();
  });

  on('explains by touch on a narrow screen, within its edges', '', async (page) => {
    await page.getByRole('button', { name: 'About Timeline' }).click();
    await page.locator('#hint-timeline').waitFor();
    const area = await page.locator('#hint-timeline').boundingBox();
    assert.ok(area.x >= 0 && area.x + area.width <= 390 && area.y >= 0, JSON.stringify(area));
  }, { width: 390 });
});
