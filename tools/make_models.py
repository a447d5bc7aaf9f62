"""Writes `assets/models/`: each network trained, as float ONNX and as int8 QDQ ONNX."""

import numpy as np
import onnx

from sdann_tools import datasets, networks, runtime
from sdann_tools.paths import MODELS
from sdann_tools.quantizer import quantized

NETWORKS = {
    "mnist-cnn": (datasets.mnist, networks.trained_cnn),
    "digits-mlp": (datasets.digits, networks.trained_mlp),
}


def accuracy(model: onnx.ModelProto, inputs: np.ndarray, labels: np.ndarray) -> float:
    """The share of inputs whose largest output is at their label."""
    return float(np.mean(runtime.run(model, inputs)[0].argmax(axis=1) == labels))


def main() -> None:
    MODELS.mkdir(parents=True, exist_ok=True)
    for name, (load, trained) in NETWORKS.items():
        source = load()
        parts = datasets.split(source)
        network = trained(parts.training)
        calibration = networks.inputs_of(source, parts.calibration.images)
        integer = quantized(network, calibration)
        onnx.save(network, MODELS / f"{name}.float.onnx")
        onnx.save(integer, MODELS / f"{name}.onnx")
        test = networks.inputs_of(source, parts.test.images), parts.test.labels
        print(f"{name}: float {accuracy(network, *test):.4f}, int8 {accuracy(integer, *test):.4f}")


if __name__ == "__main__":
    main()
