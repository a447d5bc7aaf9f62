// The view of trade-offs: sweeps that count what the command line counts, however many workers there are; their
// pictures, by pointer and keyboard; and two points side by side.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { file, modelField, onPage, settled } from './harness.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ASSETS = join(ROOT, 'assets');

/** What `sdann sweep --json` counts; `null` where the command line has not been built. */
function commandLine(model, data, axes) {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
  const program = ['release', 'debug'].map((profile) => join(target, profile, 'sdann')).find(existsSync);
  if (!program) return null;
  const output = join(mkdtempSync(join(tmpdir(), 'sweep-')), 'sweep.csv');
  const flags = axes.flatMap((axis) => ['--axis', axis]);
  const all = ['sweep', join(ASSETS, 'models', model), ...data, ...flags, '--json', '-o', output];
  return JSON.parse(execFileSync(program, all, { encoding: 'utf8', cwd: ROOT })).rows;
}

const DIGITS = [
  ...['--data', 'assets/datasets/digits-test-images.idx3-ubyte.gz'],
  ...['--labels', 'assets/datasets/digits-test-labels.idx1-ubyte.gz'],
  ...['--calibration', 'assets/datasets/digits-calibration-images.idx3-ubyte.gz'],
  ...['--divide-by', '16'],
];

/** Every row of the table of all points: the axes' values, then the counts. */
const table = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.points-table tbody tr')].map((row) => ({
      settings: [...row.querySelectorAll('th')].map((cell) => cell.textContent),
      counts: [...row.querySelectorAll('td')].map((cell) => cell.dataset.value ?? null),
    })),
  );

const rowOf = ({ settings, samples, codes_equal, labels_equal, equal_share, quality, reference_quality, spikes, synaptic_operations, overflows }) => ({
  settings,
  counts: [samples, codes_equal, labels_equal, equal_share, quality, reference_quality, spikes, synaptic_operations, overflows],
});

const status = (page) => page.locator('.sweep-status');
const done = async (page) => {
  await page.waitForFunction(() => /^(Done|完成)/.test(document.querySelector('.sweep-status')?.textContent ?? ''), null, { timeout: 120_000 });
};
const counts = async (page) =>
  (await table(page)).map(({ settings, counts }) => ({ settings, counts: counts.slice(0, 9).map((count) => (count === null ? null : Number(count))) }));

onPage('trade-offs', { timeout: 400_000 }, (on) => {
  const DIGITS_SWEEP = '?view=trade-offs&model=digits-mlp&x-axis=register-bits:6..14..2&y-axis=rounding:floor,half-even';

  on('a sweep counts what the command line counts, with one worker and with three', DIGITS_SWEEP, async (page) => {
    await done(page);
    const first = await counts(page);
    assert.equal(first.length, 10);
    assert.equal(await page.locator('.heat-cell').count(), 10);
    const expected = commandLine('digits-mlp.onnx', DIGITS, ['register-bits=6..14..2', 'rounding=floor,half-even']);
    if (expected) assert.deepEqual(first, expected.map(rowOf));
    for (const workers of ['1', '3']) {
      await page.getByLabel('Workers').selectOption(workers);
      await page.getByRole('button', { name: 'Run again' }).click();
      await done(page);
      assert.deepEqual(await counts(page), first, `${workers} workers`);
    }
  });

  on('a float model is quantized anew at every point', '?model=digits-mlp', async (page) => {
    const bytes = readFileSync(join(ASSETS, 'models/digits-mlp.float.onnx'));
    await modelField(page).setInputFiles(file('digits-mlp.float.onnx', bytes));
    await page.getByRole('heading', { name: 'Quantization' }).first().waitFor();
    await settled(page);
    await page.getByRole('link', { name: 'Trade-offs' }).click();
    await done(page);
    const found = await counts(page);
    assert.equal(found.length, 49);
    const expected = commandLine('digits-mlp.float.onnx', DIGITS, ['weight-bits=2..8', 'activation-bits=2..8']);
    if (expected) assert.deepEqual(found, expected.map(rowOf));
  });

  on('a cell’s settings are used by pointer and by keyboard, and the map marks them', DIGITS_SWEEP, async (page) => {
    await done(page);
    const width = page.locator('#set-register-bits');
    await page.getByRole('button', { name: /^Width 8, Rounding floor/ }).first().click();
    assert.equal(await width.inputValue(), '8');
    await page.locator('.heat-cell.is-present').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('#set-register-bits').value === '10');
    assert.equal(await page.locator('.heat-cell[aria-pressed=true]').getAttribute('id'), await page.evaluate(() => document.activeElement.id));
    assert.match(await page.locator('.readout-head h2').innerText(), /^Width 10, Rounding floor$/);
    await page.locator('.pareto-dot.is-present').waitFor();
  });

  on('two points stand side by side, with the samples that they answer differently', DIGITS_SWEEP, async (page) => {
    await done(page);
    await page.getByRole('button', { name: /^Width 6, Rounding floor/ }).first().click();
    await page.getByRole('button', { name: 'Compare as A' }).click();
    await page.getByRole('button', { name: /^Width 14, Rounding half-even/ }).first().click();
    await page.getByRole('button', { name: 'Compare as B' }).click();
    const rows = await page.locator('.pair-table tbody tr').allInnerTexts();
    assert.match(rows[0], /^Register: Width\s+6\s+14/);
    assert.match(rows[1], /^Register: Rounding\s+floor\s+half-even/);
    await page.locator('.pair-sample').first().waitFor();
    const [, answers] = /([\d]+) samples are answered differently/.exec(await page.locator('.pair-samples h3').innerText());
    assert.ok(Number(answers) > 0);
    const label = await page.locator('.pair-sample').first().getAttribute('aria-label');
    const [, sample, a, b] = /^Sample (\d+): A says (\d), B says (\d)/.exec(label);
    assert.notEqual(a, b);
    await page.locator('.pair-sample').first().click();
    await page.waitForURL(new RegExp(`[?&]sample=${sample}(&|$)`));
  });

  on('a sweep waits, goes on, and ends in the same counts', '?view=trade-offs', async (page) => {
    await page.getByRole('button', { name: 'Pause' }).click();
    assert.match(await status(page).innerText(), /^Paused at /);
    const paused = await status(page).innerText();
    await page.waitForTimeout(400);
    assert.equal(await status(page).innerText(), paused);
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await page.locator('.heat-cell').count(), 0);
    await page.locator('.sweep-rest select').first().selectOption('100');
    await page.getByRole('button', { name: 'Run the sweep' }).click();
    await done(page);
    const found = await counts(page);
    assert.ok(found.every(({ counts }) => counts[0] === 100));
    // What was swept is in the address, and the results come back with it.
    await page.waitForURL(/sweep-samples=100/);
    await page.getByRole('link', { name: 'Story' }).click();
    await page.locator('.story').waitFor();
    await page.getByRole('link', { name: 'Trade-offs' }).click();
    assert.deepEqual(await counts(page), found);
    await page.reload();
    await page.locator('.points-table').waitFor({ state: 'attached' });
    assert.match(await status(page).innerText(), /^Done/);
    assert.deepEqual(await counts(page), found);
  });

  on('energy and latency are told of a chip whose figures are known, and called unknown elsewhere', DIGITS_SWEEP + '&against=energy', async (page) => {
    await done(page);
    const isKnown = (await page.locator('.pareto-dot').count()) > 0;
    const chip = await page.locator('#set-chip').inputValue();
    assert.ok(isKnown || /Unknown on this chip/.test(await page.locator('.pareto-place').innerText()), chip);
  });

  on('speaks Chinese', DIGITS_SWEEP + '&lang=zh', async (page) => {
    await done(page);
    assert.equal(await page.locator('#sweep-title').innerText(), '扫描');
  });
});
