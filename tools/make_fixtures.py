"""Writes what ONNX Runtime computes with the shipped models, to the integer.

Nothing is written unless ONNX Runtime agrees with itself (optimized or not exposing hidden layers,
any batch size) and with the NumPy reference in `sdann_tools/reference/`. Arguments are names of
networks; without any, all are made.
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime

from sdann_tools import gallery, reference, runtime
from sdann_tools.paths import FIXTURES

HIDDEN_SAMPLES = 5


def main() -> None:
    for network in gallery.chosen(sys.argv[1:]):
        path = FIXTURES / "accuracy.json"
        summary = json.loads(path.read_text()) if path.exists() else {}
        summary["onnxruntime"] = onnxruntime.__version__
        summary[network.name] = _summary_of_forms(network)
        order = ["onnxruntime", *(shipped.name for shipped in gallery.SHIPPED)]
        summary = {name: summary[name] for name in order if name in summary}
        path.write_text(json.dumps(summary, indent=2) + "\n")
        print(network.name, json.dumps(summary[network.name], indent=2), flush=True)


def _summary_of_forms(network):
    forms = {ending: _write_model(network, ending) for ending in network.quantized_endings()}
    whole = network.load(".float")
    return {
        "measure": network.measure.__name__,
        "multiply_accumulates": gallery.multiply_accumulates(whole),
    } | {ending.strip(".") or "main": summary for ending, summary in forms.items()}


def _write_model(network, ending):
    """Writes one model's codes; returns its scores and comparisons."""
    name, data, model = network.name + ending, network.data(), network.load(ending)
    inputs = data.test
    values = gallery.outputs(model, inputs)
    codes = runtime.output_codes(model, values)
    *hidden_names, output_name = quantized_tensors(model)
    exposed = runtime.run(runtime.with_outputs(model, hidden_names), inputs)
    _require(np.array_equal(exposed[0], values), "exposing hidden layers changed the output")
    _require(np.array_equal(runtime.run(model, inputs, batch=1)[0], values), "batch size matters")

    expected = reference.evaluate(model, inputs)
    tensors = dict(zip(hidden_names, exposed[1:]))
    for tensor, ours in tensors.items():
        _require(
            np.array_equal(ours, reference.codes_of(expected[tensor])),
            f"the reference differs at {tensor}",
        )
    _require(
        np.array_equal(codes, reference.codes_of(expected[output_name])),
        f"the reference differs in {np.sum(codes != reference.codes_of(expected[output_name]))}"
        " output codes",
    )

    np.save(FIXTURES / f"{name}.codes.npy", codes)
    if data.more is not None:
        more = runtime.output_codes(model, gallery.outputs(model, data.more))
        exact = reference.codes_of(reference.evaluate(model, data.more)[output_name])
        _require(np.array_equal(more, exact), "the reference differs on the training samples")
        np.save(FIXTURES / f"{name}.codes.training.npy", more)
    if not ending:
        for tensor in hidden_names:
            np.save(FIXTURES / f"{name}.hidden.{tensor}.npy", tensors[tensor][:HIDDEN_SAMPLES])

    original = gallery.outputs(network.load(".float"), inputs)
    scores = {
        "samples": len(inputs),
        "float": network.measure(original, data.expected),
        "quantized": network.measure(values, data.expected),
    }
    if network.measure is gallery.accuracy:
        _require(scores["quantized"] == network.measure(codes, data.expected), "labels of codes")
        scores["labels_equal"] = _share(original.argmax(axis=1) == codes.argmax(axis=1))
    return scores | {
        "codes_equal_to_numpy_reference": 1.0,
        "codes_equal_without_optimization": _unoptimized(model, inputs, codes),
    }


def _unoptimized(model, inputs, codes):
    """How many codes stay the same when every node runs as the graph is written."""
    values = runtime.run(model, inputs, optimize=False)[0]
    return _share(runtime.output_codes(model, values) == codes)


def quantized_tensors(model: onnx.ModelProto) -> list[str]:
    """Names of the tensors of codes, in the order of the graph; the last is the output's.

    Where a Clip narrows the codes, what it leaves.
    """
    clips = {n.input[0]: n.output[0] for n in model.graph.node if n.op_type == "Clip"}
    names = [
        n.output[0]
        for n in model.graph.node
        if n.op_type == "QuantizeLinear" or n.op_type.startswith(("QLinear", "QGemm"))
    ]
    return [clips.get(name, name) for name in names]


def _share(flags) -> float:
    return float(np.mean(flags))


def _require(condition, message) -> None:
    if not condition:
        raise AssertionError(message)


if __name__ == "__main__":
    main()
