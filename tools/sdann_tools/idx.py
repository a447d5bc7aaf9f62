"""The IDX format that MNIST is published in: a big-endian header, then the raw elements.

Only unsigned bytes are needed here. Files are gzipped with a fixed time stamp, so that the same
data gives the same bytes.
"""

import gzip
import io
import struct
from pathlib import Path

import numpy as np

UNSIGNED_BYTE = 0x08


def write(path: Path, array: np.ndarray) -> None:
    """Writes a uint8 array of any rank as gzipped IDX."""
    if array.dtype != np.uint8:
        raise TypeError(f"IDX files here hold uint8, not {array.dtype}")
    header = struct.pack(">HBB", 0, UNSIGNED_BYTE, array.ndim)
    header += struct.pack(f">{array.ndim}I", *array.shape)
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as stream:
        stream.write(header + array.tobytes())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def read(path: Path) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes."""
    data = gzip.decompress(path.read_bytes())
    zero, kind, rank = struct.unpack_from(">HBB", data)
    if zero != 0 or kind != UNSIGNED_BYTE:
        raise ValueError(f"{path} is not an IDX file of unsigned bytes")
    shape = struct.unpack_from(f">{rank}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
