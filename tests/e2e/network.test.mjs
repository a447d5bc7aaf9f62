// The view of the network: the graph and what is inside its layers, held against what `sdann inspect` and
// `sdann quantize` say of the same files.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { SCHEMES, WIDTHS, accessibilityViolations, clipped, onPage, settled } from './harness.mjs';

/** What `sdann inspect --json` says of a shipped model, and `sdann quantize --json` of a float one (tests/cli.rs holds them to it). */
const fixture = async (name) =>
  JSON.parse(await readFile(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));

/** Numbers as they are read: thin spaces are no part of them, and minus signs are typographic. */
const plain = (text) => text.replace(/[\u202f ]/g, '').replaceAll('−', '-');
const number = (text) => Number(plain(text));

onPage('the network', { timeout: 400_000 }, (on) => {
  const node = (page, name) => page.locator('.graph-frame .node').filter({ has: page.locator('.name', { hasText: name }) });
  /** The view is complete when nothing is counted any more. */
  const complete = async (page) => {
    await page.locator('.layers-table').waitFor({ state: 'attached' });
    await settled(page);
  };
  const cells = (row) => row.locator('th, td').allInnerTexts();

  on('is a view of its own, whose graph has a box for every layer', '?view=network&model=mnist-residual', async (page) => {
    await complete(page);
    const report = await fixture('inspect-mnist-residual');
    assert.equal(await page.getByRole('option').count() - (await page.locator('select option').count()), report.layers.length + 1);
    assert.equal(await page.getByRole('link', { name: 'Network', exact: true }).getAttribute('aria-current'), 'page');
    // Shortcuts pass beside the layers that they skip.
    assert.ok((await page.locator('.edges path').count()) > report.layers.length);
  });

  on('pages through weights that are too many to be shown', '?view=network', async (page) => {
    await complete(page);
    await node(page, /^dense1?$|fc1|dense/).first().click();
    const pager = page.locator('.pager').first();
    await pager.waitFor();
    assert.match(await pager.innerText(), /outputs 0 to 21 of 64/);
    await page.getByRole('button', { name: 'Outputs behind' }).click();
    await page.locator('.pager', { hasText: 'outputs 22 to 43 of 64' }).waitFor();
  });

  on('counts codes of this run and of the calibration samples', '?view=network', async (page) => {
    await complete(page);
    await node(page, 'conv1').click();
    await page.locator('#codes-title', { hasText: 'conv1' }).waitFor();
    await page.locator('.codes-card .legend', { hasText: '200 calibration samples' }).waitFor();
    const row = page.locator('.stats tbody tr').first();
    const [, here, all] = (await cells(row)).map(number);
    assert.deepEqual([here, all], [16 * 14 * 14, 200 * 16 * 14 * 14]);
    assert.match(await page.locator('#layer-title ~ p, .layer-card').first().innerText(), /Convolution/);
  });

  on('says of a quantized model why there is nothing to set', '?view=network', async (page) => {
    await complete(page);
    assert.match(await page.locator('.quantization-card').innerText(), /was quantized before it was opened/);
    assert.equal(await page.locator('.ptq-field').count(), 0);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /\.sdann/ }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'mnist-cnn-int8.sdann');
    const bytes = await readFile(await download.path());
    assert.equal(bytes.subarray(0, 2).toString(), 'PK');
  });

  on('quantizes a float model at once, and says what sdann quantize says', '?view=network&model=mnist-cnn-float&weight-bits=4', async (page) => {
    await complete(page);
    await page.locator('.labels-equal', { hasText: /gives the float model/ }).waitFor();
    const report = await fixture('quantize-mnist-cnn');
    const percent = async (name) => number((await page.locator(`.effect-${name} .number`).innerText()).replace('%', ''));
    assert.equal(await percent('float'), 100 * report.float_quality);
    assert.equal(await percent('quantized'), 100 * report.quantized_quality);
    assert.ok((await page.locator('.labels-equal').innerText()).startsWith(`The quantized network gives the float model's label for ${report.labels_equal} of`));
    const rows = page.locator('.tensors-table tbody tr');
    assert.equal(await rows.count(), report.tensors.length);
    for (const [index, tensor] of report.tensors.entries()) {
      const found = await cells(rows.nth(index));
      assert.equal(number(found[3]), tensor.zero_point);
      assert.equal(plain(found[6]).replace('dB', ''), tensor.sqnr.toFixed(1));
    }
  });

  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      on(
        `is accessible and fits at ${width} px, ${scheme}`,
        '?view=network&model=digits-mlp',
        async (page) => {
          await complete(page);
          assert.deepEqual(await accessibilityViolations(page), []);
          assert.deepEqual(await clipped(page), []);
        },
        { width, scheme },
      );
    }
  }
});
