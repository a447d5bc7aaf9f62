// Takes the four pictures that a change of looks is judged by.

import { SCHEMES, WIDTHS, launch, open, screenshot, serve } from './harness.mjs';

const server = await serve();
const browser = await launch();
try {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const { page, close } = await open(browser, server.url, { width, scheme });
      console.log(await screenshot(page, `${width}-${scheme}`));
      await close();
    }
  }
} finally {
  await browser.close();
  await server.close();
}
