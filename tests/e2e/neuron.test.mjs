// The view of one neuron: its numbers are those of the command line, every way through it works.
//
// The fixtures are the command line's answers, made in assets/ by
//   sdann trace models/mnist-cnn.onnx --data datasets/mnist-test-images.idx3-ubyte.gz \
//     --calibration datasets/mnist-calibration-images.idx3-ubyte.gz --divide-by 255 --sample 7 \
//     --layer conv2 --neuron 550 --register-bits 12 --scaling off --json
// and the like: model, settings, sample, layer and neuron stand in each file.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { accessibilityViolations, onPage, settled } from './harness.mjs';

/** Numbers as they are read: thin spaces are no part of them, and a minus is a hyphen. */
const plain = (text) => text.replace(/[\u202f\u2009]/g, '').replace(/\u2212/g, '-').trim();
const number = (text) => Number(plain(text).replace(/^\+/, ''));

const fixture = async (name) =>
  JSON.parse(await readFile(new URL(`fixtures/trace-${name}.json`, import.meta.url), 'utf8'));

/** Fixtures, and what of their settings the address holds. */
const TRACES = {
  'mnist-cnn': { settings: ['register-bits', 'scaling'] },
  'mnist-residual': { settings: ['register-bits'] },
  'sine-regression': { settings: ['register-bits'] },
};

onPage('the view of one neuron', { timeout: 400_000 }, (on) => {
  const bench = (page) => page.locator('.bench-card');
  const scope = (page) => page.getByRole('slider', { name: 'Time step of this neuron' });
  const timeline = async (page) => Number(await page.getByRole('slider', { name: 'Time step', exact: true }).getAttribute('aria-valuenow'));
  const traced = async (page) => {
    await bench(page).locator('.bench').waitFor();
    await settled(page);
    await page.waitForFunction(() => !document.querySelector('.is-stale'));
  };
  const choose = async (page, layer, neuron) => {
    await page.locator('.choose-layer select').selectOption({ index: layer + 1 });
    const field = page.locator('.choose-fields .number');
    await field.fill(String(neuron));
    await field.press('Enter');
    await field.blur();
    await traced(page);
  };
  const value = async (page, what) => number(await page.locator(`.derivation [data-value="${what}"]`).textContent());

  for (const [name, { settings }] of Object.entries(TRACES)) {
    const query = async () => {
      const told = await fixture(name);
      return `?view=neuron&model=${name}&sample=${told.sample}&${settings.map((key) => `${key}=${told.settings[key]}`).join('&')}`;
    };
    on(`shows the numbers of sdann trace for ${name}`, '', async (page) => {
      const [told] = (await fixture(name)).neurons;
      await page.goto(page.url() + (await query()));
      await settled(page);
      await choose(page, told.layer, told.neuron);
      await scope(page).focus();
      await page.keyboard.press('End');
      // Every step of every dendrite.
      await page.getByText('All numbers as a table').click();
      const tables = page.locator('.bench-table table');
      assert.equal(await tables.count(), told.dendrites.length);
      for (const [index, dendrite] of told.dendrites.entries()) {
        const rows = await tables.nth(index).locator('tbody tr').all();
        assert.equal(rows.length, dendrite.steps.length);
        for (const [at, step] of dendrite.steps.entries()) {
          const cells = await rows[at].locator('td').allInnerTexts();
          assert.deepEqual(cells.slice(1, 7).map(number), [step.spikes, step.sum, step.current, step.scaled, step.before, step.after]);
          assert.equal(plain(cells[7]), step.overflow === null ? '' : `should be ${step.overflow}`);
        }
      }
      // V, and what is fired.
      if (told.code !== null) {
        assert.equal((await value(page, 'V')).toFixed(3), told.potential.toFixed(3));
        assert.equal(await value(page, 'code'), told.code);
        const verdict = await bench(page).locator('.bench-verdict').innerText();
        assert.match(plain(verdict), told.code === told.reference ? /^✓/ : new RegExp(`✗ the ANN has ${told.reference}`));
      }
      // The synapses that add most.
      await page.getByRole('radio', { name: 'whole window' }).check({ force: true });
      const lists = page.locator('.why-list');
      for (const [index, dendrite] of told.dendrites.entries()) {
        const largest = dendrite.sources.filter((source) => source.contribution !== 0).slice(0, 10);
        const rows = await lists.nth(index).locator('tbody tr').all();
        assert.equal(rows.length, largest.length);
        for (const [at, source] of largest.entries()) {
          const cells = await rows[at].locator('td').allInnerTexts();
          assert.deepEqual([number(cells[0]), number(cells[1].split(' − ')[0]), number(cells[3])], [source.weight, source.code, source.contribution]);
        }
        const sum = dendrite.sources.reduce((sum, source) => sum + source.contribution, dendrite.others.contribution);
        assert.equal(number(await lists.nth(index).locator('.why-sum td').innerText()), sum);
      }
    });
  }

  on('moves the shared playhead by keys and by pointer', '?view=neuron', async (page) => {
    await traced(page);
    await scope(page).focus();
    await page.keyboard.press('Home');
    const start = await timeline(page);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.equal(await timeline(page), start + 2);
    assert.match(await scope(page).getAttribute('aria-valuetext'), /^step 2 of 8, bit of weight 2⁶, U = /);
    const box = await scope(page).boundingBox();
    const columns = Number(await scope(page).getAttribute('aria-valuemax')) + 1;
    await page.mouse.click(box.x + (box.width * 8.5) / columns, box.y + box.height / 2);
    assert.equal(await scope(page).getAttribute('aria-valuenow'), '8');
    assert.equal(await timeline(page), start + 8);
  });

  on('walks upstream from a bit to the pixel, and back', '?view=neuron', async (page) => {
    await traced(page);
    await choose(page, 1, 550);
    await page.getByRole('radio', { name: 'whole window' }).check({ force: true });
    const first = page.locator('.why-list tbody button').first();
    const name = await first.innerText();
    assert.match(name, /^conv1 /);
    await first.click();
    await traced(page);
    assert.equal(await page.locator('.trail [aria-current]').innerText(), name);
    assert.match(await bench(page).locator('h2').innerText(), /^conv1 /);
    const pixel = page.locator('.why-list tbody button').first();
    assert.match(await pixel.innerText(), /^input /);
    await pixel.click();
    await page.locator('.why-pixel').waitFor();
    assert.match(plain(await page.locator('.why-pixel').innerText()), /the sample is [\d.]+, sent as code -?\d+/);
    assert.equal(await page.locator('.origin-picture .chosen').count(), 1);
    await page.locator('.trail button').first().click();
    await traced(page);
    assert.match(await bench(page).locator('h2').innerText(), /^conv2 /);
    assert.equal(await page.locator('.trail li').count(), 1);
  });

  on('leads to the core and to the links of a spike', '?view=neuron', async (page) => {
    await traced(page);
    await choose(page, 1, 550);
    const words = await page.locator('.home').innerText();
    const core = /lives on core (\(\d+, \d+\))/.exec(words)[1];
    await page.getByRole('button', { name: 'Show on the chip' }).click();
    await page.waitForURL(/view=chip/);
    assert.equal(await page.locator('#core-title').innerText(), `Core ${core}`);
    await page.locator('.route path').waitFor();
  });

  on('goes from neuron to neuron and takes one from the map', '?view=neuron', async (page) => {
    await traced(page);
    await choose(page, 0, 5);
    await page.getByRole('button', { name: 'Next neuron' }).click();
    assert.equal(await page.locator('.choose-fields .number').inputValue(), '6');
    await page.locator('.choose-card .map').focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.locator('.choose-fields .number').inputValue(), '7');
    await page.locator('.choose-layer select').selectOption('input');
    await page.locator('.why-pixel').waitFor();
  });

  on('shows sums, overflow and M₀ on the blackboard, and keeps it in the address', '?view=neuron', async (page) => {
    await page.getByRole('radio', { name: 'On the blackboard' }).check({ force: true });
    await page.getByRole('button', { name: 'Register too narrow: wraps' }).click();
    await page.waitForURL(/blackboard=x7\.6_w7\.5_/);
    assert.match(plain(await bench(page).innerText()), /beyond the register's ±31 \(6 bits\): wrapped/);
    assert.match(plain(await bench(page).locator('.bench-verdict').innerText()), /✗ the ANN has 6/);
    await page.getByRole('button', { name: 'M₀ saves it' }).click();
    assert.match(await bench(page).locator('.bench-verdict').innerText(), /✓/);
    // A bit by hand: 7 without its 2² is 3.
    await page.getByRole('button', { name: 'Bit 2² of input 1', exact: true }).click();
    assert.equal(await page.locator('#board-x0').inputValue(), '3');
    await page.locator('#board-n').fill('32');
    await page.locator('#board-n').blur();
    await page.waitForURL(/blackboard=x3\.6_w7\.5_.*_n32w_/);
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('#board-x0').inputValue(), '3');
    // 3 · 7 + 6 · 5, as plain integers.
    await page.getByText('All numbers as a table').click();
    assert.equal(number(await page.locator('.bench-table tbody tr').last().locator('td').nth(6).innerText()), 51);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('says what is wrong with a blackboard’s address', '?view=neuron&blackboard=x1_q', async (page) => {
    assert.match(await page.locator('.board-problem').innerText(), /'q' is no part of a blackboard's neuron/);
  });
});
