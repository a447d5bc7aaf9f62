"""An independent integer evaluation of quantized graphs, in NumPy.

It shares no code with ONNX Runtime and none with the engine, so that an agreement of all three
means something. Sums of linear layers are exact 64-bit integers; everything after them is float32, in
the order

    V    = float32(acc) · (S_x · S_w / S_y)        each product and quotient rounded to float32
    code = clamp(round_half_even(V) + Z_y)

Other operators on codes follow ONNX Runtime's own kernels (`kernels.py`) where it has one, else real
numbers. Values that flow through the graph are described in `values.py`.
"""

import numpy as np
import onnx
from onnx import numpy_helper

from . import arrays, linear, pointwise, pools, quantization
from .values import Codes, as_real

OPERATORS = (
    quantization.OPERATORS
    | linear.OPERATORS
    | pointwise.OPERATORS
    | pools.OPERATORS
    | arrays.OPERATORS
)


def evaluate(model: onnx.ModelProto, inputs: np.ndarray) -> dict:
    """Every tensor of the graph by name: arrays, or one of the kinds in `values.py`."""
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    values[model.graph.input[0].name] = inputs
    singles = _read_once(model)
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        operands = [values[name] if name else None for name in node.input]
        if node.op_type in QUANTIZERS:
            zero = operands[2] if len(operands) > 2 else None
            if zero is not None and zero.dtype == np.int8 and node.output[0] in singles:
                attributes["seen_kind"] = np.dtype(np.uint8)
        elif node.op_type.startswith("Q") or node.op_type.endswith("Integer"):
            operands = [v.q if isinstance(v, Codes) else v for v in operands]
        values[node.output[0]] = OPERATORS[node.op_type](operands, attributes)
    return values


QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")


def _read_once(model) -> set[str]:
    """Outputs of QuantizeLinear that one DequantizeLinear reads, for one reader.

    ONNX Runtime gives every reader a DequantizeLinear of its own, then turns int8 codes into uint8
    where there is a single one.
    """
    readers = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)

    def once(tensor):
        direct = readers.get(tensor, [])
        if len(direct) != 1 or direct[0].op_type != "DequantizeLinear":
            return False
        return len(readers.get(direct[0].output[0], [])) <= 1

    return {
        n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear" and once(n.output[0])
    }


def result(model: onnx.ModelProto, inputs: np.ndarray) -> np.ndarray:
    """The output's codes where the model ends in them, else its float32 values."""
    name = model.graph.output[0].name
    value = evaluate(model, inputs)[name]
    last = next(n for n in model.graph.node if name in n.output)
    if isinstance(value, Codes) and last.op_type in QUANTIZERS:
        return value.q
    return as_real(value)


def codes_of(value) -> np.ndarray:
    """The integers of a tensor of codes, as `evaluate` gives it."""
    return value.q if isinstance(value, Codes) else value
