"""Pooling."""

import numpy as np

from . import kernels
from .linear import begin_and_end_pads, windows
from .values import F32, Codes, Pending, as_real


def _geometry(attributes, size):
    """Kernel, strides, dilations, begin and end pads; ceil_mode adds to the end pads.

    A last window that would start in the end padding is left out.
    """
    spatial = len(size)
    kernel = attributes["kernel_shape"]
    strides = attributes.get("strides", [1] * spatial)
    dilations = attributes.get("dilations", [1] * spatial)
    pads = list(begin_and_end_pads(attributes, size, kernel, strides, dilations))
    grown = list(pads)
    if attributes.get("ceil_mode", 0):
        for i in range(spatial):
            span = dilations[i] * (kernel[i] - 1) + 1
            rest = size[i] + pads[i] + pads[spatial + i] - span
            steps = -(-rest // strides[i])
            if steps * strides[i] >= size[i] + pads[i]:
                steps -= 1
            grown[spatial + i] += max(steps * strides[i] - rest, 0)
    return kernel, strides, dilations, pads, grown


def _taps(x, attributes, fill):
    """The windows of x [n, channel, kernel position, output position...], padded with `fill`."""
    spatial = x.ndim - 2
    kernel, strides, dilations, _, pads = _geometry(attributes, x.shape[2:])
    around = [(0, 0), (0, 0), *zip(pads[:spatial], pads[spatial:])]
    return windows(np.pad(x, around, constant_values=fill), kernel, strides, dilations)


def max_pool(operands, attributes):
    (value,) = operands
    if isinstance(value, Codes):
        return value.like(_taps(value.q, attributes, np.iinfo(value.q.dtype).min).max(axis=2))
    x = as_real(value)
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
    return _taps(x, attributes, lowest).max(axis=2)


def _counts(shape, attributes):
    """What each output position's sum is divided by."""
    size = shape[2:]
    if attributes.get("count_include_pad", 0):
        # Positions added by ceil_mode are beyond the padding and never count.
        spatial = len(size)
        _, _, _, pads, _ = _geometry(attributes, size)
        within = np.pad(
            np.ones(size, np.int64), list(zip(pads[:spatial], pads[spatial:])), constant_values=1
        )
        plain = dict(attributes) | {"pads": [0] * 2 * spatial, "ceil_mode": 0}
        grown = _geometry(attributes, size)[4]
        extra = [(0, g - p) for g, p in zip(grown[spatial:], pads[spatial:])]
        return _taps(np.pad(within, extra)[None, None], plain, 0).sum(axis=2)
    return _taps(np.ones((1, 1, *size), np.int64), attributes, 0).sum(axis=2)


def average_pool(operands, attributes):
    (value,) = operands
    counts = _counts(as_real(value).shape, attributes)

    def real():
        return kernels.float_mean(_taps(as_real(value), attributes, 0), counts)

    if not isinstance(value, Codes):
        return real()
    return Pending(
        [value], lambda parts, scale, zero: _average_codes(*parts[0], scale, zero, attributes), real
    )


def _average_codes(x, x_scale, x_zero, scale, zero, attributes):
    """QLinearAveragePool. With count_include_pad it divides by the kernel's size everywhere."""
    if attributes.get("count_include_pad", 0):
        counts = np.prod(attributes["kernel_shape"])
    else:
        counts = _counts(x.shape, attributes)
    return kernels.averaged(_taps(x, attributes, x_zero), counts, x_scale, x_zero, scale, zero)


def global_average_pool(operands, _attributes):
    (value,) = operands

    def real():
        x = as_real(value)
        return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True, dtype=F32)

    if not isinstance(value, Codes):
        return real()
    return Pending(
        [value], lambda parts, scale, zero: kernels.global_average(*parts[0], scale, zero), real
    )


# The operators that take and give codes themselves.


def qlinear_average_pool(operands, attributes):
    x, x_scale, x_zero, scale, zero = operands
    return _average_codes(x, F32(x_scale), x_zero, F32(scale), zero, attributes)


def qlinear_global_average_pool(operands, attributes):
    x, x_scale, x_zero, scale, zero = operands
    if attributes.get("channels_last", 0):
        raise NotImplementedError("channels last")
    return kernels.global_average(x, F32(x_scale), x_zero, F32(scale), zero)


OPERATORS = {
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "QLinearAveragePool": qlinear_average_pool,
    "QLinearGlobalAveragePool": qlinear_global_average_pool,
}
