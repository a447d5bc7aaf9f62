"""Converts the shipped float models with SpikingJelly's `ann2snn` and writes down what they answer.

The result, `tests/fixtures/spikingjelly.json`, is what the rate-coded baseline is held against: for each
model and recipe the thresholds, and after T time steps the class of every test sample and the spikes of
every layer. A model is converted only if PyTorch gives ONNX Runtime's outputs first. `cargo xtask bench` runs it with
`--serve`, beside the engine and in turns with it: then nothing is written, and times are measured as they are asked for.

Needs `requirements-spikingjelly.txt`. Other arguments are names of models; without any, all are run.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from loguru import logger
from spikingjelly.activation_based import ann2snn, functional, neuron

from sdann_tools import idx, paths, runtime
from sdann_tools.torch_network import TorchNetwork

STEPS = (4, 8, 16, 32, 64, 128)
RESULT = paths.ROOT / "tests" / "fixtures" / "spikingjelly.json"
LARGEST_DIFFERENCE = 1e-4  # of an output, relative to the largest, between PyTorch and ONNX Runtime


@dataclass(frozen=True)
class Model:
    calibration: str
    test: str
    labels: str
    divide_by: int
    recipes: tuple[str, ...]


# What is measured as a threshold, and which neuron has it.
RECIPES = {
    "99.9%": ("99.9%", None),
    "max": ("max", None),
    "half of max": (0.5, None),
    "99.9%, half-threshold start": ("99.9%", lambda _scale: neuron.HalfThresholdIFNode()),
    "99.9%, hard reset": ("99.9%", lambda _scale: neuron.IFNode(v_reset=0.0)),
}
MNIST = ("mnist-calibration-images.idx3-ubyte", "mnist-test-images.idx3-ubyte")
MODELS = {
    "digits-mlp": Model(
        "digits-calibration-images.idx3-ubyte",
        "digits-test-images.idx3-ubyte",
        "digits-test-labels.idx1-ubyte",
        16,
        tuple(RECIPES),
    ),
    "mnist-cnn": Model(*MNIST, "mnist-test-labels.idx1-ubyte", 255, tuple(RECIPES)),
    "signal-1d": Model(
        "vowels-training-curves.idx3-byte",
        "vowels-test-curves.idx3-byte",
        "vowels-test-labels.idx1-ubyte",
        50,
        ("99.9%",),
    ),
    "mnist-residual": Model(*MNIST, "mnist-test-labels.idx1-ubyte", 255, ("99.9%",)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--serve", action="store_true", help="measure what is asked for, line by line")
    arguments = parser.parse_args()
    logger.remove()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    if arguments.serve:
        return _serve()
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in arguments.models or MODELS:
        result |= {"spikingjelly": "2.0.0", "torch": torch.__version__}
        result[name] = _answers(name)
        RESULT.write_text(json.dumps(result, indent=1) + "\n")


def _load(name):
    """The model in both frameworks, calibration and test inputs, labels."""
    model = MODELS[name]
    original = onnx.load(paths.MODELS / f"{name}.float.onnx")
    shape = [d.dim_value for d in original.graph.input[0].type.tensor_type.shape.dim][1:]

    def inputs(file):
        values = idx.read(paths.DATASETS / f"{file}.gz").astype(np.float32)
        return (values / np.float32(model.divide_by)).reshape(-1, *shape)

    labels = idx.read(paths.DATASETS / f"{model.labels}.gz")
    return original, TorchNetwork(original), inputs(model.calibration), inputs(model.test), labels


def _converted(network, calibration, recipe):
    mode, factory = RECIPES[recipe]
    plan = ann2snn.RateCodingRecipe(
        [torch.from_numpy(calibration)], mode=mode, neuron_factory=factory
    )
    return ann2snn.FXConverter(plan).convert(network)


def _answers(name):
    original, network, calibration, test, labels = _load(name)
    expected = runtime.run(original, test)[0]
    outputs = network(torch.from_numpy(test)).numpy()
    difference = np.abs(outputs - expected).max() / np.abs(expected).max()
    if difference > LARGEST_DIFFERENCE:
        raise SystemExit(f"{name}: PyTorch differs from ONNX Runtime by {difference}")
    recipes = {}
    for recipe in MODELS[name].recipes:
        _, fresh, *_ = _load(name)
        recipes[recipe] = _run(_converted(fresh, calibration, recipe), test, labels)
        print(name, recipe, [row["correct"] for row in recipes[recipe]["steps"]], flush=True)
    return {
        "samples": len(test),
        "calibration_samples": len(calibration),
        "float_correct": int(np.sum(expected.argmax(axis=1) == labels)),
        "float_classes": _digits(expected),
        "recipes": recipes,
    }


def _run(converted, test, labels):
    spikes = {}

    def count(name):
        def hook(_module, _inputs, output):
            spikes[name] = spikes.get(name, 0) + int(output.sum())

        return hook

    thresholds = []
    for name, module in converted.named_modules():
        if isinstance(module, neuron.BaseNode):
            module.register_forward_hook(count(name))
        elif name.endswith("scaler1"):
            thresholds.append(float(module.scale))
    functional.reset_net(converted)
    rows, total, inputs = [], 0, torch.from_numpy(test)
    for step in range(1, STEPS[-1] + 1):
        total = total + converted(inputs)
        if step in STEPS:
            outputs = total.numpy()
            rows.append(
                {
                    "steps": step,
                    "correct": int(np.sum(outputs.argmax(axis=1) == labels)),
                    "spikes": list(spikes.values()),
                    "classes": _digits(outputs),
                }
            )
    return {"thresholds": thresholds, "steps": rows}


def _digits(outputs):
    """The class of each sample, a digit each."""
    return "".join(map(str, outputs.argmax(axis=1)))


def _serve():
    """Answers each line `MODEL STEPS RECIPE` with the seconds of processor time that a sample takes."""
    print(json.dumps({"version": "2.0.0", "torch": torch.__version__}), flush=True)
    known = {}
    while True:
        try:
            name, steps, recipe = input().split(maxsplit=2)
        except EOFError:
            return
        if (name, recipe) not in known:
            _, network, calibration, test, _ = _load(name)
            known[name, recipe] = _converted(network, calibration, recipe), torch.from_numpy(test[:200])
            _seconds(*known[name, recipe], 4)
        print(_seconds(*known[name, recipe], int(steps)), flush=True)


def _seconds(converted, inputs, steps):
    start = time.process_time()
    functional.reset_net(converted)
    for _ in range(steps):
        converted(inputs)
    return (time.process_time() - start) / len(inputs)


if __name__ == "__main__":
    sys.exit(main())
