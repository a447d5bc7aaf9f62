// The whole state: in the address, undone and done again, found after a reload; and samples by camera.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { accessibilityViolations, badge, file, launch, modelField, notices, onPage, open, serve, settled } from './harness.mjs';

const ASSETS = new URL('../../assets/', import.meta.url);

const time = (page) => page.getByRole('slider', { name: 'Time step' });
const register = (page) => page.locator('#set-register-bits');
const step = (page) => time(page).getAttribute('aria-valuenow');
const caption = (page) => page.locator('.walk-caption').innerText();

/** The page of an address in a window of its own. */
async function again(serving, page, look) {
  const { search } = new URL(page.url());
  const { browser, url } = serving();
  const opened = await open(browser, url, { query: search });
  await look(opened.page);
  assert.deepEqual(opened.problems, []);
  await opened.close();
}

onPage('the address', { timeout: 300_000 }, (on, serving) => {
  on('brings back settings, neuron, step, speed and the chip’s look', '', async (page) => {
    await register(page).fill('14');
    await page.waitForURL(/v=1&.*register-bits=14/);
    await page.keyboard.press(']');
    await time(page).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('PageUp');
    await page.waitForURL(/layer=2&neuron=\d+&step=\d+/);
    await settled(page);
    const seen = async (page) => [await page.locator('#membrane-title').innerText(), await step(page), await badge(page)];
    const before = await seen(page);
    await again(serving, page, async (page) => assert.deepEqual(await seen(page), before));
  });

  on('from before it had a version means what it meant', '?view=chip&model=digits-mlp&sample=42&register-bits=12', async (page) => {
    assert.equal(await notices(page).innerText(), '');
    assert.equal(await register(page).inputValue(), '12');
    assert.match(await caption(page), /^42 of/);
    assert.equal(await page.locator('.tab[aria-current=page]').innerText(), 'Chip');
  });

  on('of a later version is read as far as it is known', '?v=7&sample=42', async (page) => {
    assert.match(await notices(page).innerText(), /version 7/);
    assert.match(await caption(page), /^42 of/);
  });

  on('brings back a drawing, code by code', '', async (page) => {
    await page.getByRole('button', { name: 'Draw…' }).click();
    const area = await page.locator('.pad-canvas').boundingBox();
    const to = (x, y) => [area.x + area.width * x, area.y + area.height * y];
    await page.mouse.move(...to(0.5, 0.2));
    await page.mouse.down();
    await page.mouse.move(...to(0.5, 0.8), { steps: 8 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.waitForURL(/drawn=pb\./);
    await settled(page);
    assert.ok(page.url().length < 1500, `${page.url().length} characters`);
    const answer = (page) => page.locator('.stage').last().innerText();
    const before = await answer(page);
    await again(serving, page, async (page) => {
      assert.equal(await caption(page), 'your drawing');
      assert.equal(await answer(page), before);
    });
  });

  on('says what of it can’t be taken', '?drawn=broken&step=x&heat=red&layer=99', async (page) => {
    const text = await notices(page).innerText();
    for (const part of [/sample in the address is damaged/, /step is 'x'/i, /heat is 'red'/i, /no neuron 0 in a layer 99/i]) assert.match(text, part);
  });

  on('brings back a chip of the visitor’s own', '?view=chip', async (page) => {
    const text = (await readFile(new URL('chips/classroom.toml', ASSETS), 'utf8')).replace(/^name = .*$/m, 'name = "Mine"');
    await page.locator('input[type=file]').last().setInputFiles(file('mine.toml', Buffer.from(text)));
    await page.waitForURL(/own-chip=mine\./);
    assert.ok(page.url().length < 8000, `${page.url().length} characters`);
    await again(serving, page, async (page) => {
      await page.getByRole('heading', { name: /^Mine/ }).waitFor();
      assert.equal(await notices(page).innerText(), '');
    });
  });
});

onPage('a session', { timeout: 300_000 }, (on, serving) => {
  on('is undone and done again by buttons and keys', '', async (page) => {
    const undo = page.getByRole('button', { name: 'Undo' });
    const redo = page.getByRole('button', { name: 'Redo' });
    assert.ok(await undo.isDisabled());
    await register(page).focus();
    for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowLeft');
    const moved = await register(page).inputValue();
    const first = String(Number(moved) + 3);
    await page.getByRole('button', { name: /labelled 7/ }).click();
    assert.match(await caption(page), /^653 of/);
    await undo.click();
    assert.doesNotMatch(await caption(page), /^653 of/);
    assert.equal(await register(page).inputValue(), moved);
    // All that the slider moved is one step.
    await page.keyboard.press('u');
    assert.equal(await register(page).inputValue(), first);
    assert.ok(await undo.isDisabled());
    await page.keyboard.press('Control+Shift+z');
    assert.equal(await register(page).inputValue(), moved);
    await redo.click();
    assert.match(await caption(page), /^653 of/);
    await page.keyboard.press('Control+z');
    assert.doesNotMatch(await caption(page), /^653 of/);
    // Another network is undone as well, with the sample that was seen.
    const network = page.locator('.network-row select');
    const named = await network.inputValue();
    const seen = await caption(page);
    await network.selectOption({ index: 1 });
    await settled(page);
    await undo.click();
    await settled(page);
    assert.equal(await network.inputValue(), named);
    assert.equal(await caption(page), seen);
  });

  on('finds a model of the visitor after a reload, and asks for it where it was not kept', '', async (page) => {
    const model = await readFile(new URL('models/digits-mlp.onnx', ASSETS));
    await modelField(page).setInputFiles(file('mine.onnx', model));
    await page.waitForURL(/opened=mine\.onnx/);
    await settled(page);
    await page.reload();
    await settled(page);
    const chosen = (page) => page.locator('.network-row select option:checked').innerText();
    assert.equal(await chosen(page), 'mine.onnx');
    assert.equal(await notices(page).innerText(), '');
    await again(serving, page, async (page) => {
      assert.match(await notices(page).innerText(), /made with mine\.onnx/);
    });
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Start afresh' }).click();
    await page.waitForFunction(() => location.search === '');
    await settled(page);
    assert.notEqual(await chosen(page), 'mine.onnx');
  });

  on('lists its keys under ?, and each does what it says', '', async (page) => {
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Help and keyboard shortcuts' });
    // Its program comes when it is first opened.
    await help.locator('tr').first().waitFor();
    assert.ok((await help.locator('tr').count()) >= 10);
    assert.match(await help.innerText(), /never leave the browser/);
    assert.deepEqual(await accessibilityViolations(page), []);
    // While a dialog is open, keys are its own.
    await page.keyboard.press('2');
    assert.equal(await page.locator('.tab[aria-current=page]').innerText(), 'Story');
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press('End');
    assert.equal(await step(page), await time(page).getAttribute('aria-valuemax'));
    await page.keyboard.press('ArrowLeft');
    assert.equal(Number(await step(page)), Number(await time(page).getAttribute('aria-valuemax')) - 1);
    const title = () => page.locator('#membrane-title').innerText();
    const before = await title();
    await page.keyboard.press('[');
    assert.notEqual(await title(), before);
    await page.keyboard.press('/');
    assert.ok(await page.locator('.network-row select').evaluate((field) => field === document.activeElement));
    // Where something is typed, letters are letters.
    await page.keyboard.press('t');
    assert.equal(await page.getByRole('dialog').count(), 0);
  });
});

describe('the camera', { timeout: 200_000 }, () => {
  let [server, browser] = [];
  before(async () => {
    server = await serve();
    browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  test('takes a photo as a sample, and is off afterwards', async () => {
    const { page, problems, close } = await open(browser, server.url);
    await page.getByRole('button', { name: 'Camera…' }).click();
    const snap = page.getByRole('button', { name: 'Take the photo' });
    await page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.evaluate(() => (globalThis.track = document.querySelector('video').srcObject.getTracks()[0]));
    await snap.click();
    await page.locator('.camera-seen canvas').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    assert.equal(await caption(page), 'your photo');
    await page.waitForURL(/drawn=cb\./);
    await page.waitForFunction(() => globalThis.track.readyState === 'ended');
    assert.deepEqual(problems, []);
    await close();
  });

  test('says so if there is none, or if it is refused', async () => {
    const without = await launch();
    const { page, close } = await open(without, server.url);
    await page.getByRole('button', { name: 'Camera…' }).click();
    await page.getByRole('alert').filter({ hasText: /camera (was refused|was found)/ }).waitFor();
    await close();
    await without.close();
  });
});
