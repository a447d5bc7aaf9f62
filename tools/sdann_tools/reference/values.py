"""What flows through a graph in the reference: codes, sums, or results not yet requantized."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import kernels

F32 = np.float32


@dataclass
class Codes:
    """Integers q that stand for S · (q − Z).

    `axis` is set where S and Z are one per channel. `kind` is the type that ONNX Runtime's kernels
    see, where it isn't that of the zero point: int8 codes with a single reader become uint8.
    """

    q: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None = None
    kind: np.dtype | None = None

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
        return Codes(q, self.scale, self.zero_point, kind=self.kind)

    def seen_kind(self) -> np.dtype:
        return self.kind or self.zero_point.dtype

    def parts(self):
        """q, S and Z as the kernels take them, per tensor."""
        zero = self.zero_point.reshape(())
        return as_kind(self.q, self.kind), F32(self.scale.reshape(())), as_kind(zero, self.kind)


def as_kind(codes: np.ndarray, kind) -> np.ndarray:
    """Codes as uint8 where `kind` says so: int8 codes grow by 128."""
    if kind is None or kind == codes.dtype:
        return codes
    return (codes.astype(np.int16) + 128).astype(np.uint8)


@dataclass
class Sums:
    """Σ w (x − Z_x) + b, with S_x and the S_w of each channel along `axis`."""

    acc: np.ndarray
    input_scale: F32
    weight_scale: np.ndarray  # broadcastable to acc

    def real(self) -> np.ndarray:
        return self.acc.astype(F32) * (self.input_scale * self.weight_scale)

    def requantized(self, scale: F32, zero_point: np.ndarray, kind=None) -> np.ndarray:
        multiplier = (self.input_scale * self.weight_scale) / scale
        return kernels.quantized(self.acc.astype(F32) * multiplier, F32(1), zero_point)


@dataclass
class Pending:
    """The result of an operator that ONNX Runtime merges with the QuantizeLinear after it.

    `exact(parts, scale, zero_point)` is that kernel on the sources' `parts()`; `real()` is what the
    operator gives on real numbers where it isn't merged: 8-bit codes that are of one type when the
    kernels see them are, others are not.
    """

    sources: list[Codes]
    exact: Callable
    real: Callable[[], np.ndarray]
    rectified: bool = False

    def requantized(self, scale: F32, zero_point: np.ndarray, kind=None) -> np.ndarray:
        seen = {source.seen_kind() for source in self.sources} | {kind or zero_point.dtype}
        merges = len(seen) == 1 and zero_point.dtype.itemsize == 1
        if self.rectified and zero_point != np.iinfo(zero_point.dtype).min:
            merges = False
        if not merges:
            return kernels.quantized(as_real(self), scale, zero_point)
        parts = [source.parts() for source in self.sources]
        codes = self.exact(parts, scale, as_kind(zero_point, kind))
        if codes.dtype == zero_point.dtype:
            return codes
        return (codes.astype(np.int16) - 128).astype(zero_point.dtype)


def as_real(value) -> np.ndarray:
    """Any value as float32."""
    if isinstance(value, Pending):
        return np.maximum(value.real(), F32(0)) if value.rectified else value.real()
    return value.real() if isinstance(value, (Codes, Sums)) else value


def all_codes(*values) -> bool:
    return all(isinstance(value, Codes) for value in values)


def moved(value, change):
    """An operator that only moves elements, on codes or on an array."""
    return value.like(change(value.q)) if isinstance(value, Codes) else change(as_real(value))
