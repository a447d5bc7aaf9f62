"""The IDX format that MNIST is published in: a big-endian header, then the raw elements.

Files are gzipped with a fixed time stamp, so that the same data gives the same bytes.
"""

import gzip
import io
import struct
from pathlib import Path

import numpy as np

TYPES = {0x08: np.dtype(">u1"), 0x09: np.dtype(">i1"), 0x0D: np.dtype(">f4")}
KINDS = {dtype.newbyteorder("="): kind for kind, dtype in TYPES.items()}


def write(path: Path, array: np.ndarray) -> None:
    """Writes a uint8, int8 or float32 array of any rank as gzipped IDX."""
    if array.dtype not in KINDS:
        raise TypeError(f"IDX files here don't hold {array.dtype}")
    kind = KINDS[array.dtype]
    header = struct.pack(">HBB", 0, kind, array.ndim)
    header += struct.pack(f">{array.ndim}I", *array.shape)
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as stream:
        stream.write(header + array.astype(TYPES[kind]).tobytes())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def read(path: Path) -> np.ndarray:
    """Reads a gzipped IDX file of one of these types."""
    data = gzip.decompress(path.read_bytes())
    zero, kind, rank = struct.unpack_from(">HBB", data)
    if zero != 0 or kind not in TYPES:
        raise ValueError(f"{path} is not an IDX file of {', '.join(map(str, KINDS))}")
    shape = struct.unpack_from(f">{rank}I", data, 4)
    values = np.frombuffer(data, TYPES[kind], offset=4 + 4 * rank).reshape(shape)
    return values.astype(TYPES[kind].newbyteorder("="))
