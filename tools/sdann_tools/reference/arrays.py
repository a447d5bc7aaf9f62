"""Operators that move elements, and those on shapes."""

import numpy as np
from onnx import numpy_helper

from . import kernels
from .values import F32, Codes, Pending, all_codes, as_real, moved


def flatten(operands, attributes):
    axis = attributes.get("axis", 1)
    return moved(operands[0], lambda a: a.reshape(int(np.prod(a.shape[:axis])), -1))


def reshape(operands, _attributes):
    value, target = operands

    def apply(array):
        shape = [array.shape[i] if n == 0 else int(n) for i, n in enumerate(target)]
        return array.reshape(shape)

    return moved(value, apply)


def transpose(operands, attributes):
    return moved(operands[0], lambda a: a.transpose(attributes.get("perm")))


def squeeze(operands, attributes):
    axes = operands[1] if len(operands) > 1 else attributes.get("axes")
    return moved(operands[0], lambda a: a.squeeze(None if axes is None else tuple(map(int, axes))))


def unsqueeze(operands, attributes):
    axes = operands[1] if len(operands) > 1 else attributes["axes"]
    return moved(operands[0], lambda a: np.expand_dims(a, tuple(map(int, axes))))


def pad(operands, attributes):
    value = operands[0]
    pads = [int(n) for n in (operands[1] if len(operands) > 1 else attributes["pads"])]
    fill = operands[2] if len(operands) > 2 else attributes.get("value", 0.0)
    fill = as_real(fill) if fill is not None else 0.0
    x = as_real(value)
    return np.pad(x, list(zip(pads[: x.ndim], pads[x.ndim :])), constant_values=fill)


def cut(operands, _attributes):
    """Slice."""
    value, starts, ends = operands[:3]
    axes = operands[3] if len(operands) > 3 else range(len(starts))
    steps = operands[4] if len(operands) > 4 else [1] * len(starts)

    def apply(array):
        cuts = [slice(None)] * array.ndim
        for axis, start, end, step in zip(axes, starts, ends, steps):
            cuts[int(axis)] = slice(int(start), int(end), int(step))
        return array[tuple(cuts)]

    return moved(value, apply)


def resize(operands, attributes):
    """Resize by nearest neighbour."""
    if attributes.get("mode", b"nearest") != b"nearest":
        raise NotImplementedError("interpolation")
    scales = operands[2] if len(operands) > 2 else None
    sizes = operands[3] if len(operands) > 3 else None
    mode = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    rounding = attributes.get("nearest_mode", b"round_prefer_floor").decode()

    def places(before, after, scale):
        index = np.arange(after, dtype=np.float64)
        x = index / scale if mode == "asymmetric" else (index + 0.5) / scale - 0.5
        rule = {
            "floor": np.floor,
            "ceil": np.ceil,
            "round_prefer_floor": lambda v: np.ceil(v - 0.5),
            "round_prefer_ceil": lambda v: np.floor(v + 0.5),
        }[rounding]
        return np.clip(rule(x), 0, before - 1).astype(int)

    def apply(array):
        for axis, before in enumerate(array.shape):
            if sizes is not None and sizes.size:
                after = int(sizes[axis])
                scale = after / before
            else:
                scale = float(scales[axis])
                after = int(np.floor(before * scale))
            array = array.take(places(before, after, scale), axis=axis)
        return array

    return moved(operands[0], apply)


def concatenate(operands, attributes):
    axis = attributes["axis"]

    def real():
        return np.concatenate([np.atleast_1d(as_real(value)) for value in operands], axis)

    if not all_codes(*operands):
        return real()

    def exact(parts, scale, zero):
        return np.concatenate([_rescaled(*part, scale, zero) for part in parts], axis)

    return Pending(list(operands), exact, real)


def _rescaled(q, q_scale, q_zero, scale, zero):
    """Codes on another scale, as QLinearConcat's tables have them."""
    if q_scale == scale and q_zero == zero:
        return q
    return kernels.quantized(kernels.dequantized(q, q_scale, q_zero), scale, zero)


def qlinear_concatenate(operands, attributes):
    scale, zero = F32(operands[0]), operands[1]
    inputs = zip(operands[2::3], operands[3::3], operands[4::3])
    pieces = [_rescaled(q, F32(s), z, scale, zero) for q, s, z in inputs]
    return np.concatenate(pieces, attributes["axis"])


def arg_max(operands, attributes):
    """The first of the largest, unless the last is asked for."""
    value = operands[0]
    x = value.q if isinstance(value, Codes) else as_real(value)
    axis = attributes.get("axis", 0)
    if attributes.get("select_last_index", 0):
        index = x.shape[axis] - 1 - np.flip(x, axis).argmax(axis)
    else:
        index = x.argmax(axis)
    return np.expand_dims(index, axis) if attributes.get("keepdims", 1) else index


def shape(operands, _attributes):
    value = operands[0]
    array = value.q if isinstance(value, Codes) else as_real(value)
    return np.array(array.shape, np.int64)


def gather(operands, attributes):
    value, indices = operands
    return moved(value, lambda a: a.take(indices, axis=attributes.get("axis", 0)))


def constant(_operands, attributes):
    return numpy_helper.to_array(attributes["value"])


def identity(operands, _attributes):
    return operands[0]


OPERATORS = {
    "Flatten": flatten,
    "Reshape": reshape,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Pad": pad,
    "Slice": cut,
    "Resize": resize,
    "Concat": concatenate,
    "QLinearConcat": qlinear_concatenate,
    "ArgMax": arg_max,
    "Shape": shape,
    "Gather": gather,
    "Constant": constant,
    "Identity": identity,
    "Dropout": identity,
}
