// The view of the chip: what a visitor sees of cores, links and costs, and what can be changed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { accessibilityViolations, onPage, settled } from './harness.mjs';

const CLASSROOM = new URL('../../assets/chips/classroom.toml', import.meta.url);

/** Numbers as they are read: thin spaces are no part of them. */
const plain = (text) => text.replace(/\u202f/g, '');
const number = (text) => Number(plain(text));

onPage('the chip', { timeout: 400_000 }, (on) => {
  const map = (page) => page.locator('.chip-place .mesh');
  const core = (page) => page.locator('#core-title');
  const title = (page) => page.locator('#chip-title');
  /** The view is complete when times are there, which come last. */
  const complete = async (page) => {
    await page.locator('.fits').waitFor();
    await page.locator('.step-bars').waitFor();
  };

  on('is a view of its own, with an address, and back leads to the story', '', async (page) => {
    await page.getByRole('link', { name: 'Chip', exact: true }).click();
    await title(page).waitFor();
    await page.waitForURL(/[?&]view=chip$/);
    assert.equal(await page.getByRole('link', { name: 'Chip', exact: true }).getAttribute('aria-current'), 'page');
    await page.goBack();
    await page.locator('.story').waitFor();
    await page.getByRole('button', { name: 'More of the chip' }).click();
    await title(page).waitFor();
  });

  on('counts the same packets in the matrix, the core’s table and from layer to layer', '?view=chip', async (page) => {
    await complete(page);
    const total = number(/^([\d\u202f]+) packets/.exec(await page.locator('.matrix-card header p').innerText())[1]);
    await page.getByRole('radio', { name: 'sent' }).check({ force: true });
    await page.getByRole('radio', { name: 'total' }).check({ force: true });
    // Every core's packets, one by one: as many as all layers send.
    const cores = number(/(\d+) of \d+ cores used/.exec(plain(await page.locator('.chip-card header').innerText()))[1]);
    await map(page).focus();
    for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowLeft');
    for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowUp');
    let sum = 0;
    let seen = 0;
    for (let row = 0; row < 5; row++) {
      for (let column = 0; column < 6; column++) {
        const sent = page.locator('.core-card .doings tr').filter({ hasText: 'packets sent' }).locator('td').nth(2);
        const here = number(await sent.innerText());
        sum += here;
        seen += (await page.locator('.core-card .held li').count()) > 0 ? 1 : 0;
        await page.keyboard.press(row % 2 ? 'ArrowLeft' : 'ArrowRight');
      }
      await page.keyboard.press('ArrowDown');
    }
    assert.equal(sum, total);
    assert.equal(seen, cores);
  });

  on('follows the keyboard from core to core, and a spike over its links', '?view=chip', async (page) => {
    await complete(page);
    await map(page).focus();
    for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowLeft');
    for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowUp');
    assert.match(await core(page).innerText(), /^Core \(0, 0\)$/);
    await page.keyboard.press('ArrowRight');
    assert.match(await core(page).innerText(), /^Core \(1, 0\)$/);
    // In the first step the sign bit of every dark pixel is sent.
    const time = page.getByRole('slider', { name: 'Time step' });
    await time.focus();
    await page.keyboard.press('Home');
    await page.locator('.spike-list button').first().click();
    await page.locator('.route path').waitFor();
    assert.match(plain(await page.locator('.route-words').innerText()), /^input .* → \d+cores?: \(.*, over \d+links?$/);
    assert.match(await page.locator('.neighbours').innerText(), /sends to\s+\(\d+, \d+\) \d/);
  });

  on('has a raster in which keys choose core and step', '?view=chip', async (page) => {
    await complete(page);
    await page.locator('.raster-picture').focus();
    const before = await title(page).innerText();
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await title(page).innerText(), before);
    const where = await core(page).innerText();
    await page.keyboard.press('ArrowDown');
    assert.notEqual(await core(page).innerText(), where);
  });

  on('tells colours and time apart', '?view=chip', async (page) => {
    await complete(page);
    for (const name of ['operations', 'updates', 'energy', 'utilisation', 'layer']) {
      await page.locator('.chip-controls').getByRole('radio', { name }).check({ force: true });
      assert.match(await page.locator('.chip-card .mesh-legend').innerText(), /core|layer/);
    }
    await page.locator('.chip-controls').getByRole('radio', { name: 'packets' }).check({ force: true });
    await page.getByRole('radio', { name: 'total' }).check({ force: true });
    assert.match(await page.locator('.chip-summary').innerText(), /^busiest in all: core .* · link .* → /);
  });

  on('takes another chip from the table of fits', '?view=chip', async (page) => {
    await complete(page);
    assert.ok((await page.locator('.fits tbody tr').count()) >= 11);
    await page.getByRole('button', { name: 'Darwin3', exact: true }).click();
    await page.waitForURL(/chip=darwin3/);
    await settled(page);
    await page.getByRole('heading', { name: 'Darwin3', exact: true }).waitFor();
    assert.match(await page.locator('.chip-card header').innerText(), /Darwin3, 24 × 24 mesh/);
    assert.equal(await page.getByRole('button', { name: 'Darwin3', exact: true }).getAttribute('aria-pressed'), 'true');
  });

  on('says what does not fit, and what would help', '?view=chip&model=mnist-residual', async (page) => {
    const misfit = page.locator('.misfit');
    await misfit.waitFor();
    assert.match(plain(await misfit.innerText()), /does not fit[\s\S]*needs \d+ (cores|neurons)/i);
    assert.ok((await misfit.locator('.remedies li').count()) >= 1);
    await page.locator('.fits').waitFor();
    assert.match(await page.locator('.fits').innerText(), /✓ fits/);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('sets before and after side by side', '?view=chip', async (page) => {
    await complete(page);
    await page.getByRole('button', { name: 'Keep this mapping' }).click();
    await page.locator('#set-delivery').selectOption('multicast');
    await page.waitForURL(/delivery=multicast/);
    await settled(page);
    const packets = page.locator('.compare tbody tr').filter({ hasText: 'packets' }).first();
    await packets.locator('.ok').waitFor();
    const [before, now] = await packets.locator('td').allInnerTexts();
    assert.ok(number(now) < number(before), `${now} are fewer than ${before}`);
    assert.match(await packets.innerText(), /↓/);
    assert.equal(await page.locator('.compare figure').count(), 2);
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.getByRole('button', { name: 'Forget the one before' }).click();
    await page.getByRole('button', { name: 'Keep this mapping' }).waitFor();
  });

  // A network that takes a while: many samples to measure, and many cores to move.
  on('looks for better places, and can be stopped', '?view=chip&model=mnist-residual&neurons-per-core=32&mesh-width=64&mesh-height=64', async (page) => {
    await complete(page);
    await page.locator('#set-placement').selectOption('annealed');
    const search = page.getByRole('region', { name: 'Looking for better places' });
    await search.getByRole('button', { name: /^Stop/ }).click();
    await search.waitFor({ state: 'detached' });
    await settled(page);
    await page.locator('.step-bars').waitFor();
  });

  on('takes a chip of the visitor’s own, marks it, and lets its fields be changed', '?view=chip', async (page) => {
    await complete(page);
    const text = (await readFile(CLASSROOM, 'utf8')).replace(/^name = .*$/m, 'name = "Mine"');
    await drop(page, 'mine.toml', text);
    await page.getByRole('heading', { name: /^Mine/ }).waitFor();
    assert.match(await page.locator('.form-card header').innerText(), /your own/);
    await page.getByText('All fields: values, grades, sources').click();
    await page.locator('#chip-core-neurons').fill('many');
    await page.locator('#chip-core-neurons').blur();
    assert.match(await page.locator('.field-problem').innerText(), /core\.neurons/);
    await page.locator('#chip-core-neurons').fill('512');
    await page.locator('#chip-core-neurons').blur();
    await page.locator('.core-card header').getByText(/of 512 neurons/).waitFor();
    await settled(page);
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.getByRole('button', { name: 'Back to the chip as it was' }).click();
    await page.getByRole('heading', { name: 'Classroom', exact: true }).waitFor();
  });

  on('says what is wrong with a chip’s file', '?view=chip', async (page) => {
    await drop(page, 'broken.toml', 'name = "Broken"\n[core]\nneurons = -3\n');
    const notice = page.getByRole('region', { name: 'Notices' });
    await notice.getByText('broken.toml can’t be opened').or(notice.getByText("broken.toml can't be opened")).waitFor();
    assert.match(await notice.innerText(), /core\.neurons is -3/i);
  });
});

/** Drops a file on the page. */
async function drop(page, name, text) {
  const data = await page.evaluateHandle(
    ([name, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], name));
      return data;
    },
    [name, text],
  );
  await page.dispatchEvent('.page', 'drop', { dataTransfer: data });
}
