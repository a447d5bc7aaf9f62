// What is taken away: pictures, tables, files of the run, and the report, which is opened again without a network.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import { accessibilityViolations, badge, onPage, settled } from './harness.mjs';

const number = (text) => Number(text.replace(/[\s\u202f\u2009]/g, ''));
const card = (page, name) => page.locator(`[data-card=${name}]`);

/** What a press makes the browser save: its name, path and content. */
async function saved(page, press) {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), press()]);
  const path = await download.path();
  return { name: download.suggestedFilename(), path, content: await readFile(path) };
}

async function taken(page, name, what) {
  await card(page, name).getByRole('button', { name: /^Take away/ }).click();
  return saved(page, () => card(page, name).getByRole('button', { name: what }).click());
}

onPage('a card', { timeout: 240_000 }, (on, serving) => {
  on('is taken away as a picture that opens by itself', '?view=chip&model=digits-mlp', async (page) => {
    await settled(page);
    const png = await taken(page, 'chip', 'Picture (PNG)');
    assert.equal(png.name, 'digits-mlp-chip-chip.png');
    assert.deepEqual([...png.content.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
    const box = await card(page, 'chip').boundingBox();
    assert.ok(Math.abs(png.content.readUInt32BE(16) - 2 * box.width) <= 4, `${png.content.readUInt32BE(16)} of ${box.width}`);
    const svg = await taken(page, 'chip', 'Picture (SVG)');
    assert.equal(svg.name, 'digits-mlp-chip-chip.svg');
    // As a file of its own, without the page's styles, it has the page's colours and its pixels.
    const context = await serving().browser.newContext({ offline: true });
    const alone = await context.newPage();
    await alone.setContent(svg.content.toString());
    assert.match(await alone.locator('svg').first().textContent(), /Spikes between cores/);
    const images = await alone.locator('img').evaluateAll((images) => images.map((image) => image.complete && image.naturalWidth > 0));
    assert.ok(images.every(Boolean), `${images}`);
    assert.ok((await alone.locator('svg svg, svg img').count()) > 0, 'the chip is drawn');
    const ink = (page, selector) => page.locator(selector).first().evaluate((title) => getComputedStyle(title).color);
    assert.equal(await ink(alone, 'h2'), await ink(page, '[data-card=chip] h2'));
    await context.close();
  });

  on('is taken away as a table with the numbers that are seen', '?view=chip&model=digits-mlp', async (page) => {
    await settled(page);
    const rows = await card(page, 'energy').locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
    const csv = await taken(page, 'energy', 'Table (CSV)');
    assert.equal(csv.name, 'digits-mlp-chip-energy.csv');
    const lines = csv.content.toString().trim().split('\r\n');
    assert.equal(lines.length, rows.length + 1);
    const json = JSON.parse((await taken(page, 'energy', 'Table (JSON)')).content);
    assert.equal(json.model, 'digits-mlp');
    for (const [index, row] of rows.entries()) {
      const exported = json.tables[0].rows[index];
      assert.equal(exported[0], row[0]);
      assert.equal(exported[1], number(row[1]));
      assert.ok(lines[index + 1].includes(String(exported[1])), lines[index + 1]);
    }
  });

  on('has a menu for keyboards, without an accessibility violation', '?view=chip&model=digits-mlp', async (page) => {
    const button = card(page, 'energy').getByRole('button', { name: /^Take away/ });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Picture (PNG)');
    assert.deepEqual(await accessibilityViolations(page), []);
    await page.keyboard.press('Escape');
    assert.equal(await button.getAttribute('aria-expanded'), 'false');
    assert.ok(await button.evaluate((button) => button === document.activeElement));
  });
});

onPage('the run', { timeout: 300_000 }, (on, serving) => {
  on('is taken away as files, and as a command', '?model=digits-mlp&register-bits=12&delivery=multicast', async (page) => {
    await page.keyboard.press('t');
    const dialog = page.getByRole('dialog', { name: 'Take this run away' });
    assert.deepEqual(await accessibilityViolations(page), []);
    const command = await dialog.locator('code').innerText();
    assert.match(command, /^sdann run assets\/models\/digits-mlp\.onnx --inputs assets\/.* --register-bits 12 .*--delivery multicast$/);
    const get = (name) => saved(page, () => dialog.getByRole('button', { name }).click());
    const mapping = await get('Mapping (JSON)');
    assert.equal(mapping.name, 'digits-mlp.map.json');
    const { settings, traffic } = JSON.parse(mapping.content);
    assert.equal(settings['register-bits'], 12);
    const program = await get('Spike program (JSON)');
    assert.equal(JSON.parse(program.content).format, 'sdann-program');
    for (const archive of [await get('Spiking network (.sdann)'), await get('Trace (.npz)')]) {
      assert.equal(archive.content.subarray(0, 2).toString(), 'PK', archive.name);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Chip' }).click();
    await settled(page);
    const packets = /^([\d\u202f]+) packets/.exec(await page.locator('.matrix-card header p').innerText())[1];
    assert.equal(traffic.packets, number(packets));
  });

  on('becomes a report that opens without a network, with the page’s numbers', '?model=digits-mlp&register-bits=12', async (page) => {
    const claim = await badge(page);
    await page.keyboard.press('t');
    await page.getByRole('button', { name: 'Report (HTML)' }).click();
    const dialog = page.getByRole('dialog', { name: 'Report (HTML)' });
    await dialog.getByText('The report is complete.').waitFor({ timeout: 90_000 });
    assert.equal(await page.locator('.tab[aria-current=page]').innerText(), 'Story');
    const { name, path } = await saved(page, () => dialog.getByRole('button', { name: 'Save the report' }).click());
    assert.equal(name, 'digits-mlp-report.html');

    const context = await serving().browser.newContext({ offline: true });
    const report = await context.newPage();
    const problems = [];
    report.on('console', (message) => problems.push(message.text()));
    context.on('request', (request) => /^(file|data):/.test(request.url()) || problems.push(request.url()));
    // Without an ending the browser would take it for a text.
    await report.goto('about:blank');
    await report.setContent(await readFile(path, 'utf8'));
    assert.deepEqual(problems, [], pathToFileURL(path).href);
    assert.equal(await report.locator('script').count(), 0);
    const cell = (row) => report.locator('tr').filter({ has: report.locator('th', { hasText: new RegExp(`^${row}$`) }) }).locator('td').first();
    assert.equal(await cell('register-bits').innerText(), '12');
    const equal = Number(await cell('samples with all codes equal').getAttribute('data-value'));
    const counted = Number(await cell('samples counted').getAttribute('data-value'));
    const [, said, of] = /codes equal,? (?:in )?([\d\u202f]+) of ([\d\u202f]+)/.exec(claim);
    assert.deepEqual([equal, counted], [number(said), number(of)]);
    assert.match(await report.locator('.report-command').innerText(), /--register-bits 12/);
    const pictures = await report.locator('figure img').evaluateAll((images) => images.map((image) => image.complete && image.naturalWidth > 100));
    assert.ok(pictures.length >= 8 && pictures.every(Boolean), `${pictures}`);
    assert.deepEqual(await accessibilityViolations(report), []);

    // The link in it leads back to the same run.
    const address = await report.getByRole('link', { name: /open this run/ }).getAttribute('href');
    await context.close();
    await page.goto(address);
    await settled(page);
    assert.equal(await badge(page), claim);
    await page.goto(address.replace('?', '?view=chip&'));
    await settled(page);
  });
});
