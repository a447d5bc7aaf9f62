"""Convolutions and matrix products: exact integer sums."""

import numpy as np

from .values import F32, Codes, Sums, all_codes, as_real


def convolution(operands, attributes):
    x, w, bias = _linear_operands(operands)
    acc = summed_convolution(x.centered(), w.centered(), attributes)
    shape = _per_channel(x.q.ndim)
    if bias is not None:
        acc = acc + bias.reshape(shape)
    return Sums(acc, x.scale.reshape(()), w.scale.reshape(shape if w.scale.size > 1 else ()))


def _per_channel(rank):
    return [1, -1] + [1] * (rank - 2)


def summed_convolution(x, w, attributes):
    """The sums of a Conv over integers: inputs and weights less their zero points."""
    spatial = x.ndim - 2
    strides = attributes.get("strides", [1] * spatial)
    dilations = attributes.get("dilations", [1] * spatial)
    groups = attributes.get("group", 1)
    kernel = w.shape[2:]
    pads = begin_and_end_pads(attributes, x.shape[2:], kernel, strides, dilations)
    padded = np.pad(x, [(0, 0), (0, 0), *zip(pads[:spatial], pads[spatial:])])
    taps = windows(padded, kernel, strides, dilations)
    per_group_in, per_group_out = w.shape[1], w.shape[0] // groups
    weights = w.reshape(w.shape[0], -1)
    return np.concatenate(
        [
            np.einsum(
                "ncp...,oc->no...",
                taps[:, g * per_group_in : (g + 1) * per_group_in].reshape(
                    len(taps), -1, 1, *taps.shape[3:]
                ),
                weights[g * per_group_out : (g + 1) * per_group_out],
                optimize=True,
            )
            for g in range(groups)
        ],
        axis=1,
    )


def windows(x, kernel, strides, dilations):
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


def begin_and_end_pads(attributes, size, kernel, strides, dilations):
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


def transposed_convolution(operands, attributes):
    """ConvTranspose: each input is spread over the outputs; weights are [in, out / groups, …]."""
    x, w, bias = _linear_operands(operands)
    codes, weights = x.centered(), w.centered()
    spatial = x.q.ndim - 2
    strides = attributes.get("strides", [1] * spatial)
    dilations = attributes.get("dilations", [1] * spatial)
    groups = attributes.get("group", 1)
    pads = attributes.get("pads", [0] * 2 * spatial)
    extra = attributes.get("output_padding", [0] * spatial)
    full = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(x.q.shape[2:], strides, dilations, w.q.shape[2:], extra)
    ]
    per_group_in, per_group_out = weights.shape[0] // groups, weights.shape[1]
    acc = np.zeros((len(codes), groups * per_group_out, *full), np.int64)
    for offset in np.ndindex(*w.q.shape[2:]):
        cut = tuple(
            slice(o * d, o * d + s * (n - 1) + 1, s)
            for o, d, s, n in zip(offset, dilations, strides, x.q.shape[2:])
        )
        for g in range(groups):
            sources = slice(g * per_group_in, (g + 1) * per_group_in)
            targets = slice(g * per_group_out, (g + 1) * per_group_out)
            tap = weights[(sources, slice(None), *offset)]
            acc[(slice(None), targets, *cut)] += np.einsum(
                "nc...,co->no...", codes[:, sources], tap
            )
    inside = tuple(slice(a, n - b) for a, b, n in zip(pads[:spatial], pads[spatial:], full))
    acc = acc[(slice(None), slice(None), *inside)]
    shape = _per_channel(x.q.ndim)
    if bias is not None:
        acc = acc + bias.reshape(shape)
    return Sums(acc, x.scale.reshape(()), w.scale.reshape(shape if w.scale.size > 1 else ()))


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
    if not all_codes(x, w):
        return as_real(x) @ as_real(w)
    return Sums(x.centered() @ w.centered(), x.scale.reshape(()), w.scale)


def _linear_operands(operands):
    """Input codes, weight codes and the integer bias, if any.

    ONNX Runtime turns a float bias into codes of scale S_x · S_w before it runs; so does this.
    """
    x, w = operands[:2]
    if not all_codes(x, w):
        raise NotImplementedError("a linear layer on floats")
    bias = operands[2] if len(operands) > 2 else None
    if isinstance(bias, Codes):
        bias = bias.centered()
    elif bias is not None:
        bias = np.rint(bias / (x.scale.reshape(()) * w.scale)).astype(np.int64)
    return x, w, bias


# The operators that take and give codes themselves.


def qlinear_convolution(operands, attributes):
    x, x_scale, x_zero, w, w_scale, w_zero, scale, zero = operands[:8]
    weights = Codes(w, w_scale, w_zero, 0 if w_scale.size > 1 else None)
    bias = operands[8] if len(operands) > 8 else None
    sums = convolution([Codes(x, x_scale, x_zero), weights, _given(bias)], attributes)
    return sums.requantized(scale, zero)


def _given(bias):
    """An int32 bias as codes of zero point 0."""
    return None if bias is None else Codes(bias, np.ones(()), np.zeros((), np.int32))


def qlinear_matmul(operands, _attributes):
    a, a_scale, a_zero, b, b_scale, b_zero, scale, zero = operands
    weights = Codes(b, b_scale, b_zero, b.ndim - 1 if b_scale.size > 1 else None)
    return matmul([Codes(a, a_scale, a_zero), weights], {}).requantized(scale, zero)


def qgemm(operands, attributes):
    a, a_scale, a_zero, b, b_scale, b_zero, bias = operands[:7]
    axis = 0 if attributes.get("transB", 0) else 1
    weights = Codes(b, b_scale, b_zero, axis if b_scale.size > 1 else None)
    sums = gemm([Codes(a, a_scale, a_zero), weights, _given(bias)], attributes)
    if len(operands) > 8:
        return sums.requantized(operands[7], operands[8])
    return sums.real()


def convolution_integer(operands, attributes):
    x, w = operands[:2]
    zeros = [operands[i] if len(operands) > i else np.int64(0) for i in (2, 3)]
    weights = w.astype(np.int64) - zeros[1].astype(np.int64)
    acc = summed_convolution(x.astype(np.int64) - zeros[0].astype(np.int64), weights, attributes)
    return acc.astype(np.int32)


def matmul_integer(operands, _attributes):
    a, b = (value.astype(np.int64) for value in operands[:2])
    zeros = [operands[i] if len(operands) > i else np.int64(0) for i in (2, 3)]
    return ((a - zeros[0].astype(np.int64)) @ (b - zeros[1].astype(np.int64))).astype(np.int32)


OPERATORS = {
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "Gemm": gemm,
    "MatMul": matmul,
    "QLinearConv": qlinear_convolution,
    "QLinearMatMul": qlinear_matmul,
    "QGemm": qgemm,
    "ConvInteger": convolution_integer,
    "MatMulInteger": matmul_integer,
}
