// What a visitor does with the page: looks, sets, picks, draws, opens, goes back; and what goes wrong.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import {
  accessibilityViolations,
  badge,
  clipped,
  file,
  modelField,
  notices,
  npy,
  onPage,
  sampleField,
  settled,
} from './harness.mjs';

const DIGITS = new URL('../../assets/models/digits-mlp.onnx', import.meta.url);
const STRIDED = new URL('../corpus/conv-stride-2/model.onnx', import.meta.url);
const FLOAT = new URL('../../assets/models/mnist-cnn.float.onnx', import.meta.url);

onPage('exploring', { timeout: 400_000 }, (on, serving) => {
  const time = (page) => page.getByRole('slider', { name: 'Time step' });

  on('opens with a digit that runs exactly', '', async (page) => {
    assert.match(await badge(page), /codes equal, 1\s000 of 1\s000/);
    assert.match(await page.locator('.walk-caption').innerText(), /a 3$/);
    assert.equal(await page.locator('.stage').count(), 6);
  });

  on('says what a narrow register costs, and leads to the neuron', '?register-bits=10&scaling=off', async (page) => {
    assert.match(await badge(page), /codes equal in \d+ of 1\s000[\s\S]*quantized network 98\.5\s%/);
    const overflow = page.getByRole('button', { name: /overflowed .* times .*; first at neuron/ });
    await overflow.click();
    assert.match(await page.locator('#membrane-title').innerText(), /^Membrane of conv1/);
  });

  on('says layer by layer what is wrong, and mends it at a press', '?register-bits=12', async (page) => {
    const findings = page.locator('.findings');
    const first = findings.getByRole('listitem').first();
    assert.match(await first.innerText(), /^conv1\s+(loss|fault)[\s\S]*Set register-bits to 19$/);
    assert.deepEqual(await accessibilityViolations(page), []);
    await first.getByRole('button', { name: 'Set register-bits to 19, for conv1' }).click();
    await page.waitForURL(/[?&]register-bits=19$/);
    await settled(page);
    assert.match(await findings.innerText(), /1 layer is exact, proven for any input/);
    assert.doesNotMatch(await findings.locator('> ul').innerText(), /conv1/);
  });

  on('keeps settings in the address, where back finds them', '', async (page) => {
    await page.locator('#set-register-bits').fill('16');
    await page.waitForURL(/[?&]register-bits=16$/);
    await page.getByText(/^M₀ ≥ 0\.\d+$/).waitFor();
    await page.getByRole('radio', { name: 'least first' }).check({ force: true });
    await page.waitForURL(/order=lsb/);
    await page.goBack();
    await page.waitForURL(/[?&]register-bits=16$/);
    assert.ok(await page.getByRole('radio', { name: 'most first' }).isChecked());
    await page.getByRole('button', { name: 'Reset to defaults' }).click();
    await page.waitForFunction(() => location.search === '');
  });

  on('says what is wrong with an address and ignores it', '?register-bits=99&model=nope&sample=5000', async (page) => {
    const text = await notices(page).innerText();
    assert.match(text, /'99' is not a value of register-bits; it takes 4 to 32 bits/);
    assert.match(text, /no model 'nope'/);
    assert.match(text, /no sample 5000/);
    assert.match(await badge(page), /codes equal, 1\s000/);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('moves through time by keyboard', '', async (page) => {
    await time(page).focus();
    await page.keyboard.press('Home');
    assert.equal(await time(page).getAttribute('aria-valuetext'), 'step 1 of 32, bit 7 of the input’s codes');
    await page.keyboard.press('PageUp');
    await page.keyboard.press('ArrowRight');
    assert.equal(await time(page).getAttribute('aria-valuetext'), 'step 10 of 32, bit 6 of conv1’s codes');
    await page.keyboard.press('End');
    assert.equal(await time(page).getAttribute('aria-valuenow'), '32');
    await page.keyboard.press('Space');
    await page.waitForFunction(() => document.querySelector('[role=slider]').ariaValueNow === '2');
    assert.ok(await page.getByRole('button', { name: 'Pause' }).isVisible());
  });

  on('explains each setting by focus, and Escape closes it', '', async (page) => {
    const about = page.getByRole('button', { name: 'About Scaled integration' });
    await about.focus();
    assert.ok(await page.locator('#tip-scaling math').isVisible());
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.keyboard.press('Escape');
    assert.ok(!(await page.locator('#tip-scaling').isVisible()));
  });

  on('walks through samples', '', async (page) => {
    await page.getByRole('button', { name: /labelled 7/ }).click();
    await page.waitForURL(/[?&]sample=653$/);
    await page.getByRole('button', { name: 'Next sample' }).click();
    await page.waitForURL(/[?&]sample=654$/);
  });

  on('reads what is drawn while it is drawn', '', async (page) => {
    await page.getByRole('button', { name: 'Draw…' }).click();
    const area = await page.locator('.pad-canvas').boundingBox();
    const to = (x, y) => [area.x + area.width * x, area.y + area.height * y];
    await page.mouse.move(...to(0.3, 0.2));
    await page.mouse.down();
    await page.mouse.move(...to(0.7, 0.2), { steps: 8 });
    await page.mouse.move(...to(0.45, 0.85), { steps: 8 });
    await page.waitForFunction(() => /read as 7/.test(document.querySelector('.pad-result').innerText));
    await page.mouse.up();
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.getByRole('button', { name: 'Done' }).click();
    assert.equal(await page.locator('.walk-caption').innerText(), 'your drawing');
  });

  on('keeps its model when a file is no model', '', async (page) => {
    await modelField(page).setInputFiles(file('broken.onnx', Buffer.from('no model at all')));
    await notices(page).getByText('broken.onnx can').waitFor();
    await sampleField(page).setInputFiles(file('notes.txt', Buffer.from('no sample')));
    await notices(page).getByText('It is neither a model').waitFor();
    assert.match(await badge(page), /codes equal, 1\s000/);
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.getByRole('button', { name: /^Dismiss: broken/ }).click();
    assert.equal(await notices(page).getByText('broken.onnx').count(), 0);
  });

  on('quantizes a float model of the visitor on the data at hand', '', async (page) => {
    const quantization = page.getByRole('region', { name: 'Quantization' });
    assert.equal(await quantization.count(), 0);
    await modelField(page).setInputFiles(file('float.onnx', await readFile(FLOAT)));
    await page.locator('option', { hasText: 'float.onnx' }).waitFor({ state: 'attached' });
    await quantization.waitFor();
    await settled(page);
    assert.match(await badge(page), /codes equal, 1\s000/);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('opens a model of the visitor, with the data at hand if they fit', '?model=digits-mlp', async (page) => {
    await modelField(page).setInputFiles(file('mine.onnx', await readFile(DIGITS)));
    await page.locator('option', { hasText: 'mine.onnx' }).waitFor({ state: 'attached' });
    await settled(page);
    assert.match(await badge(page), /codes equal, 360 of 360/);
  });

  on('takes a model that is dropped on it, without data', '', async (page) => {
    const bytes = [...(await readFile(DIGITS))];
    const dropped = await page.evaluateHandle((bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], 'dropped.onnx'));
      return transfer;
    }, bytes);
    await page.dispatchEvent('.page', 'dragover', { dataTransfer: dropped });
    assert.ok(await page.getByText('Drop it here').isVisible());
    await page.dispatchEvent('.page', 'drop', { dataTransfer: dropped });
    await page.waitForFunction(() => /for this sample/.test(document.querySelector('.badge').innerText));
    assert.match(await badge(page), /codes equal for this sample/);
  });

  on('says what a model without samples can\'t show, and clips nothing', '', async (page) => {
    await modelField(page).setInputFiles(file('a-model-of-mine-with-a-long-name.onnx', await readFile(STRIDED)));
    await page.waitForFunction(() => /for this sample/.test(document.querySelector('.badge').innerText));
    await settled(page);
    assert.match(await page.locator('.walk-caption').innerText(), /^random, seed 1$/);
    assert.ok(await page.getByText('Errors are measured over samples').isVisible());
    await page.getByRole('button', { name: 'Random values' }).click();
    assert.deepEqual(await clipped(page), []);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('clips nothing in its panel, whatever is set', '?register-bits=12', async (page) => {
    for (const more of await page.locator('summary').all()) await more.click();
    await settled(page);
    assert.deepEqual(await clipped(page), []);
  });

  on('takes arrays as samples, and says what fits if one does not', '', async (page) => {
    await sampleField(page).setInputFiles(file('blank.npy', npy('<f8', '(1, 1, 28, 28)', Buffer.alloc(784 * 8))));
    await page.waitForFunction(() => document.querySelector('.walk-caption').innerText === 'blank.npy');
    await sampleField(page).setInputFiles(file('small.npy', npy('<f4', '(3, 5)', Buffer.alloc(15 * 4))));
    await notices(page).getByText('It has the shape 3 × 5, but the model takes 1 × 28 × 28').waitFor();
    await sampleField(page).setInputFiles(file('words.npy', Buffer.from('no array')));
    await notices(page).getByText('words.npy can').waitFor();
    assert.equal(await page.locator('.walk-caption').innerText(), 'blank.npy');
  });

  on('lets arrow keys draw', '', async (page) => {
    await page.getByRole('button', { name: 'Draw…' }).click();
    await page.locator('.pad-canvas').focus();
    await page.keyboard.press('Space');
    for (let step = 0; step < 12; step++) await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => /read as 1/.test(document.querySelector('.pad-result').innerText));
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on(
    'shows the layer that listens on a narrow screen, until the visitor swipes',
    '',
    async (page) => {
      const scrolled = () => page.evaluate(() => document.querySelector('.stages').scrollLeft);
      await time(page).focus();
      await page.keyboard.press('End');
      await page.waitForFunction(() => document.querySelector('.stages').scrollLeft > 400);
      await page.locator('.stages').hover();
      await page.mouse.wheel(-2000, 0);
      await page.waitForFunction(() => document.querySelector('.stages').scrollLeft < 100);
      await page.keyboard.press('PageDown');
      await page.waitForTimeout(300);
      assert.ok((await scrolled()) < 100);
    },
    { width: 390, motion: true },
  );

  test('says so if its engine does not start', async () => {
    const { browser, url } = serving();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route('**/worker_bg.wasm', (route) => route.abort());
    await page.goto(url);
    await notices(page).getByText('The engine has not started').waitFor();
    assert.match(await notices(page).innerText(), /load the page again/);
    await context.close();
  });

  on('changes its theme and remembers it', '', async (page) => {
    await page.getByRole('button', { name: /^Theme: system/ }).click();
    await page.getByRole('button', { name: /^Theme: light/ }).click();
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  });

  on(
    'has its settings in a drawer on a narrow screen',
    '',
    async (page) => {
      assert.ok(!(await page.locator('#settings').isVisible()));
      await page.getByRole('button', { name: 'Settings', exact: true }).click();
      await page.locator('#set-register-bits').fill('20');
      assert.deepEqual(await accessibilityViolations(page), []);
      await page.keyboard.press('Escape');
      await page.locator('#settings').waitFor({ state: 'hidden' });
      await page.waitForURL(/register-bits=20/);
    },
    { width: 390 },
  );
});
