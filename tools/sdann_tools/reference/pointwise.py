"""Operators on single elements, and those that combine elements at the same place."""

import numpy as np
import onnx

from . import kernels
from .values import F32, Codes, Pending, Sums, all_codes, as_real


def relu(operands, _attributes):
    (value,) = operands
    if isinstance(value, Sums):
        return Sums(np.maximum(value.acc, 0), value.input_scale, value.weight_scale)
    if isinstance(value, Pending):
        return Pending(value.sources, value.exact, value.real, rectified=True)
    return np.maximum(as_real(value), F32(0))


def _pairwise(on_codes, on_reals):
    """An operator on two tensors that has a kernel of its own on codes."""

    def operator(operands, _attributes):
        a, b = operands
        if not all_codes(a, b):
            return on_reals(as_real(a), as_real(b))
        return Pending(
            [a, b],
            lambda parts, scale, zero: on_codes(*parts[0], *parts[1], scale, zero),
            lambda: on_reals(a.real(), b.real()),
        )

    return operator


def subtract(operands, _attributes):
    a, b = operands
    return as_real(a) - as_real(b)


def _table(on_reals):
    """An operator on one element; on codes it is a table: dequantize, apply, quantize."""

    def operator(operands, attributes):
        (value,) = operands
        if not isinstance(value, Codes):
            return on_reals(as_real(value), attributes)

        def exact(parts, scale, zero):
            reals = on_reals(kernels.dequantized(*parts[0]), attributes)
            return kernels.quantized(reals, scale, zero)

        return Pending([value], exact, lambda: on_reals(value.real(), attributes))

    return operator


def leaky_relu(x, attributes):
    return np.where(x >= 0, x, F32(attributes.get("alpha", 0.01)) * x)


def hard_sigmoid(operands, attributes):
    slope, offset = F32(attributes.get("alpha", 0.2)), F32(attributes.get("beta", 0.5))
    return np.clip(as_real(operands[0]) * slope + offset, F32(0), F32(1))


def softmax(operands, attributes):
    (value,) = operands
    axis = attributes.get("axis", -1)

    def real():
        x = as_real(value)
        powers = np.exp(x - x.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)

    if not isinstance(value, Codes):
        return real()
    if axis not in (-1, value.q.ndim - 1):
        raise NotImplementedError("softmax over an axis that isn't the last")

    def exact(parts, scale, zero):
        return kernels.softmax(*parts[0][:2], scale, zero)

    return Pending([value], exact, real)


def batch_normalization(operands, attributes):
    x, gain, offset, mean, variance = (as_real(value) for value in operands)
    factor = gain / np.sqrt(variance + F32(attributes.get("epsilon", 1e-5)))
    shape = [1, -1] + [1] * (x.ndim - 2)
    return x * factor.reshape(shape) + (offset - mean * factor).reshape(shape)


def cast(operands, attributes):
    return operands[0].astype(onnx.helper.tensor_dtype_to_np_dtype(attributes["to"]))


# The operators that take and give codes themselves.


def _qlinear_pairwise(on_codes):
    def operator(operands, _attributes):
        a, a_scale, a_zero, b, b_scale, b_zero, scale, zero = operands
        return on_codes(a, F32(a_scale), a_zero, b, F32(b_scale), b_zero, F32(scale), zero)

    return operator


def _qlinear_table(on_reals):
    def operator(operands, attributes):
        x, x_scale, x_zero, scale, zero = operands
        values = on_reals(kernels.dequantized(x, F32(x_scale), x_zero), attributes)
        return kernels.quantized(values, F32(scale), zero)

    return operator


def qlinear_softmax(operands, _attributes):
    x, x_scale, _, scale, zero = operands
    return kernels.softmax(x, F32(x_scale), F32(scale), zero)


OPERATORS = {
    "Relu": relu,
    "Add": _pairwise(kernels.add, np.add),
    "Mul": _pairwise(kernels.multiply, np.multiply),
    "Sub": subtract,
    "LeakyRelu": _table(leaky_relu),
    "Sigmoid": _table(lambda x, _: kernels.logistic(x)),
    "Tanh": lambda operands, _: kernels.tanh(as_real(operands[0])),
    "HardSigmoid": hard_sigmoid,
    "Softmax": softmax,
    "BatchNormalization": batch_normalization,
    "Cast": cast,
    "QLinearAdd": _qlinear_pairwise(kernels.add),
    "QLinearMul": _qlinear_pairwise(kernels.multiply),
    "QLinearLeakyRelu": _qlinear_table(leaky_relu),
    "QLinearSigmoid": _qlinear_table(lambda x, _: kernels.logistic(x)),
    "QLinearSoftmax": qlinear_softmax,
}
