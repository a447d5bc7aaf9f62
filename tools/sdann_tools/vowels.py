"""`signal-1d`: which of nine speakers said a vowel, from 12 curves, by convolutions over time.

12 curves × 32 steps
first    conv 5 ×24, ReLU, MaxPool 2       24×16
second   conv 3 ×32, ReLU, MaxPool 2       32×8
third    conv 3 ×32, ReLU, GlobalAveragePool
class    dense                             9
"""

import importlib.util
from functools import cache
from pathlib import Path

import jax
import numpy as np
import onnx

from . import idx, training
from .datasets import Part
from .graphs import GraphBuilder
from .paths import DATASETS

CLASSES = 9
CURVES, STEPS = 12, 32
DIVIDE_BY = 50  # the stored integer that becomes 1.0
TRAINING_PER_CLASS = 15
SHAPES = {
    "first": (24, CURVES, 5),
    "second": (32, 24, 3),
    "third": (32, 32, 3),
    "class": (CLASSES, 32),
}
RECIPE = training.Recipe(epochs=400, batch=27, peak_rate=3e-3, weight_decay=0.3, noise=0.05, seed=9)


@cache
def recordings() -> tuple[Part, Part]:
    """JapaneseVowels' training and testing part, as packed inside aeon.

    Curves as int8, value · 50 rounded, [count, 12, 32]; zeros after a recording's end.
    """
    return tuple(_read(f"JapaneseVowels_{part}.ts") for part in ("TRAIN", "TEST"))


def _read(name):
    # Only the files are wanted: importing the package would need all that it depends on.
    package = Path(importlib.util.find_spec("aeon").submodule_search_locations[0])
    lines = (package / "datasets" / "data" / "JapaneseVowels" / name).read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("@data"))
    curves, labels = [], []
    for line in filter(None, lines[start + 1 :]):
        *channels, label = line.split(":")
        values = np.array([[float(v) for v in channel.split(",")] for channel in channels])
        codes = np.rint(values * DIVIDE_BY).astype(np.int8)
        curves.append(np.pad(codes, [(0, 0), (0, STEPS - codes.shape[1])]))
        labels.append(int(label) - 1)
    return Part(np.stack(curves), np.array(labels, np.uint8))


def split() -> tuple[Part, Part]:
    """What the network learns from, and what it never sees: the rest of both parts."""
    first, second = recordings()
    chosen = np.zeros(len(first.labels), bool)
    for label in range(CLASSES):
        chosen[np.flatnonzero(first.labels == label)[:TRAINING_PER_CLASS]] = True
    rest = Part(
        np.concatenate([first.images[~chosen], second.images]),
        np.concatenate([first.labels[~chosen], second.labels]),
    )
    return Part(first.images[chosen], first.labels[chosen]), rest


def write_datasets() -> None:
    """Writes both parts of the split."""
    for name, part in zip(PARTS, split()):
        idx.write(_curves(name), part.images)
        idx.write(_labels(name), part.labels)


def read_part(name: str) -> Part:
    """Reads what `write_datasets` wrote."""
    return Part(idx.read(_curves(name)), idx.read(_labels(name)))


PARTS = ("training", "test")


def _curves(name):
    return DATASETS / f"vowels-{name}-curves.idx3-byte.gz"


def _labels(name):
    return DATASETS / f"vowels-{name}-labels.idx1-ubyte.gz"


def inputs_of(curves: np.ndarray) -> np.ndarray:
    return curves.astype(np.float32) / np.float32(DIVIDE_BY)


def forward(parameters, x):
    def halved(x):
        return x.reshape(*x.shape[:2], -1, 2).max(axis=3)

    x = halved(jax.nn.relu(training.convolution(x, parameters["first"], 1, 2)))
    x = halved(jax.nn.relu(training.convolution(x, parameters["second"], 1, 1)))
    x = jax.nn.relu(training.convolution(x, parameters["third"], 1, 1)).mean(axis=2)
    return training.dense(x, parameters["class"])


def graph(parameters) -> onnx.ModelProto:
    builder = GraphBuilder("signal-1d", ["N", CURVES, STEPS], input_name="curves")
    for name in ("first", "second", "third"):
        layer = parameters[name]
        size = layer["weight"].shape[2]
        builder.linear(
            "Conv", name, layer["weight"], layer["bias"], kernel_shape=[size], pads=[size // 2] * 2
        )
        builder.node("Relu", f"{name}_relu")
        if name != "third":
            builder.node("MaxPool", f"{name}_pool", kernel_shape=[2], strides=[2])
    builder.node("GlobalAveragePool", "average")
    builder.node("Flatten", "flatten", axis=1)
    layer = parameters["class"]
    builder.linear("Gemm", "class", layer["weight"], layer["bias"], transB=1)
    return builder.model("logits")


def trained(part: Part) -> onnx.ModelProto:
    start = training.he_initialized(SHAPES, RECIPE.seed)
    labels = part.labels.astype(np.int32)
    return graph(training.train(forward, start, inputs_of(part.images), labels, RECIPE))
