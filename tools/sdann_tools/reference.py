"""An independent integer evaluation of QDQ graphs, in NumPy.

It shares no code with ONNX Runtime and none with the engine, so that an agreement of all three
means something. Sums are exact 64-bit integers; everything after them is float32, in the order

    V    = float32(acc) · (S_x · S_w / S_y)        each product and quotient rounded to float32
    code = clamp(round_half_even(V) + Z_y)

Values that flow through the graph are one of: `Codes`, integers with scale and zero point; `Sums`,
accumulators before requantization; or a float array, where the graph has left integers.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

F32 = np.float32


@dataclass
class Codes:
    """Integers q that stand for S · (q − Z). `axis` is set where S and Z are one per channel."""

    q: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None = None

    def centered(self) -> np.ndarray:
        """q − Z, as exact integers."""
        return self.q.astype(np.int64) - self._spread(self.zero_point).astype(np.int64)

    def real(self) -> np.ndarray:
        """S · (q − Z) in float32, as DequantizeLinear computes it."""
        return self.centered().astype(F32) * self._spread(self.scale)

    def _spread(self, values):
        if self.axis is None or values.ndim == 0:
            return values.reshape(())
        shape = [1] * self.q.ndim
        shape[self.axis] = -1
        return values.reshape(shape)

    def like(self, q: np.ndarray) -> "Codes":
        """The same scale and zero point around other integers."""
        return Codes(q, self.scale, self.zero_point)


@dataclass
class Sums:
    """Σ w (x − Z_x) + b, with S_x and the S_w of each channel along `axis`."""

    acc: np.ndarray
    input_scale: F32
    weight_scale: np.ndarray  # broadcastable to acc

    def real(self) -> np.ndarray:
        return self.acc.astype(F32) * (self.input_scale * self.weight_scale)

    def requantized(self, scale: F32, zero_point: np.ndarray) -> np.ndarray:
        multiplier = (self.input_scale * self.weight_scale) / scale
        return _rounded(self.acc.astype(F32) * multiplier, zero_point)


def _rounded(values, zero_point):
    """clamp(round_half_even(V) + Z) in the zero point's type."""
    limits = np.iinfo(zero_point.dtype)
    codes = np.rint(values).astype(np.int64) + int(zero_point)
    return np.clip(codes, limits.min, limits.max).astype(zero_point.dtype)


def evaluate(model: onnx.ModelProto, inputs: np.ndarray) -> dict:
    """Every tensor of the graph by name: arrays, `Codes` or `Sums`."""
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    values[model.graph.input[0].name] = inputs
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        operands = [values[name] if name else None for name in node.input]
        values[node.output[0]] = OPERATORS[node.op_type](operands, attributes)
    return values


def result(model: onnx.ModelProto, inputs: np.ndarray) -> np.ndarray:
    """The output's codes where the model ends in them, else its float32 values."""
    value = evaluate(model, inputs)[model.graph.output[0].name]
    if isinstance(value, Codes):
        return value.q
    return as_real(value)


def as_real(value) -> np.ndarray:
    """Any value as float32."""
    return value.real() if isinstance(value, (Codes, Sums)) else value


def quantize(operands, attributes):
    value, scale, zero_point = operands
    scale, zero = scale.astype(F32), zero_point
    if scale.size > 1:
        axis = attributes.get("axis", 1)
        shape = [-1 if i == axis else 1 for i in range(value.ndim)]
        limits = np.iinfo(zero.dtype)
        codes = np.rint(value / scale.reshape(shape)).astype(np.int64) + zero.reshape(shape)
        return Codes(np.clip(codes, limits.min, limits.max).astype(zero.dtype), scale, zero, axis)
    scale, zero = scale.reshape(()), zero.reshape(())
    if isinstance(value, Sums):
        return Codes(value.requantized(scale, zero), scale, zero)
    if isinstance(value, Codes) and value.scale == scale and value.zero_point == zero:
        return value
    return Codes(_rounded(as_real(value) / scale, zero), scale, zero)


def dequantize(operands, attributes):
    value, scale, zero_point = operands
    if isinstance(value, Codes):
        return value
    axis = attributes.get("axis", 1) if scale.size > 1 else None
    return Codes(value, scale.astype(F32), zero_point, axis)


def convolution(operands, attributes):
    x, w, bias = _linear_operands(operands)
    spatial = x.q.ndim - 2
    strides = attributes.get("strides", [1] * spatial)
    dilations = attributes.get("dilations", [1] * spatial)
    groups = attributes.get("group", 1)
    kernel = w.q.shape[2:]
    pads = _pads(attributes, x.q.shape[2:], kernel, strides, dilations)
    centered = np.pad(x.centered(), [(0, 0), (0, 0), *zip(pads[:spatial], pads[spatial:])])
    windows = _windows(centered, kernel, strides, dilations)
    per_group_in, per_group_out = w.q.shape[1], w.q.shape[0] // groups
    weights = w.centered().reshape(w.q.shape[0], -1)
    acc = np.concatenate(
        [
            np.einsum(
                "ncp...,oc->no...",
                windows[:, g * per_group_in : (g + 1) * per_group_in].reshape(
                    len(windows), -1, 1, *windows.shape[3:]
                ),
                weights[g * per_group_out : (g + 1) * per_group_out],
                optimize=True,
            )
            for g in range(groups)
        ],
        axis=1,
    )
    shape = [1, -1] + [1] * spatial
    if bias is not None:
        acc = acc + bias.reshape(shape)
    return Sums(acc, x.scale.reshape(()), w.scale.reshape(shape if w.scale.size > 1 else ()))


def _windows(x, kernel, strides, dilations):
    """[n, channel, kernel position, output position...]: what each output position sees."""
    sizes = [
        (x.shape[2 + i] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1
        for i in range(len(kernel))
    ]
    taps = []
    for offset in np.ndindex(*kernel):
        starts = [o * d for o, d in zip(offset, dilations)]
        cut = tuple(
            slice(a, a + s * (size - 1) + 1, s) for a, s, size in zip(starts, strides, sizes)
        )
        taps.append(x[(slice(None), slice(None), *cut)])
    return np.stack(taps, axis=2)


def _pads(attributes, size, kernel, strides, dilations):
    """Begin pads of every axis, then end pads."""
    mode = attributes.get("auto_pad", b"NOTSET").decode()
    rank = len(size)
    if mode == "NOTSET":
        return attributes.get("pads", [0] * 2 * rank)
    if mode == "VALID":
        return [0] * 2 * rank
    begin, end = [], []
    for n, k, s, d in zip(size, kernel, strides, dilations):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        small, large = total // 2, total - total // 2
        begin.append(small if mode == "SAME_UPPER" else large)
        end.append(large if mode == "SAME_UPPER" else small)
    return begin + end


def gemm(operands, attributes):
    if attributes.get("alpha", 1.0) != 1.0 or attributes.get("beta", 1.0) != 1.0:
        return _float_gemm(operands, attributes)
    x, w, bias = _linear_operands(operands)
    weights = w.centered().T if attributes.get("transB", 0) else w.centered()
    acc = x.centered() @ weights
    return Sums(acc if bias is None else acc + bias, x.scale.reshape(()), w.scale)


def _float_gemm(operands, attributes):
    x, w = (as_real(value) for value in operands[:2])
    y = F32(attributes.get("alpha", 1.0)) * (x @ (w.T if attributes.get("transB", 0) else w))
    if len(operands) > 2:
        y = y + F32(attributes.get("beta", 1.0)) * as_real(operands[2])
    return y


def matmul(operands, _attributes):
    x, w = operands
    if not (isinstance(x, Codes) and isinstance(w, Codes)):
        return as_real(x) @ as_real(w)
    return Sums(x.centered() @ w.centered(), x.scale.reshape(()), w.scale)


def _linear_operands(operands):
    """Input codes, weight codes and the integer bias, if any.

    ONNX Runtime turns a float bias into codes of scale S_x · S_w before it runs; so does this.
    """
    x, w = operands[:2]
    if not (isinstance(x, Codes) and isinstance(w, Codes)):
        raise NotImplementedError("a linear layer on floats")
    bias = operands[2] if len(operands) > 2 else None
    if isinstance(bias, Codes):
        bias = bias.centered()
    elif bias is not None:
        bias = np.rint(bias / (x.scale.reshape(()) * w.scale)).astype(np.int64)
    return x, w, bias


def relu(operands, _attributes):
    (value,) = operands
    if isinstance(value, Sums):
        return Sums(np.maximum(value.acc, 0), value.input_scale, value.weight_scale)
    return np.maximum(as_real(value), F32(0))


def clip(operands, attributes):
    low = operands[1] if len(operands) > 1 and operands[1] is not None else attributes.get("min")
    high = operands[2] if len(operands) > 2 else attributes.get("max")
    bounds = [None if b is None else as_real(b) for b in (low, high)]
    return np.clip(as_real(operands[0]), *bounds).astype(F32)


def flatten(operands, attributes):
    axis = attributes.get("axis", 1)
    return _reshaped(operands[0], lambda a: a.reshape(int(np.prod(a.shape[:axis])), -1))


def reshape(operands, _attributes):
    value, target = operands

    def apply(array):
        shape = [array.shape[i] if n == 0 else int(n) for i, n in enumerate(target)]
        return array.reshape(shape)

    return _reshaped(value, apply)


def _reshaped(value, change):
    return value.like(change(value.q)) if isinstance(value, Codes) else change(as_real(value))


OPERATORS = {
    "QuantizeLinear": quantize,
    "DequantizeLinear": dequantize,
    "Conv": convolution,
    "Gemm": gemm,
    "MatMul": matmul,
    "Relu": relu,
    "Clip": clip,
    "Flatten": flatten,
    "Reshape": reshape,
}
