// The engine in headless Chromium beside onnxruntime-web: one worker, one thread, the same files, in turns. Part of
// `cargo xtask bench`, which builds the program and the large model into target/bench/; `--json FILE` gets the rows.

import { fileURLToPath } from 'node:url';

import { launch, serve } from '../../tests/e2e/harness.mjs';
import { at, keep, short } from '../../tests/e2e/rows.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROUNDS = 7;
/** Samples that are measured on: all with what is quick, few with what is not. */
const IMAGES = 1000;
const measures = (all, few) => [['counted', all], ['exact', all], ['single', few], ['narrow', few], ['reference', few], ['agreement', few], ['trace', Math.min(all, 10)]];

const MNIST = { shape: [1, 28, 28], pixels: 'assets/datasets/mnist-test-images.idx3-ubyte.gz', samples: IMAGES, batches: [1, 100, 1000], measures: measures(IMAGES, 200) };
const MODELS = [
  { name: 'mnist-cnn', url: 'assets/models/mnist-cnn.onnx', ...MNIST },
  { name: 'mnist-residual', url: 'assets/models/mnist-residual.onnx', ...MNIST },
  { name: 'mobile-net', url: 'target/bench/mobile-net.onnx', shape: [3, 160, 160], noise: 4, samples: 4, batches: [1, 4], measures: [['counted', 4], ['exact', 4]] },
];

const server = await serve(ROOT);
const browser = await launch();
let done;
try {
  const page = await browser.newPage();
  page.on('console', (message) => console.error(message.text()));
  await page.goto(`${server.url}benches/browser/bench.html`);
  await page.exposeFunction('progress', (text) => console.error(text));
  const addresses = (models) => models.map((model) => ({ ...model, url: server.url + model.url, pixels: model.pixels && server.url + model.pixels }));
  done = await page.evaluate(
    (asked) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('worker.js', { type: 'module' });
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }) => {
          if (data.progress) globalThis.progress(data.progress);
          if (data.error) reject(new Error(data.error));
          if (data.done) resolve(data.done);
        };
        worker.postMessage(asked);
      }),
    {
      program: `${server.url}target/bench/program/browser_bench.js`,
      peer: `${server.url}benches/peers/node_modules/onnxruntime-web/dist/`,
      models: addresses(MODELS),
      rounds: ROUNDS,
    },
  );
} finally {
  await browser.close();
  await server.close();
}

const rows = [];
const row = (what, measured, values, goal, met) => rows.push({ what, measured, values, ...(goal ? { goal, met } : {}) });
for (const [name, { times, macs, opening, memory }] of Object.entries(done.models)) {
  const speed = (what) => 1000 / at(times[what], 0.5);
  const rate = (what) => `${short((speed(what) * macs) / 1e9)} G MAC/s`;
  const [counted, peak] = [speed('counted'), speed('peak')];
  const peers = Object.keys(times).filter((what) => what.startsWith('batches'));
  const best = peers.reduce((a, b) => (speed(a) >= speed(b) ? a : b));
  const ratio = counted / speed(best);
  const values = { images_per_s: counted, macs, times };
  const title = `${name}, in Chromium: exact, spikes counted per core`;
  row(
    title,
    `${short(counted)} images/s: ${ratio.toFixed(2)} × onnxruntime-web ${done.version} (${short(speed(best))}, ${best})`,
    values,
    ...(name === 'mobile-net' ? [] : ['≥ 1.5 ×', ratio >= 1.5]),
  );
  const isLarge = name === 'mobile-net';
  row(
    isLarge ? `${name} (${short(macs)} MAC at 160 × 160), in Chromium` : `${title}: share of the machine's peak`,
    `${rate('counted')}: ${(100 * (counted / peak)).toFixed(0)} % of i32x4_dot_i16x8 from registers (${rate('peak')}), ${(100 * (counted / speed('products'))).toFixed(0)} % of it with two loads each (${rate('products')})`,
    { gmac_per_s: (counted * macs) / 1e9, peak: (peak * macs) / 1e9, products: (speed('products') * macs) / 1e9 },
    ...(isLarge ? ['≥ 10 G MAC/s', counted * macs >= 10e9] : []),
  );
  if (isLarge) {
    row(`${name}, in Chromium: the engine's memory`, `${short(memory / 1e6)} MB; opened, converted and mapped in ${(opening / 1000).toFixed(1)} s`, { memory, opening }, '< 512 MB', memory < 512e6);
    continue;
  }
  const narrow = speed('narrow') / counted;
  row(`${name}, in Chromium: exact, without counting`, `${short(speed('exact'))} images/s`, { images_per_s: speed('exact') });
  row(`${name}, in Chromium: 16 bits, each step rounded`, `${short(speed('narrow'))} images/s: ${narrow.toFixed(3)} of exact`, { images_per_s: speed('narrow') }, '≥ 1/6 of exact', narrow >= 1 / 6);
  for (const [what, words] of [['single', 'exact, counted, one image at a time'], ['reference', 'integer reference'], ['agreement', 'agreement with the reference']]) {
    row(`${name}, in Chromium: ${words}`, `${short(speed(what))} images/s: ${(speed(what) / counted).toFixed(2)} of exact`, { images_per_s: speed(what) });
  }
  const trace = at(times.trace, 0.5);
  row(`${name}, in Chromium: one sample's full trace`, `${trace.toFixed(2)} ms`, { ms: trace }, '< 3 ms', trace < 3);
}
keep(rows);
