"""`sine-regression`: sin(x) from x, by two hidden layers of 12 neurons; every one can be drawn."""

import jax
import numpy as np
import onnx

from . import idx, training
from .graphs import GraphBuilder
from .paths import DATASETS

HIDDEN = 12
SHAPES = {"first": (HIDDEN, 1), "second": (HIDDEN, HIDDEN), "output": (1, HIDDEN)}
RECIPE = training.Recipe(epochs=600, batch=64, peak_rate=1e-2, weight_decay=1e-5, seed=11)
REACH = np.float32(np.pi)  # inputs lie between −π and π
TRAINING, TEST, CALIBRATION = 2000, 500, 200
SEED = 314


def samples():
    """Inputs [count, 1] in random order: for training (first those for calibration), and for testing."""
    rng = np.random.default_rng(SEED)
    inputs = rng.uniform(-REACH, REACH, (TRAINING + TEST, 1)).astype(np.float32)
    return inputs[:TRAINING], inputs[TRAINING:]


def write_dataset() -> None:
    """Writes the inputs for testing and calibration, and what the sine of the former is."""
    training_inputs, test = samples()
    idx.write(_file("test-inputs"), test)
    idx.write(_file("test-targets"), target(test))
    idx.write(_file("calibration-inputs"), training_inputs[:CALIBRATION])


def read(name: str) -> np.ndarray:
    """Reads `test-inputs`, `test-targets` or `calibration-inputs`."""
    return idx.read(_file(name))


def _file(name):
    return DATASETS / f"sine-{name}.idx2-float.gz"


def target(inputs: np.ndarray) -> np.ndarray:
    return np.sin(inputs)


def forward(parameters, x):
    x = jax.nn.relu(training.dense(x, parameters["first"]))
    x = jax.nn.relu(training.dense(x, parameters["second"]))
    return training.dense(x, parameters["output"])


def graph(parameters) -> onnx.ModelProto:
    builder = GraphBuilder("sine-regression", ["N", 1], input_name="x")
    for name in SHAPES:
        layer = parameters[name]
        builder.linear("Gemm", name, layer["weight"], layer["bias"], transB=1)
        if name != "output":
            builder.node("Relu", f"{name}_relu")
    return builder.model("y")


def trained(inputs: np.ndarray) -> onnx.ModelProto:
    """The network, trained on these inputs."""
    start = training.he_initialized(
        {"second": SHAPES["second"], "output": SHAPES["output"]}, RECIPE.seed
    )
    # A neuron with a single input bends where w x + b = 0: spread the bends over the inputs.
    rng = np.random.default_rng(RECIPE.seed)
    signs = np.resize([1, -1], HIDDEN)
    bends = np.linspace(-REACH, REACH, HIDDEN + 2)[1:-1] + rng.normal(0, 0.1, HIDDEN)
    start["first"] = {
        "weight": signs[:, None].astype(np.float32),
        "bias": (-signs * bends).astype(np.float32),
    }
    targets = target(inputs)
    return graph(
        training.train(forward, start, inputs, targets, RECIPE, error=training.squared_error)
    )
