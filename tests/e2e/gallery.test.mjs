// Every shipped network is shown for what it is, and computes what the quantized network computes.

import assert from 'node:assert/strict';

import { accessibilityViolations, badge, clipped, onPage } from './harness.mjs';

/** What the badge says of each network, and what its answer looks like. */
const NETWORKS = [
  ['mnist-cnn', /codes equal, 1\s000 of 1\s000[\s\S]*accuracy 98\.5\s%/, 'Class'],
  ['digits-mlp', /codes equal, 360 of 360[\s\S]*accuracy 97\.5\s%/, 'Class'],
  ['mnist-residual', /codes equal, 1\s000 of 1\s000[\s\S]*accuracy 98\.8\s%/, 'Class'],
  ['mnist-4bit', /codes equal, 1\s000 of 1\s000[\s\S]*accuracy 98\.3\s%/, 'Class'],
  ['mnist-denoiser', /codes equal, 500 of 500[\s\S]*PSNR 19\.35\sdB/, 'Answer'],
  ['signal-1d', /codes equal, 505 of 505[\s\S]*accuracy 96\.6\s%/, 'Class'],
  ['sine-regression', /codes equal, 500 of 500[\s\S]*RMSE 0\.0116/, 'Answer'],
  ['mnist-cnn-float', /codes equal, 1\s000 of 1\s000[\s\S]*accuracy 98\.5\s%/, 'Class'],
  ['mnist-residual-float', /codes equal, 1\s000 of 1\s000[\s\S]*accuracy 98\.8\s%/, 'Class'],
  ['mnist-cnn-lite', /codes equal, 1\s000 of 1\s000[\s\S]*accuracy 98\.7\s%/, 'Class'],
  ['mnist-residual-lite', /codes equal, 1\s000 of 1\s000[\s\S]*accuracy 97\.7\s%/, 'Class'],
];

onPage('the gallery', { timeout: 600_000 }, (on) => {
  for (const [model, claim, answer] of NETWORKS) {
    on(`runs ${model} exactly and says how good it is`, `?model=${model}`, async (page) => {
      assert.match(await badge(page), claim);
      assert.ok(await page.locator('.stage').last().getByRole('heading', { name: answer }).isVisible());
      assert.match(await page.locator('.about').innerText(), /before quantization/);
      assert.deepEqual(await accessibilityViolations(page), []);
      assert.deepEqual(await clipped(page), []);
    });

    on(
      `shows ${model} on a phone by night`,
      `?model=${model}`,
      async (page) => {
        assert.match(await badge(page), claim);
        assert.deepEqual(await accessibilityViolations(page), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 390, `the page is ${wide} px wide`);
      },
      { width: 390, scheme: 'dark' },
    );
  }

  on('offers all networks by name', '', async (page) => {
    const names = await page.locator('#settings select').first().locator('option').allInnerTexts();
    assert.equal(names.length, NETWORKS.length);
    await page.locator('#settings select').first().selectOption({ label: 'Sine, int8' });
    await page.waitForURL(/model=sine-regression/);
  });

  on('puts the clean picture beside the cleaned one', '?model=mnist-denoiser', async (page) => {
    const output = page.getByRole('region', { name: 'Answer', exact: true });
    assert.ok(await output.getByRole('img', { name: /The network's answer/ }).isVisible());
    assert.ok(await output.getByRole('img', { name: /What should come out/ }).isVisible());
    assert.match(await output.innerText(), /PSNR \d+\.\d\sdB, mean error 0\.\d+/);
    assert.match(await output.innerText(), /the input itself: PSNR \d+\.\d\sdB/);
  });

  on('draws the sine and follows the slider', '?model=sine-regression', async (page) => {
    const output = page.getByRole('region', { name: 'Answer', exact: true });
    assert.match(await output.innerText(), /target\s+quantized\s+spiking, the same/);
    await page.getByRole('slider', { name: 'Input' }).fill('64');
    await page.waitForFunction(() => /^input 1\.5/.test(document.querySelector('.walk-caption').innerText));
    await page.waitForFunction(() => /1\.5\d* → 0\.99/.test(document.querySelector('.curve-stage').innerText));
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('tells the spiking curve from the quantized one where registers are narrow', '?model=sine-regression&register-bits=8', async (page) => {
    assert.match(await badge(page), /RMSE 0\.\d+ \(quantized network 0\.0116\)/);
    assert.doesNotMatch(await page.locator('.curve-legend').innerText(), /the same/);
  });

  on('shows a recording as curves, and whose it is', '?model=signal-1d', async (page) => {
    assert.match(await page.locator('.walk-caption').innerText(), /of 505, speaker 4$/);
    assert.equal(await page.locator('.signal-frame path').count(), 12);
    assert.equal(await page.getByRole('button', { name: 'Draw…' }).count(), 0);
  });
});
