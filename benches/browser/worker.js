// Measures the engine and onnxruntime-web in one worker, in turns. Gets `{ program, models, rounds }`, sends
// `{ progress }` and at last `{ done }`: for every model and measure the milliseconds of a sample, round by round.

const run = async ({ program, peer, models, rounds }) => {
  const engine = await import(program);
  await engine.default();
  const ort = await import(`${peer}ort.wasm.min.mjs`);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = peer;
  const bytes = async (url) => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };

  const done = { version: ort.env.versions.web, models: {} };
  for (const { name, url, shape, pixels, noise, measures, batches, samples } of models) {
    const model = await bytes(url);
    const size = shape.reduce((product, extent) => product * extent, 1);
    const reals = pixels
      ? engine.numbers(await bytes(pixels)).map((pixel) => pixel / 255)
      : Float32Array.from({ length: noise * size }, (_, i) => ((i * 2654435761) >>> 8) / 2 ** 24);
    const before = performance.now();
    const workload = new engine.Workload(model, name, reals);
    const opening = performance.now() - before;
    const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
    const [input] = session.inputNames;

    // What is run, and on how many samples.
    const all = measures.map(([what, count]) => [what, count, () => workload.run(what, count)]);
    const macs = workload.macs;
    all.push(['products', samples, () => engine.products(macs * samples)], ['peak', samples, () => engine.peak(macs * samples)]);
    for (const batch of batches) {
      const tensors = [];
      for (let at = 0; at < samples; at += batch) {
        tensors.push(new ort.Tensor('float32', reals.subarray(at * size, (at + batch) * size), [batch, ...shape]));
      }
      const whole = async () => {
        for (const tensor of tensors) (await session.run({ [input]: tensor }))[session.outputNames[0]].dispose();
      };
      // Beside what counts.
      all.splice(1, 0, [`batches of ${batch}`, samples, whole]);
    }
    const times = Object.fromEntries(all.map(([what]) => [what, []]));
    for (let round = -1; round < rounds; round++) {
      postMessage({ progress: `${name}: ${round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`}` });
      for (const [what, count, measure] of all) {
        const begun = performance.now();
        await measure();
        if (round >= 0) times[what].push((performance.now() - begun) / count);
      }
    }
    done.models[name] = { times, macs, opening, memory: engine.memory_bytes() };
    await session.release();
    workload.free();
  }
  return done;
};

onmessage = ({ data }) => run(data).then((done) => postMessage({ done }), (error) => postMessage({ error: `${error?.stack ?? error}` }));
