"""ONNX Runtime's arithmetic on 8-bit codes, kernel by kernel, in NumPy.

`docs/onnxruntime-arithmetic.md` has the same as formulas. All values are float32 and every operation
is rounded once, unless it says otherwise; `fma` rounds once where a product and a sum would twice.
"""

import numpy as np

F32 = np.float32


def fma(a, b, c) -> np.ndarray:
    """a · b + c rounded once to float32. One of a and b has at most 16 bits here."""
    wide = [np.asarray(x, np.longdouble) for x in (a, b, c)]
    return (wide[0] * wide[1] + wide[2]).astype(F32)


def clamped(codes, like: np.ndarray) -> np.ndarray:
    """Integers or whole numbers limited to the type of `like`."""
    limits = np.iinfo(like.dtype)
    return np.clip(codes, limits.min, limits.max).astype(like.dtype)


def quantized(values, scale, zero_point) -> np.ndarray:
    """QuantizeLinear: clamp(round_half_even(v / S) + Z)."""
    return clamped(np.rint(values / scale).astype(np.int64) + int(zero_point), zero_point)


def quantized_after_shift(values, scale, zero_point) -> np.ndarray:
    """Like `quantized`, but Z is added before rounding, so that ties fall elsewhere if Z is odd."""
    return clamped(np.rint(values / scale + F32(int(zero_point))), zero_point)


def dequantized(codes, scale, zero_point) -> np.ndarray:
    return scale * (codes.astype(np.int64) - int(zero_point)).astype(F32)


def add(a, a_scale, a_zero, b, b_scale, b_zero, scale, zero) -> np.ndarray:
    """QLinearAdd on x86-64 with AVX2.

    An operand that is broadcast along the last axis that has more than one element takes the second
    place.
    """
    if _is_scalar_inside(a.shape, b.shape):
        return add(b, b_scale, b_zero, a, a_scale, a_zero, scale, zero)
    a_ratio, b_ratio = a_scale / scale, b_scale / scale
    shift = fma(a_ratio, F32(int(a_zero)), b_ratio * F32(int(b_zero)))
    fixed = F32(int(zero)) - shift
    return clamped(np.rint(fma(a, a_ratio, fma(b, b_ratio, fixed))), zero)


def _is_scalar_inside(shape, other):
    """Whether the innermost run of elements takes a single one from the tensor of `shape`."""
    rank = max(len(shape), len(other))
    pairs = zip((1,) * (rank - len(shape)) + shape, (1,) * (rank - len(other)) + other)
    for size, opposite in reversed(list(pairs)):
        if size > 1 or opposite > 1:
            return size == 1
    return False


def multiply(a, a_scale, a_zero, b, b_scale, b_zero, scale, zero) -> np.ndarray:
    """QLinearMul: Z is added before rounding; product and sum are rounded separately."""
    ratio = (a_scale * b_scale) / scale
    product = (a.astype(np.int64) - int(a_zero)) * (b.astype(np.int64) - int(b_zero))
    return clamped(np.rint(product.astype(F32) * ratio + F32(int(zero))), zero)


def averaged(windows, counts, x_scale, x_zero, scale, zero) -> np.ndarray:
    """QLinearAveragePool: a float32 sum over real values, one after the other.

    `windows` are codes [n, channel, kernel position, output position...]; padded positions hold
    the zero point, which adds 0.0. `counts` is what each output position divides by.
    """
    return quantized_after_shift(
        float_mean(dequantized(windows, x_scale, x_zero), counts), scale, zero
    )


def float_mean(windows, counts) -> np.ndarray:
    total = np.zeros_like(windows[:, :, 0])
    for position in range(windows.shape[2]):
        total = total + windows[:, :, position]
    return total / F32(counts)


def global_average(x, x_scale, x_zero, scale, zero) -> np.ndarray:
    """QLinearGlobalAveragePool: an integer sum, then one multiplication."""
    size = int(np.prod(x.shape[2:]))
    multiplier = x_scale / (scale * F32(size))
    axes = tuple(range(2, x.ndim))
    total = (x.astype(np.int64) - int(x_zero)).sum(axis=axes, keepdims=True)
    return clamped(np.rint(total.astype(F32) * multiplier).astype(np.int64) + int(zero), zero)


# Coefficients from the highest power down.
LOGISTIC = (
    "4.37031012579801e-11 1.15627324459942e-07 6.08574864600143e-05 8.51377133304701e-03"
    " 2.48287947061529e-01",
    "6.10247389755681e-13 5.76102136993427e-09 6.29106785017040e-06 1.70198817374094e-03"
    " 1.16817656904453e-01 9.93151921023180e-01",
)
TANH = (
    "-2.76076847742355e-16 2.00018790482477e-13 -8.60467152213735e-11 5.12229709037114e-08"
    " 1.48572235717979e-05 6.37261928875436e-04 4.89352455891786e-03",
    "1.19825839466702e-06 1.18534705686654e-04 2.26843463243900e-03 4.89352518554385e-03",
)


def logistic(x) -> np.ndarray:
    """Sigmoid as ONNX Runtime approximates it: a quotient of polynomials, clamped to 0 … 1."""
    ratio = _odd_quotient(np.clip(x, F32(-18), F32(18)), *LOGISTIC)
    return np.clip(ratio + F32(0.5), F32(0), F32(1))


def tanh(x) -> np.ndarray:
    """Tanh as ONNX Runtime approximates it."""
    return _odd_quotient(np.clip(x, F32(-9), F32(9)), *TANH)


def _odd_quotient(x, numerator, denominator):
    """x · P(x²) / Q(x²), the polynomials by Horner's rule with `fma`."""
    square = x * x

    def polynomial(coefficients):
        first, *others = (F32(c) for c in coefficients.split())
        value = np.broadcast_to(first, x.shape)
        for coefficient in others:
            value = fma(value, square, coefficient)
        return value

    return (x * polynomial(numerator)) / polynomial(denominator)


def softmax(x, x_scale, scale, zero) -> np.ndarray:
    """QLinearSoftmax over the last axis: exponentials from a table, anchored at the largest code.

    The table holds exp((i − 255 + shift) · S_x) for i = 0 … 255, computed in float64 and rounded to
    float32; the shift keeps the sum below float32's largest number.
    """
    count = x.shape[-1]
    reserve = np.log(np.float64(np.finfo(F32).max) / count) - 5
    shift = max(0.0, reserve) / np.float64(x_scale)
    steps = np.arange(256, dtype=np.float64) - 255 + shift
    table = np.exp(steps * np.float64(x_scale)).astype(F32)
    below = x.astype(np.int64) - x.astype(np.int64).max(axis=-1, keepdims=True)
    powers = table[255 + below]
    total = np.zeros_like(powers[..., :1])
    for i in range(count):
        total = total + powers[..., i : i + 1]
    factor = np.floor(F32(1) / scale)
    shares = np.rint(powers * factor / total).astype(np.int64) + int(zero)
    return clamped(shares, zero)
