// Walking through time in the page, one step in every frame, for measurements.

/** The page's work for each step, and how long each frame lasts, in ms. */
export const scrub = (page, steps) =>
  page.evaluate(async (steps) => {
    const track = document.querySelector('[role=slider][aria-label="Time step"]');
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    const press = (key) => track.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    const [work, frames] = [[], []];
    press('Home');
    await frame();
    let before = await frame();
    for (let step = 0; step < steps; step++) {
      const begun = performance.now();
      press(Number(track.ariaValueNow) === Number(track.ariaValueMax) ? 'Home' : 'ArrowRight');
      // What is drawn comes in a task of its own; a message behind it tells that it is done.
      await new Promise((done) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(0);
      });
      // Asking for a size makes the browser lay the page out now.
      document.body.getBoundingClientRect();
      work.push(performance.now() - begun);
      const now = await frame();
      frames.push(now - before);
      before = now;
    }
    return { work, frames };
  }, steps);
