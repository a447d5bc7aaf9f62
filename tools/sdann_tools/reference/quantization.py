"""QuantizeLinear, DequantizeLinear, and Clip, which QCDQ graphs put between them."""

import numpy as np

from . import kernels
from .values import F32, Codes, Pending, Sums, as_real


def quantize(operands, attributes):
    value, scale, zero = operands[0], operands[1].astype(F32), _zero(operands)
    if isinstance(scale, np.ndarray) and scale.size > 1:
        axis = attributes.get("axis", 1)
        shape = [-1 if i == axis else 1 for i in range(value.ndim)]
        codes = np.rint(value / scale.reshape(shape)).astype(np.int64) + zero.reshape(shape)
        return Codes(kernels.clamped(codes, zero), scale, zero, axis)
    scale, zero = scale.reshape(()), zero.reshape(())
    kind = attributes.get("seen_kind")
    if isinstance(value, (Sums, Pending)):
        codes = value.requantized(scale, zero, kind)
    elif isinstance(value, Codes) and value.scale == scale and value.zero_point == zero:
        codes = value.q
    else:
        codes = kernels.quantized(as_real(value), scale, zero)
    return Codes(codes, scale, zero, kind=kind)


def dequantize(operands, attributes):
    value, scale, zero = operands[0], operands[1], _zero(operands)
    if isinstance(value, Codes):
        return value
    axis = attributes.get("axis", 1) if scale.size > 1 else None
    return Codes(value, scale.astype(F32), zero, axis)


def _zero(operands):
    """The zero point; without one it is 0, of uint8 or of the codes' own type."""
    if len(operands) > 2:
        return operands[2]
    value = operands[0]
    kind = value.dtype if isinstance(value, np.ndarray) and value.dtype.kind != "f" else np.uint8
    return np.array(0, kind)


def clip(operands, attributes):
    value = operands[0]
    low = operands[1] if len(operands) > 1 and operands[1] is not None else attributes.get("min")
    high = operands[2] if len(operands) > 2 else attributes.get("max")
    if isinstance(value, Codes) and all(
        b is None or np.asarray(b).dtype == value.q.dtype for b in (low, high)
    ):
        return Codes(np.clip(value.q, low, high), value.scale, value.zero_point, value.axis)
    bounds = [None if b is None else as_real(b) for b in (low, high)]
    return np.clip(as_real(value), *bounds).astype(as_real(value).dtype)


OPERATORS = {"QuantizeLinear": quantize, "DequantizeLinear": dequantize, "Clip": clip}
