"""Writes `tests/fixtures/`: what ONNX Runtime computes with the shipped models, to the integer.

Nothing is written unless ONNX Runtime agrees with itself (optimized or not exposing hidden layers,
any batch size) and with the NumPy reference in `sdann_tools/reference.py`.
"""

import json

import numpy as np
import onnx
import onnxruntime

from sdann_tools import datasets, networks, reference, runtime
from sdann_tools.paths import FIXTURES, MODELS

SOURCES = {"mnist-cnn": datasets.mnist, "digits-mlp": datasets.digits}
HIDDEN_SAMPLES = 25


def main() -> None:
    FIXTURES.mkdir(parents=True, exist_ok=True)
    summary = {"onnxruntime": onnxruntime.__version__}
    for name, load in SOURCES.items():
        source = load()
        test = datasets.read_part(f"{source.name}-test")
        inputs = networks.inputs_of(source, test.images)
        summary[name] = _write_model(name, inputs, test.labels)
    text = json.dumps(summary, indent=2) + "\n"
    (FIXTURES / "accuracy.json").write_text(text)
    print(text, end="")


def _write_model(name, inputs, labels):
    """Writes one model's codes; returns its accuracies and comparisons."""
    model = onnx.load(MODELS / f"{name}.onnx")
    values = runtime.run(model, inputs)[0]
    codes = runtime.output_codes(model, values)
    hidden_names = quantized_tensors(model)
    exposed = runtime.run(runtime.with_outputs(model, hidden_names), inputs)
    _require(np.array_equal(exposed[0], values), "exposing hidden layers changed the output")
    _require(np.array_equal(runtime.run(model, inputs, batch=1)[0], values), "batch size matters")

    expected = reference.evaluate(model, inputs)
    tensors = dict(zip(hidden_names, exposed[1:]))
    for tensor, ours in tensors.items():
        _require(np.array_equal(ours, expected[tensor].q), f"the reference differs at {tensor}")
    _require(np.array_equal(codes, tensors[hidden_names[-1]]), "the output codes differ")

    np.save(FIXTURES / f"{name}.codes.npy", codes)
    for tensor in hidden_names[:-1]:
        np.save(FIXTURES / f"{name}.hidden.{tensor}.npy", tensors[tensor][:HIDDEN_SAMPLES])

    original = runtime.run(onnx.load(MODELS / f"{name}.float.onnx"), inputs)[0]
    return {
        "samples": len(labels),
        "float": _share(original.argmax(axis=1) == labels),
        "quantized": _share(codes.argmax(axis=1) == labels),
        "labels_equal": _share(original.argmax(axis=1) == codes.argmax(axis=1)),
        "codes_equal_to_numpy_reference": 1.0,
        "codes_equal_without_optimization": _unoptimized(model, inputs, codes),
    }


def _unoptimized(model, inputs, codes):
    """How many codes stay the same when every node runs in float, as the QDQ graph is written."""
    values = runtime.run(model, inputs, optimize=False)[0]
    return _share(runtime.output_codes(model, values) == codes)


def quantized_tensors(model: onnx.ModelProto) -> list[str]:
    """Names of the QuantizeLinear outputs, in the order of the graph; the last is the output's."""
    return [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]


def _share(flags) -> float:
    return float(np.mean(flags))


def _require(condition, message) -> None:
    if not condition:
        raise AssertionError(message)


if __name__ == "__main__":
    main()
