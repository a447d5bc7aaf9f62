"""Writes `tests/corpus-tflite/`: small full-integer TensorFlow Lite models, inputs, and what the reference kernels
make of them.

Arguments are names of cases; only these are made.
"""

import json
import shutil
import sys
import zlib

import keras
import numpy as np
import tensorflow as tf

from sdann_tools import tflite
from sdann_tools.paths import ROOT
from sdann_tools.tflite_cases import CASES, TfliteCase

CORPUS = ROOT / "tests" / "corpus-tflite"
SAMPLES = 16
CALIBRATION_SAMPLES = 64

INTRODUCTION = """\
# The corpus of TensorFlow Lite models

Written by `tools/make_tflite_corpus.py` with TensorFlow {version}. One folder a case, one subject a case: small
Keras networks with random weights, made full-integer by the official converter on random calibration
data, and run by the **reference kernels** (`OpResolverType.BUILTIN_REF`).

- `model.tflite` the model.
- `input.npy` samples as the model takes them, [{samples}, ...]: codes (or float32 where a Quantize stands in the
  model), in the file's layout, channels last.
- `output.npy` what the model answers, as it writes it.
- `hidden.npy` int8 or int16 [{samples}, …]: the codes of every tensor that an operator writes, one after the other, in
  the order of `hidden` in `case.json`.
- `case.json` what the case is about, the operators in the file, and how many of the output's codes the default
  kernels (XNNPACK and the optimized ones, on x86-64) give otherwise than the reference kernels.

In cases that end in `-ties` every scale was rounded to a power of two after the conversion, so that results often
lie halfway between two codes.

| case | about | operators | differing by default kernels |
|---|---|---|---|
"""


def main() -> None:
    chosen = sys.argv[1:]
    if not chosen:
        shutil.rmtree(CORPUS, ignore_errors=True)
    CORPUS.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        if not chosen or case.name in chosen:
            write(CORPUS / case.name, case)
    rows = []
    for case in CASES:
        description = json.loads((CORPUS / case.name / "case.json").read_text())
        operators = ", ".join(dict.fromkeys(description["operators"]))
        default = description["default"]
        rows.append(
            f"| `{case.name}` | {case.about} | {operators} | {default['differing']} of {default['values']} |\n"
        )
    head = INTRODUCTION.format(version=tf.__version__, samples=SAMPLES)
    (CORPUS / "README.md").write_text(head + "".join(rows))


def built(case: TfliteCase, rng) -> keras.Model:
    """A case's network with random weights, scaled by fan-in so that activations stay near ±1."""
    inputs = keras.Input(case.sample)
    model = keras.Model(inputs, case.build(inputs))
    for weight in model.weights:
        shape = weight.shape
        if weight.path.endswith(("moving_variance", "gamma")):
            values = rng.uniform(0.5, 2.0, shape)
        elif len(shape) > 1:
            fan_in = np.prod(shape[:-1])
            values = rng.normal(0, 1 / np.sqrt(fan_in), shape) * rng.uniform(0.5, 2.0, shape[-1])
        else:
            values = rng.normal(0, 0.5, shape)
        weight.assign(np.abs(values) if case.positive else values)
    return model


def write(folder, case: TfliteCase) -> None:
    """Makes one case's folder."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    keras.backend.clear_session()
    model = built(case, rng)
    shape = (CALIBRATION_SAMPLES, *case.sample)
    calibration = rng.uniform(case.low, 1.5, shape).astype(np.float32)
    samples = case.range * rng.uniform(case.low, 1.5, (SAMPLES, *case.sample))
    content = tflite.converted(model, calibration, **case.options)
    if case.ties:
        content = tflite.with_simple_scales(content)
    inputs = tflite.quantized_inputs(content, samples.astype(np.float32))
    outputs = tflite.run(content, inputs)
    default = by_default_kernels(content, inputs, outputs)
    hidden = tflite.hidden(content, inputs)
    description = {
        "about": case.about,
        "operators": tflite.operators(content),
        "output": str(outputs.dtype),
        "hidden": [{"name": d["name"], "shape": [int(n) for n in d["shape"]]} for d, _ in hidden],
        "default": default,
        "tensorflow": tf.__version__,
    }
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(content)
    np.save(folder / "input.npy", inputs)
    np.save(folder / "output.npy", outputs)
    codes = np.concatenate([codes for _, codes in hidden], axis=1)
    is_signed = codes.min() >= -128 and codes.max() < 128
    np.save(folder / "hidden.npy", codes.astype(np.int8 if is_signed else np.int16))
    text = json.dumps(description, indent=2, ensure_ascii=False)
    (folder / "case.json").write_text(text + "\n")
    print(case.name, len(content), description["operators"], description["default"])


def by_default_kernels(content, inputs, outputs) -> dict:
    """How many outputs the default kernels give otherwise; nothing where they refuse the model."""
    try:
        default = tflite.run(content, inputs, tflite.DEFAULT)
    except RuntimeError as error:
        return {"refused": str(error).splitlines()[0]}
    return {
        "values": int(outputs.size),
        "differing": int(np.count_nonzero(default != outputs)),
        "largest": float(np.max(np.abs(default.astype(np.float64) - outputs))),
    }


if __name__ == "__main__":
    main()
