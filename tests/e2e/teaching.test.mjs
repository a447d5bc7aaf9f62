// Teaching: the tour from its first step to its last, every lesson solved as its hints say, and the page in parts.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { SCHEMES, WIDTHS, accessibilityViolations, badge, clipped, notices, onPage, open, settled } from './harness.mjs';

const STEPS = 16;

onPage('teaching', { timeout: 600_000 }, (on, serving) => {
  const coach = (page) => page.getByRole('dialog').filter({ has: page.locator('#coach-title') });
  const title = (page) => page.locator('#coach-title');
  const time = (page) => page.getByRole('slider', { name: 'Time step' });
  const lesson = (page) => page.locator('.lesson');
  const solved = (page) => page.locator('.lesson.is-solved').waitFor();
  const counts = (page) => page.locator('.lesson-count').innerText();
  const bits = (page) => page.locator('#set-register-bits');
  const closed = (section) => `.group[aria-label="${section}"] details.more:not([open]) summary`;
  /** Sets one that few people change, which is behind “More”. */
  const setLess = async (page, section, name) => {
    const more = page.locator(closed(section));
    if (await more.count()) await more.click();
    await page.getByRole('radio', { name, exact: true }).check({ force: true });
  };

  /** What each step asks for, done; a step that is not here has something to look at. */
  const does = {
    'What is a bit plane?': async (page) => {
      await time(page).focus();
      for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowRight');
    },
    'Time runs along the bottom': (page) => page.getByRole('button', { name: 'Play' }).click(),
    'A layer adds up what arrives': async (page) => {
      await page.locator('.stages > :nth-child(4) .map').focus();
      await page.keyboard.press('ArrowRight');
    },
    'One neuron, step by step': async (page) => {
      await time(page).focus();
      for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowRight');
    },
    'The last layer answers': async (page) => {
      await time(page).focus();
      await page.keyboard.press('End');
    },
    'Spikes need a place to go': (page) => page.getByRole('link', { name: 'Chip', exact: true }).click(),
    'Cores and links': async (page) => {
      await page.locator('.chip-place .mesh').focus();
      await page.keyboard.press('ArrowRight');
    },
    'A membrane lives in a register': (page) => bits(page).fill('12'),
    'Where labels begin to flip': async (page) => {
      await page.locator('.widths-card').getByRole('slider').focus();
      for (let width = 8; width < 12; width++) await page.keyboard.press('ArrowRight');
    },
    'What rounding takes away bias gives back': (page) => page.locator('#set-bias-correct').check({ force: true }),
  };

  /**
   * What hides the ring, which is around as much of the target as there is room for: card, header or timeline; or that it
   * is too low to show anything. What sticks to the window's edge is its own target at times.
   */
  const hidden = (page) =>
    page.evaluate(() => {
      const ring = document.querySelector('.coach-ring').getBoundingClientRect();
      const along = (a, b, c, d) => Math.max(0, Math.min(b, d) - Math.max(a, c));
      const over = (name) => {
        const part = document.querySelector(name).getBoundingClientRect();
        return along(part.left, part.right, ring.left, ring.right) * along(part.top, part.bottom, ring.top, ring.bottom);
      };
      const isInside = (name) => {
        const part = document.querySelector(name).getBoundingClientRect();
        return ring.top >= part.top - 8 && ring.bottom <= part.bottom + 8;
      };
      return [
        over('.coach') > 0 && 'card',
        over('.header') > 16 * ring.width && !isInside('.header') && 'header',
        over('.timeline') > 16 * ring.width && !isInside('.timeline') && 'timeline',
        ring.height < 25 && 'low',
      ].filter(Boolean);
    });
  const isInside = (page) =>
    page.evaluate(() => {
      const card = document.querySelector('.coach').getBoundingClientRect();
      return card.left >= 0 && card.top >= 0 && card.right <= innerWidth && card.bottom <= innerHeight;
    });

  for (const width of WIDTHS) {
    on(`the tour leads from bit planes to narrow registers at ${width} px, and puts back what was before`, '?register-bits=21', async (page) => {
      await page.getByRole('button', { name: 'Tour', exact: true }).click();
      const seen = [];
      for (let step = 1; step <= STEPS; step++) {
        await page.waitForFunction((step) => document.querySelector('.coach .visually-hidden')?.textContent.startsWith(`Step ${step} of`), step);
        await page.locator('.coach-ring').waitFor({ state: 'visible' });
        await settled(page);
        const name = await title(page).innerText();
        seen.push(name);
        await page.waitForTimeout(400);
        assert.ok(await isInside(page), `${name}: the card is outside the window`);
        // Known fault: the map of trade-offs is taller than what a wide window leaves, and ends behind the timeline.
        const covered = (await hidden(page)).filter((by) => !(name === 'All choices at once' && by === 'timeline'));
        assert.deepEqual(covered, [], `${name}: what it points at is hidden`);
        if (does[name]) {
          assert.ok(await coach(page).getByRole('button', { name: 'Skip' }).isVisible(), name);
          await does[name](page);
          await coach(page).getByText('Done. Go on when you like.').waitFor();
        }
        await coach(page).getByRole('button', { name: step === STEPS ? 'Finish' : 'Next' }).click();
      }
      assert.equal(new Set(seen).size, STEPS);
      assert.ok(Object.keys(does).every((name) => seen.includes(name)));
      await coach(page).getByRole('button', { name: 'Put it back' }).click();
      await page.waitForURL(/register-bits=21/);
      assert.equal(await coach(page).count(), 0);
      assert.equal(await page.evaluate(() => document.activeElement.className.includes('tour-button')), true);
    }, { width });
  }

  on('the tour says what the engine says', '#tour=16', async (page) => {
    await page.waitForFunction(() => /\d+ of 1\s000 labels are/.test(document.querySelector('.coach').innerText.replace(/\s+/g, ' ')));
    const labels = /labels equal ([\d\s]+)/.exec(await badge(page))[1].trim();
    assert.ok((await coach(page).innerText()).includes(labels), labels);
  });

  on('an address opens the tour at a step, and keys walk through it', '#tour=4', async (page) => {
    assert.equal(await title(page).innerText(), 'A layer adds up what arrives');
    await coach(page).focus();
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => location.hash === '#tour=3');
    assert.equal(await title(page).innerText(), 'Time runs along the bottom');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => location.hash === '#tour=5');
    await coach(page).getByRole('button', { name: 'Take me there' }).click();
    await page.keyboard.press('Escape');
    await coach(page).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => location.hash), '');
  });

  on('what an address asks for in vain is said', '#tour=99', async (page) => {
    assert.match(await notices(page).innerText(), /no step '99' of the tour; it has 16/);
    await page.goto(page.url().replace(/#.*/, '') + '#lesson=nothing');
    await notices(page).getByText(/no lesson 'nothing'/).waitFor();
  });

  on('a visitor is invited once', '', async (page) => {
    const button = page.locator('.tour-button');
    assert.match(await button.getAttribute('class'), /button-accent/);
    await page.reload();
    await settled(page);
    assert.doesNotMatch(await button.getAttribute('class'), /button-accent/);
  });

  on('lesson: the background becomes silent, which is remembered', '#lesson=silent-background', async (page) => {
    assert.equal(await counts(page), '1 of 2 met');
    for (const hint of [1, 2, 3]) await page.getByRole('button', { name: `Hint ${hint} of 3` }).click();
    assert.equal(await page.locator('.lesson-hints li').count(), 3);
    await setLess(page, 'Code', 'zero point');
    await solved(page);
    assert.match(await page.locator('.lesson-why').innerText(), /zero point/);
    await page.reload();
    await settled(page);
    await page.getByRole('button', { name: 'Learn' }).click();
    await page.getByText('Exercises, 1 of 8 solved').waitFor();
    assert.equal(await page.locator('.lesson-list .is-met').count(), 1);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.modal').count(), 0);
  });

  on('lesson: the narrowest register, begun where a teacher’s link says', '?register-bits=20#lesson=narrowest-register', async (page) => {
    assert.equal(await bits(page).inputValue(), '20');
    await bits(page).fill('7');
    await settled(page);
    await page.getByText(/97(\.0)?\s% of the labels stay: now 91\.6\s% \(916 \/ 1\s000\)/).waitFor();
    await bits(page).fill('8');
    await solved(page);
    await page.getByRole('button', { name: 'Start again' }).click();
    assert.equal(await bits(page).inputValue(), '16');
    assert.equal(await page.locator('.lesson.is-solved').count(), 0);
  });

  on('lesson: a label flips and is mended', '#lesson=flip-and-mend', async (page) => {
    await bits(page).fill('8');
    for (let sample = 0; sample < 60 && !(await page.locator('.lesson.is-solved').count()); sample++) {
      await page.getByRole('button', { name: 'Next sample' }).click();
      await settled(page);
      if (!(await page.getByText('A label has flipped').count())) continue;
      await page.locator('#set-bias-correct').check({ force: true });
      await settled(page);
      await page.getByText(/The correction alone (has brought|brings that label back: not this one)/).waitFor();
      if (!(await page.locator('.lesson.is-solved').count())) await page.locator('#set-bias-correct').uncheck({ force: true });
    }
    await solved(page);
  });

  on('lesson: the neuron nearest to its limit', '#lesson=nearest-to-limit', async (page) => {
    const uses = async () => {
      const text = await page.locator('.lesson-criteria').innerText();
      return [...text.matchAll(/([\d.]+)\s%/g)].map(([, number]) => Number(number));
    };
    const map = page.locator('.stages .map').first();
    await map.focus();
    for (let press = 0; press < 4; press++) await page.keyboard.press('ArrowUp');
    for (let press = 0; press < 16; press++) await page.keyboard.press('ArrowLeft');
    for (let neuron = 0; neuron < 16 && !(await page.locator('.lesson.is-solved').count()); neuron++) {
      const [here, most] = await uses();
      assert.ok(here <= most);
      await page.keyboard.press('ArrowRight');
    }
    const classes = page.getByRole('listbox');
    for (let row = 0; row < 10 && !(await page.locator('.lesson.is-solved').count()); row++) {
      await classes.focus();
      await page.keyboard.press('ArrowDown');
    }
    await solved(page);
  });

  on('lesson: the network fits on Loihi', '#lesson=fit-on-loihi', async (page) => {
    await page.getByText('The network fits on the chip: not yet').waitFor();
    await bits(page).fill('13');
    await solved(page);
  });

  on('lesson: the busiest link', '#lesson=busiest-link', async (page) => {
    const map = page.locator('.chip-place .mesh');
    await map.focus();
    for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowLeft');
    for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowUp');
    for (let core = 0; core < 36 && !(await page.locator('.lesson.is-solved').count()); core++) {
      await page.keyboard.press(core % 6 === 5 ? 'ArrowDown' : Math.floor(core / 6) % 2 ? 'ArrowLeft' : 'ArrowRight');
    }
    await solved(page);
  });

  on('lesson: half the traffic', '#lesson=halve-traffic', async (page) => {
    await setLess(page, 'Code', 'zero point');
    await page.locator('#set-delivery').selectOption('multicast');
    await solved(page);
    assert.match(await page.locator('.lesson-criteria').innerText(), /At most 25\s648 hops: now 22\s457, at the start 51\s296/);
  });

  on('lesson: as good with half the bits', '#lesson=fewer-weight-bits', async (page) => {
    await page.getByText('Weights have at most 4 bits: now 8').waitFor();
    // Eight bits are counted first, to be compared with.
    await page.getByText(/As accurate as with 8 bits: now 98\.5\s%, then 98\.5\s%/).waitFor();
    await page.locator('#set-weight-bits').fill('4');
    await page.getByText(/As accurate as with 8 bits: now 97\.8\s%, then 98\.5\s%/).waitFor();
    assert.equal(await page.locator('.lesson.is-solved').count(), 0);
    await page.locator(closed('Quantization')).click();
    // Ranges of activations have such a choice as well.
    await page.locator('.field:has(#name-weight-range)').getByRole('radio', { name: 'least error' }).check({ force: true });
    await solved(page);
    assert.match(await page.locator('.lesson-why').innerText(), /largest weight is rare/);
  });

  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      test(`is accessible at ${width} px, ${scheme}`, async () => {
        const { browser, url } = serving();
        const { page, problems, close } = await open(browser, url, { width, scheme, query: '#tour=2' });
        assert.deepEqual(await accessibilityViolations(page), [], 'tour');
        await page.goto(url + '#lesson=silent-background');
        await lesson(page).waitFor();
        await settled(page);
        await page.getByRole('button', { name: 'Hint 1 of 3' }).click();
        assert.deepEqual(await accessibilityViolations(page), [], 'lesson');
        assert.deepEqual(await clipped(page), []);
        await page.getByRole('button', { name: 'Learn' }).click();
        assert.deepEqual(await accessibilityViolations(page), [], 'list');
        await page.getByRole('button', { name: 'Embed…' }).click();
        assert.deepEqual(await accessibilityViolations(page), [], 'embed');
        assert.deepEqual(problems, []);
        await close();
      });
    }
  }

  on('a frame has chosen parts alone, and leads to the page', '?embed=story,timeline,settings:register-bits&register-bits=12', async (page) => {
    assert.ok(await page.locator('.story').isVisible() && (await time(page).isVisible()) && (await bits(page).isVisible()));
    for (const gone of ['.header', '.group-sample', '#set-bias-correct']) assert.ok(!(await page.locator(gone).isVisible()), gone);
    await bits(page).fill('14');
    await page.waitForURL(/embed=story,timeline,settings:register-bits/);
    await page.waitForURL(/register-bits=14/);
    const link = page.getByRole('link', { name: 'Open in SDANN Explorer' });
    assert.doesNotMatch(await link.getAttribute('href'), /embed/);
    assert.match(await link.getAttribute('href'), /register-bits=14/);
    assert.deepEqual(await accessibilityViolations(page), []);
  });

  on('parts can be hidden for a class', '?hide=badge,settings:register-bits,chip', async (page) => {
    assert.ok(!(await page.locator('.badge').isVisible()) && !(await bits(page).isVisible()));
    assert.ok(!(await page.getByRole('link', { name: 'Chip', exact: true }).isVisible()));
    assert.ok(await page.locator('.header').isVisible() && (await page.locator('#set-bias-correct').isVisible()));
  });

  on('the dialog makes a frame’s code', '?register-bits=12', async (page) => {
    await page.getByRole('button', { name: 'Learn' }).click();
    await page.getByRole('button', { name: 'Embed…' }).click();
    await page.getByLabel('Badge', { exact: true }).check();
    await page.getByText('Single settings').click();
    await page.getByLabel('register-bits', { exact: true }).check();
    await page.getByLabel('Width', { exact: true }).last().fill('640');
    await page.getByLabel('Height', { exact: true }).fill('480');
    await page.keyboard.press('Tab');
    const code = await page.getByLabel('Code for your page').inputValue();
    assert.match(code, /^<iframe src="http[^"]*register-bits=12[^"]*&amp;embed=story,timeline,badge,settings:register-bits" width="640" height="480"/);
  });

  test('works in a frame of another site where the browser keeps nothing', async () => {
    const { browser, url } = serving();
    const outside = createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>Article</title><iframe src="${url}?embed=story,badge" width="900" height="600" title="x"></iframe>`);
    });
    await new Promise((listening) => outside.listen(0, '127.0.0.1', listening));
    const context = await browser.newContext({ serviceWorkers: 'block' });
    await context.addInitScript(() => {
      const refuse = () => {
        throw new DOMException('storage is refused', 'SecurityError');
      };
      Object.defineProperty(globalThis, 'localStorage', { get: refuse });
    });
    const page = await context.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    // Another name of this machine is another site.
    await page.goto(`http://127.0.0.1:${outside.address().port}/`);
    const frame = page.frameLocator('iframe');
    await frame.getByText(/codes equal, 1\s000 of 1\s000/).waitFor({ timeout: 60_000 });
    assert.ok(await frame.locator('.story').isVisible());
    assert.ok(!(await frame.locator('.timeline').isVisible()));
    assert.deepEqual(problems, []);
    await context.close();
    outside.closeAllConnections();
    await new Promise((done) => outside.close(done));
  });
});
