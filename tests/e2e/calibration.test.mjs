// The view of calibration: what a visitor sees of registers, errors and samples that went wrong, and what can be
// changed there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onPage } from './harness.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ASSETS = join(ROOT, 'assets');
const FLAGS = ['--register-bits', '12'];

/** Numbers as they are read: thin spaces are no part of them, and a minus is a minus. */
const plain = (text) => text.replace(/\u202f/g, '').replace(/\u2212/g, '-');

/** What `sdann explain --json` says of MNIST with 12 bits; `null` where the command line has not been built. */
function explained() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
  const program = ['release', 'debug'].map((profile) => join(target, profile, 'sdann')).find(existsSync);
  if (!program) return null;
  const data = (name) => join(ASSETS, 'datasets', `mnist-${name}.gz`);
  const all = ['explain', join(ASSETS, 'models', 'mnist-cnn.onnx'), '--data', data('test-images.idx3-ubyte')];
  all.push('--labels', data('test-labels.idx1-ubyte'), '--divide-by', '255');
  all.push('--calibration', data('calibration-images.idx3-ubyte'), ...FLAGS, '--json');
  const { stdout, stderr, status } = spawnSync(program, all, { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

onPage('calibration', { timeout: 400_000 }, (on) => {
  const NARROW = '?view=calibration&register-bits=12';
  const card = (page, name) => page.locator(`[data-card="${name}"]`);

  on('shows of every layer what the command line says', NARROW, async (page) => {
    await card(page, 'registers').locator('summary').click();
    const cells = await card(page, 'registers').locator('tbody tr').evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)));
    assert.equal(cells.length, 4);
    assert.equal(await card(page, 'flips').locator('.mistake').count(), 2);
    const told = explained();
    if (!told) return;
    told.layers.forEach(({ plan, overflows }, index) => {
      const [iMax, seen, bound, bits, any, margin] = cells[index].map(plain);
      assert.deepEqual(
        [iMax, seen, bound, bits, any, margin].map(Number),
        [plan.i_max, plan.calibrated_i_max, plan.guaranteed_i_max, plan.narrowest_register, plan.guaranteed_register,
          plan.headroom],
      );
      assert.equal(Number(plain(cells[index].at(-1))), overflows);
    });
    assert.equal(await card(page, 'flips').locator('.mistake').count(), told.samples - told.labels_equal);
  });

  on('sets the register by a line that keys move', '?view=calibration', async (page) => {
    assert.match(plain(await card(page, 'flips').innerText()), /No label changed: 1000 of 1000 equal/);
    assert.match(plain(await card(page, 'overflows').innerText()), /No register overflowed in 1000 samples/);
    const line = page.getByRole('slider', { name: 'Register width across the layers' });
    await line.focus();
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL(/register-bits=31/);
  });

  on('takes the report’s advice, and takes it back', NARROW, async (page) => {
    const advice = card(page, 'advice');
    await advice.getByRole('button', { name: 'Set register-bits to 19, for conv1' }).click();
    await page.waitForURL(/register-bits=19/);
    assert.match(await advice.innerText(), /register-bits was 12 and is 19 now/);
    await advice.getByRole('button', { name: 'Back to 12' }).click();
    await page.waitForURL(/register-bits=12/);
  });

  on('sets the parts of bias calibration by their histograms', NARROW, async (page) => {
    const equal = async (part) => {
      const text = await page.locator(`[data-part="${part}"] dd`).nth(2).innerText();
      return Number.parseFloat(plain(text));
    };
    assert.ok((await equal('correct')) > (await equal('neither')), 'correction mends');
    await page.getByRole('button', { name: 'Set neither part' }).click();
    await page.waitForURL(/bias-correct=off/);
  });
});
