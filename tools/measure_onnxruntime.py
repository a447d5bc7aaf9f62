"""How fast ONNX Runtime is on the benchmarks' models: one thread, images per second of processor time.

Run it beside `cargo bench` on the same machine and in the same minutes; docs/PERFORMANCE.md holds both.
"""

import gzip
import pathlib
import statistics
import time

import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 15


def images(count: int) -> np.ndarray:
    """MNIST test images as the models take them."""
    stored = gzip.decompress((ROOT / "assets/datasets/mnist-test-images.idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(stored, np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return pixels[:count].astype(np.float32) / np.float32(255)


def session(name: str) -> onnxruntime.InferenceSession:
    """A model on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    path = ROOT / "assets/models" / f"{name}.onnx"
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def speed(model: onnxruntime.InferenceSession, batch: np.ndarray, runs: int) -> float:
    """Images per second of processor time, the median of several rounds."""
    (only,) = model.get_inputs()
    times = []
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(runs):
            model.run(None, {only.name: batch})
        times.append((time.process_time() - before) / (runs * len(batch)))
    return 1 / statistics.median(times)


def main() -> None:
    """Prints a line for each model and batch."""
    for name in ["mnist-cnn", "mnist-residual"]:
        model = session(name)
        for count in [1, 1000]:
            found = speed(model, images(count), 200 // count + 1)
            print(f"{name}, batches of {count}: {found:,.0f} images/s")


if __name__ == "__main__":
    main()
