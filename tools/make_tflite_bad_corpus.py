"""Writes `tests/corpus-tflite-bad/`: TensorFlow Lite files that an importer must refuse with a helpful message."""

import json
import shutil
import zlib

import flatbuffers
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from make_tflite_corpus import built
from sdann_tools import tflite
from sdann_tools.paths import ROOT
from sdann_tools.tflite import schema
from sdann_tools.tflite_cases import TfliteCase, sequence

BAD_CORPUS = ROOT / "tests" / "corpus-tflite-bad"

INTRODUCTION = """\
# TensorFlow Lite models to refuse

Written by `tools/make_tflite_bad_corpus.py`: models that the converter made otherwise than full-integer, and one good
network with one thing broken. An importer refuses each with one sentence that has the words in `cases.json`; it
never panics, hangs or reserves memory for what a file claims.

| file | what is wrong |
|---|---|
"""

GOOD = TfliteCase(
    "good",
    "the network before it is broken",
    sequence(
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(5),
        layers.Softmax(),
    ),
    (8, 8, 2),
)


def edited(change):
    """A breakage of the good model's objects: `change` gets the model and its subgraph."""

    def make(good: bytes) -> bytes:
        content = schema.ModelT.InitFromPackedBuf(good, 0)
        change(content, content.subgraphs[0])
        builder = flatbuffers.Builder(len(good))
        builder.Finish(content.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    return make


def converted(prepare, model=None):
    """A model that the converter makes otherwise: `prepare` gets the converter and the samples."""

    def make(_good: bytes) -> bytes:
        network = model() if model else built(GOOD, np.random.default_rng(0))
        converter = tf.lite.TFLiteConverter.from_keras_model(network)
        prepare(converter)
        return converter.convert()

    return make


def samples():
    rng = np.random.default_rng(1)
    for _ in range(8):
        yield [rng.uniform(-1, 1, (1, *GOOD.sample)).astype(np.float32)]


def dynamic_range(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def half_precision(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def wide(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    mode = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    converter.target_spec.supported_ops = [mode]


def tensor(graph, operator, index):
    return graph.tensors[graph.operators[operator].inputs[index]]


def set_scale(value):
    return lambda m, g: setattr(tensor(g, 0, 0).quantization, "scale", [value])


def second_input(m, g):
    g.inputs = [*g.inputs, g.operators[1].inputs[0]]


def op(code):
    def change(m, g):
        used = m.operatorCodes[g.operators[1].opcodeIndex]
        used.builtinCode = code
        used.deprecatedBuiltinCode = min(code, 127)

    return change


def custom(m, g):
    op(32)(m, g)
    m.operatorCodes[g.operators[1].opcodeIndex].customCode = b"MyOperator"


def two_graphs(m, g):
    m.subgraphs = [g, g]


def variable(m, g):
    tensor(g, 1, 0).isVariable = True
    g.operators = g.operators[1:]


def cycle(m, g):
    g.operators[0], g.operators[1] = g.operators[1], g.operators[0]


def long_kernel(m, g):
    tensor(g, 0, 1).shape = [4, 2**20, 2**20, 2]


def one_by_one(m, g):
    tensor(g, 0, 1).quantization.quantizedDimension = 3


def blocks(m, g):
    q = tensor(g, 0, 1).quantization
    q.detailsType, q.details = 2, schema.BlockwiseQuantizationT()


BREAKAGES = [
    ("truncated", "the first half of a good file", lambda good: good[: len(good) // 2], ["damaged"]),
    ("too-few-bytes", "nothing but the identifier", lambda good: good[:8], ["damaged"]),
    ("root-outside", "the first offset leads outside", lambda good: b"\xff\xff\xff\x7f" + good[4:], ["damaged"]),
    ("float", "not quantized at all", converted(lambda c: None), ["isn't quantized", "representative_dataset"]),
    ("dynamic-range", "quantized weights, float activations", converted(dynamic_range), ["isn't quantized", "representative_dataset"]),
    ("float16", "weights of 16 bits in floating point", converted(half_precision), ["isn't quantized", "representative_dataset"]),
    ("int16x8", "activations of 16 bits", converted(wide), ["int16", "TFLITE_BUILTINS_INT8"]),
    ("lstm", "an operator that can't be expressed", edited(op(16)), ["LSTM", "feed-forward", "CONV_2D"]),
    ("custom", "an operator of somebody's own", edited(custom), ["MyOperator", "custom"]),
    ("unknown-operator", "an operator of a number that there isn't", edited(op(9999)), ["9999"]),
    ("softmax-in-the-middle", "a SOFTMAX between layers", edited(op(25)), ["SOFTMAX", "at the end"]),
    ("two-inputs", "two inputs", edited(second_input), ["2 inputs"]),
    ("two-outputs", "two outputs", edited(lambda m, g: setattr(g, "outputs", [*g.outputs, g.operators[0].outputs[0]])), ["2 outputs"]),
    ("no-output", "no output", edited(lambda m, g: setattr(g, "outputs", [])), ["0 outputs"]),
    ("two-subgraphs", "two subgraphs", edited(two_graphs), ["2 subgraphs"]),
    ("version-1", "an old version of the format", edited(lambda m, g: setattr(m, "version", 1)), ["version 1"]),
    ("variable", "a tensor that keeps its value", edited(variable), ["variable"]),
    ("cycle", "a layer before what it reads", edited(cycle), ["cycle"]),
    ("missing-writer", "a layer whose input nothing writes", edited(lambda m, g: setattr(g, "operators", g.operators[1:])), ["no node writes"]),
    ("written-twice", "two layers write the same tensor", edited(lambda m, g: setattr(g.operators[1], "outputs", list(g.operators[0].outputs))), ["written twice"]),
    ("tensor-outside", "a layer reads a tensor of a number that there isn't", edited(lambda m, g: setattr(g.operators[0], "inputs", [0, 777, 2])), ["tensor 777"]),
    ("buffer-outside", "weights in a buffer that there isn't", edited(lambda m, g: setattr(tensor(g, 0, 1), "buffer", 999)), ["buffer 999"]),
    ("weights-cut", "fewer weights than their shape says", edited(lambda m, g: setattr(m.buffers[tensor(g, 0, 1).buffer], "data", np.zeros(5, np.uint8))), ["5 bytes"]),
    ("bias-count", "a bias of another length", edited(lambda m, g: (setattr(tensor(g, 0, 2), "shape", [2]), setattr(m.buffers[tensor(g, 0, 2).buffer], "data", np.zeros(8, np.uint8)))), ["bias", "2 values"]),
    ("enormous-kernel", "weights of 2^43 elements", edited(long_kernel), ["bytes"]),
    ("enormous-input", "an input of 2^40 pixels", edited(lambda m, g: setattr(tensor(g, 0, 0), "shape", [1, 2**20, 2**20, 2])), ["supported"]),
    ("negative-shape", "an extent of −8", edited(lambda m, g: setattr(tensor(g, 0, 0), "shape", [1, -8, 8, 2])), ["positive"]),
    ("batch-8", "a fixed batch of 8", edited(lambda m, g: setattr(tensor(g, 0, 0), "shape", [8, 8, 8, 2])), ["batch"]),
    ("stride-0", "a stride of 0", edited(lambda m, g: setattr(g.operators[0].builtinOptions, "strideW", 0)), ["strides"]),
    ("no-options", "a convolution without options", edited(lambda m, g: (setattr(g.operators[0], "builtinOptions", None), setattr(g.operators[0], "builtinOptionsType", 0))), ["options"]),
    ("no-quantization", "an activation without scale", edited(lambda m, g: setattr(tensor(g, 0, 0), "quantization", None)), ["no scale"]),
    ("scale-zero", "a scale of 0", edited(set_scale(0.0)), ["scale is 0"]),
    ("scale-nan", "a scale that is no number", edited(set_scale(float("nan"))), ["scale is NaN"]),
    ("scale-infinite", "an infinite scale", edited(set_scale(float("inf"))), ["scale is inf"]),
    ("scale-enormous", "a scale that no multiplier holds", edited(set_scale(1e30)), ["scales codes up"]),
    ("zero-point-outside", "a zero point of 300", edited(lambda m, g: setattr(tensor(g, 0, 0).quantization, "zeroPoint", [300])), ["zero point 300"]),
    ("weights-zero-point", "a zero point of weights", edited(lambda m, g: setattr(tensor(g, 0, 1).quantization, "zeroPoint", [0, 7, 0, 0])), ["zero point is 7"]),
    ("scale-count", "three scales for four channels", edited(lambda m, g: setattr(tensor(g, 0, 1).quantization, "scale", [0.1, 0.1, 0.1])), ["3 scales"]),
    ("wrong-axis", "scales of weights along the inputs", edited(one_by_one), ["axis 3"]),
    ("blockwise", "weights quantized in blocks", edited(blocks), ["blocks"]),
    ("pool-changes-scale", "a pool that changes the scale", edited(lambda m, g: setattr(g.tensors[g.operators[1].outputs[0]].quantization, "scale", [0.7])), ["must be the same"]),
    ("shape-mismatch", "a declared shape that isn't the layer's", edited(lambda m, g: setattr(g.tensors[g.operators[0].outputs[0]], "shape", [1, 7, 7, 4])), ["gives shape"]),
    ("wrong-type", "an activation of booleans", edited(lambda m, g: setattr(tensor(g, 0, 0), "type", 6)), ["bool"]),
]  # fmt: skip


def main() -> None:
    shutil.rmtree(BAD_CORPUS, ignore_errors=True)
    BAD_CORPUS.mkdir(parents=True)
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(zlib.crc32(b"good"))
    calibration = rng.uniform(-1, 1.5, (32, *GOOD.sample)).astype(np.float32)
    good = tflite.converted(built(GOOD, rng), calibration)
    (BAD_CORPUS / "good.tflite").write_bytes(good)
    rows, cases = [], []
    for name, about, make, mentions in BREAKAGES:
        (BAD_CORPUS / f"{name}.tflite").write_bytes(make(good))
        rows.append(f"| `{name}.tflite` | {about} |\n")
        cases.append({"file": f"{name}.tflite", "about": about, "mentions": mentions})
    text = json.dumps({"cases": cases}, indent=2, ensure_ascii=False)
    (BAD_CORPUS / "cases.json").write_text(text + "\n")
    (BAD_CORPUS / "README.md").write_text(INTRODUCTION + "".join(rows))


if __name__ == "__main__":
    main()
