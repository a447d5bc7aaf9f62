// The view of codes: bit-serial spikes beside others. Numbers are those of `sdann compare --json`, which
// tests/fixtures/compare-digits.json holds; its README tells the command.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { accessibilityViolations, onPage } from './harness.mjs';

const FIXTURE = new URL('../fixtures/compare-digits.json', import.meta.url);

/** Numbers as they are read: thin spaces are no part of them. */
const plain = (text) => text.replace(/\u202f/g, '').trim();
const percent = (count, of) => `${((100 * count) / of).toFixed(1)}%`;

onPage('codes', { timeout: 400_000 }, (on) => {
  const DIGITS = '?view=codes&model=digits-mlp';
  /** All samples that are wanted were compared, and all lanes have come. */
  const complete = async (page, samples) => {
    const status = page.locator('.codes-progress [role=status]');
    await page.waitForFunction((wanted) => {
      const text = document.querySelector('.codes-progress [role=status]')?.textContent ?? '';
      return text.replace(/\u202f/g, '') === `${wanted} samples compared`;
    }, samples);
    await page.waitForFunction(() => document.querySelector('.race')?.getAttribute('aria-busy') === 'false');
    return status;
  };
  const press = (page, group, name) =>
    page.getByRole('radiogroup', { name: group }).getByRole('radio', { name, exact: true }).check({ force: true });

  on('show the numbers of sdann compare, code by code and step by step', DIGITS, async (page) => {
    await complete(page, 100);
    for (const name of ['rate, hard reset', 'rate, signed']) {
      await page.locator('.code-chips').getByRole('button', { name, exact: true }).click();
    }
    await press(page, 'Samples', 'all');
    await complete(page, 360);
    const wanted = JSON.parse(await readFile(FIXTURE, 'utf8'));
    const { samples, labelled } = wanted;
    const mean = (count) => String(Math.floor((count + Math.floor(samples / 2)) / samples));
    const expected = wanted.codes.flatMap(({ code, points }) =>
      points.map((point) => {
        const spikes = point.input_spikes + point.layer_spikes.reduce((sum, spikes) => sum + spikes, 0);
        const shares = [percent(point.correct, labelled), percent(point.equal, samples)];
        const counts = [spikes, point.synaptic_operations, point.multiply_accumulates].map(mean);
        return [code, String(point.steps), String(point.latency), ...shares, ...counts].join(' ');
      }),
    );
    const rows = await page.locator('.codes-numbers-card tbody tr').evaluateAll((rows) =>
      rows.map((row) => [row.dataset.code, ...[...row.querySelectorAll('td')].map((cell) => cell.textContent)].join(' ')),
    );
    assert.deepEqual(rows.map(plain), expected);
    assert.equal(expected.length, 49);
    // Seven curves with a mark for each row, in both charts, and each with its name.
    assert.equal(await page.locator('.codes-steps-card .chart-name').count(), 7);
    const said = plain(await page.locator('.codes-said').innerText());
    assert.match(said, /very integers of the quantized network, code for code, on all 360 samples; accuracy 97\.5%/);
    const level = wanted.codes[0].points[0].integers.correct;
    assert.equal(plain(await page.locator('.codes-steps-card .chart-level').textContent()), `integer network ${percent(level, labelled)}`);
  });

  on('are chosen by chips, limits and thresholds', DIGITS, async (page) => {
    await complete(page, 100);
    const curves = () => page.locator('.codes-steps-card .chart-series').count();
    const rows = () => page.locator('.codes-numbers-card tbody tr').count();
    assert.deepEqual([await curves(), await rows()], [5, 33]);
    const chip = page.locator('.code-chips').getByRole('button', { name: 'phase' });
    await chip.click();
    assert.equal(await chip.getAttribute('aria-pressed'), 'false');
    assert.deepEqual([await curves(), await rows()], [4, 25]);
    assert.equal(await page.locator('.lane[data-code]').count(), 4);
    await press(page, 'Time steps T, at most', '16');
    assert.equal(await rows(), 1 + 3 * 5);
    const cell = () => page.locator('tr[data-code="rate"][data-steps="8"] td').nth(4).innerText();
    const before = await cell();
    await press(page, 'A full rate stands for', 'the largest');
    await page.waitForFunction((before) => {
      const row = document.querySelector('tr[data-code="rate"][data-steps="8"]');
      return row && row.querySelectorAll('td')[4].textContent !== before;
    }, before);
    await complete(page, 100);
    // A larger threshold is reached less often.
    assert.ok(Number(plain(await cell())) < Number(plain(before)), `${await cell()} are fewer than ${before}`);
    // The last code stays.
    for (const name of ['bit-serial', 'rate', 'rate, half start', 'first spike']) {
      await page.locator('.code-chips').getByRole('button', { name, exact: true }).click();
    }
    assert.equal(await page.locator('.code-chips [aria-pressed="true"]').count(), 1);
  });

  on('run a race that can be started, scrubbed and read', DIGITS, async (page) => {
    await complete(page, 100);
    assert.equal(await page.locator('.lane[data-code]').count(), 5);
    // It is found at its end: all flags stand, and the podium is filled.
    assert.equal(await page.locator('.flag').count(), 5);
    const podium = page.locator('.podium tbody tr');
    assert.equal(await podium.count(), 5);
    const places = await podium.evaluateAll((rows) =>
      rows.map((row) => ({ settled: Number(row.children[2].textContent), right: row.children[6].textContent.includes('✓') })),
    );
    const order = [...places].sort((a, b) => Number(b.right) - Number(a.right) || a.settled - b.settled);
    assert.deepEqual(places, order);
    const spikes = (code) => page.locator(`.lane[data-code="${code}"] .lane-spikes b`).innerText().then((text) => Number(plain(text)));
    const clock = page.getByRole('slider', { name: 'Time step of the race' });
    const end = await spikes('rate');
    await clock.fill('3');
    assert.match(plain(await page.locator('.race-step').innerText()), /^step 3 of 32$/);
    assert.ok((await spikes('rate')) < end);
    assert.ok((await podium.first().innerText()).includes('…'), 'nobody has won yet');
    await clock.fill('0');
    assert.equal(await spikes('rate'), 0);
    assert.equal(await page.locator('.flag').count(), 0);
    await clock.fill('32');
    assert.equal(await spikes('rate'), end);
    // Both clocks run and stand together.
    await page.getByRole('button', { name: 'Start the race' }).click();
    await page.waitForFunction(() => Number(document.querySelector('.race-scrub input').value) > 2);
    await page.keyboard.press('Escape');
    await page.locator('.race-controls').getByRole('button', { name: 'Pause' }).click();
    const at = await clock.inputValue();
    await page.waitForTimeout(400);
    assert.equal(await clock.inputValue(), at);
    assert.equal(await page.locator('.timeline').getByRole('button', { name: 'Play' }).count(), 1);
  });

  on('say a number in four ways on the blackboard', DIGITS, async (page) => {
    const train = (code) => page.locator(`.train[data-code="${code}"]`);
    const said = async (code) => plain(await train(code).locator('.train-sum').innerText());
    assert.equal(await said('bit-serial'), '4 + 1 = 5, exactly');
    assert.equal(await said('rate'), '5 spikes / 7 steps = 0.71');
    assert.equal(await train('rate').locator('.fires').count(), 5);
    const slider = page.locator('#codes-value');
    await slider.fill('6');
    assert.equal(await said('bit-serial'), '4 + 2 = 6, exactly');
    assert.equal(await said('first-spike'), 'at step 2 of 7: 0.86');
    await press(page, 'Bits K', '4');
    assert.equal(await slider.inputValue(), '13');
    assert.equal(await train('bit-serial').locator('.fires').count(), 3);
    await slider.fill('0');
    assert.equal(await said('first-spike'), 'never: 0');
  });

  on('measure distances where there are no classes', '?view=codes&model=sine-regression', async (page) => {
    await complete(page, 100);
    await page.getByRole('heading', { name: 'Distance against time' }).waitFor();
    const numbers = await page.locator('.lane-number').allInnerTexts();
    assert.equal(numbers.length, 5);
    assert.equal(await page.locator('.podium').count(), 0);
    assert.match(await page.locator('.codes-said').innerText(), /The nearest of the others is/);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('say why a network has no counterpart in other codes', '?view=codes&model=mnist-denoiser', async (page) => {
    const problem = page.locator('.codes-problem-card');
    await problem.waitFor();
    assert.match(await problem.innerText(), /Sigmoid.*has no counterpart among integrate-and-fire neurons/);
    // Another network has.
    await page.getByRole('combobox', { name: 'Network' }).selectOption({ label: 'Digits MLP, int8' });
    await complete(page, 100);
    assert.equal(await problem.count(), 0);
  });
});
