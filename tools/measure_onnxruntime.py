"""How fast ONNX Runtime is on the benchmarks' models: one thread, images per second of processor time.

`cargo xtask bench` runs it with `--serve`, beside the engine and in turns with it: then each line `MODEL BATCH` is
answered with the seconds of processor time that an image takes.
"""

import argparse
import gzip
import json
import pathlib
import statistics
import time

import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ["mnist-cnn", "mnist-residual"]
ROUNDS = 15
LEAST = 0.15  # seconds that a measure lasts


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


def seconds(model: onnxruntime.InferenceSession, batch: np.ndarray) -> float:
    """Seconds of processor time for an image."""
    (only,) = model.get_inputs()
    runs, before = 0, time.process_time()
    while (taken := time.process_time() - before) < LEAST:
        model.run(None, {only.name: batch})
        runs += 1
    return taken / (runs * len(batch))


def serve(models: dict[str, onnxruntime.InferenceSession]) -> None:
    """Answers line by line until there are no more."""
    print(json.dumps({"version": onnxruntime.__version__}), flush=True)
    while True:
        try:
            name, count = input().split()
        except EOFError:
            return
        print(seconds(models[name], images(int(count))), flush=True)


def main() -> None:
    """Prints a line for each model and batch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", action="store_true", help="measure what is asked for, line by line")
    models = {name: session(name) for name in MODELS}
    if parser.parse_args().serve:
        return serve(models)
    for name, model in models.items():
        for count in [1, 100, 1000]:
            found = statistics.median(seconds(model, images(count)) for _ in range(ROUNDS))
            print(f"{name}, batches of {count}: {1 / found:,.0f} images/s")


if __name__ == "__main__":
    main()
