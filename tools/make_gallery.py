"""Writes `assets/gallery.json`: the models the page offers, with one clear sample of each class."""

import json

import numpy as np
import onnx

from sdann_tools import datasets, networks, runtime
from sdann_tools.paths import FIXTURES, GALLERY, MODELS

ENTRIES = (
    (
        "mnist-cnn",
        "MNIST CNN, int8",
        "Two strided convolutions and two dense layers read a handwritten digit of 28 × 28 pixels;"
        " ONNX Runtime quantized them to 8 bits.",
        datasets.mnist,
    ),
    (
        "digits-mlp",
        "Digits MLP, int8",
        "16 hidden neurons read a digit of 8 × 8 pixels, few enough to follow every spike;"
        " ONNX Runtime quantized them to 8 bits.",
        datasets.digits,
    ),
)


def clearest_per_class(codes: np.ndarray, labels: np.ndarray) -> list[int]:
    """For each class, the correctly classified sample whose largest code leads by most."""
    ranked = np.sort(codes.astype(int), axis=1)
    lead = np.where(codes.argmax(axis=1) == labels, ranked[:, -1] - ranked[:, -2], -1)
    return [
        int(np.argmax(np.where(labels == label, lead, -2))) for label in range(datasets.CLASSES)
    ]


def entry(name, title, about, source, accuracy) -> dict:
    """One model as the page reads it; paths are relative to `assets/`."""
    model = onnx.load(MODELS / f"{name}.onnx")
    test = datasets.read_part(f"{source.name}-test")
    values = runtime.run(model, networks.inputs_of(source, test.images))[0]
    codes = runtime.output_codes(model, values)
    return {
        "id": name,
        "title": title,
        "file": f"models/{name}.onnx",
        "float": f"models/{name}.float.onnx",
        "about": about,
        "dataset": {
            "images": f"datasets/{source.name}-test-images.idx3-ubyte.gz",
            "labels": f"datasets/{source.name}-test-labels.idx1-ubyte.gz",
            "calibration": f"datasets/{source.name}-calibration-images.idx3-ubyte.gz",
            "divide_by": source.divide_by,
            "classes": [str(label) for label in range(datasets.CLASSES)],
        },
        "picks": clearest_per_class(codes, test.labels),
        "accuracy": {"float": accuracy["float"], "quantized": accuracy["quantized"]},
    }


def main() -> None:
    accuracies = json.loads((FIXTURES / "accuracy.json").read_text())
    models = [
        entry(name, title, about, load(), accuracies[name]["main"])
        for name, title, about, load in ENTRIES
    ]
    GALLERY.write_text(json.dumps({"models": models}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
