// Starts the page's program; Trunk fills in its names. Says so if the browser can't run it.

// What few visitors need is loaded when they need it.
globalThis.loadLater = (file) => import(new URL(file, document.baseURI));

// The run that the page opens with is stored, so that nobody waits for the engine to see it. An address that asks for
// another one doesn't need it.
const OPENS_ALIKE = ['v', 'lang', 'embed', 'hide'];
const opensAlike = [...new URLSearchParams(location.search).keys()].every((key) => OPENS_ALIKE.includes(key));
globalThis.firstView = opensAlike ? unpacked('assets/first-view.bin').catch(() => {}) : undefined;

async function unpacked(file) {
  const { ok, body } = await fetch(new URL(file, document.baseURI));
  if (!ok) return undefined;
  return new Uint8Array(await new Response(body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
}

const { program, wasm } = document.querySelector('script[data-program]').dataset;

// In a frame there is another layout, from the first moment on.
if (new URLSearchParams(location.search).has('embed')) document.documentElement.dataset.embed = '';

try {
  const { default: start } = await import(new URL(program, document.baseURI));
  await start({ module_or_path: new URL(wasm, document.baseURI) });
  keepForLater();
} catch (error) {
  document.querySelector('.badge')?.remove();
  const card = document.createElement('p');
  card.className = 'notice notice-error';
  card.setAttribute('role', 'alert');
  card.textContent =
    'The page can’t start here: it needs a browser with WebAssembly and 128-bit vectors, ' +
    `as all have had since 2023. Update the browser, or load the page again. (${error.message})`;
  document.querySelector('.main')?.replaceChildren(card);
  console.error(error);
}

// What it takes to open the page without a network is fetched when nothing else is waited for.
function keepForLater() {
  if (!document.querySelector('meta[name="offline"]') || !navigator.serviceWorker) return;
  const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, 2000));
  idle(() => navigator.serviceWorker.register('sw.js').catch(() => {}));
}
