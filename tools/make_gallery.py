"""Writes `assets/gallery.json`: the models the page offers, with one clear sample of each class."""

import json

import numpy as np

from sdann_tools import datasets, denoiser, gallery, runtime, vowels
from sdann_tools.paths import FIXTURES, FIXTURES_TFLITE, GALLERY

DIGITS = [str(label) for label in range(datasets.CLASSES)]


def images(source, divide_by):
    return {
        "samples": f"{source}-test-images.idx3-ubyte.gz",
        "labels": f"{source}-test-labels.idx1-ubyte.gz",
        "calibration": f"{source}-calibration-images.idx3-ubyte.gz",
        "divide_by": divide_by,
        "classes": DIGITS,
    }


NOISY = {
    "samples": "mnist-noisy-test-images.idx3-ubyte.gz",
    "targets": {
        "file": "mnist-noisy-test-targets.idx3-ubyte.gz",
        "divide_by": 255,
        "measure": "psnr",
    },
    "calibration": "mnist-noisy-calibration-images.idx3-ubyte.gz",
    "divide_by": 255,
}
VOWELS = {
    "samples": "vowels-test-curves.idx3-byte.gz",
    "labels": "vowels-test-labels.idx1-ubyte.gz",
    "calibration": "vowels-training-curves.idx3-byte.gz",
    "divide_by": vowels.DIVIDE_BY,
    "classes": [f"speaker {number + 1}" for number in range(vowels.CLASSES)],
}
SINE = {
    "samples": "sine-test-inputs.idx2-float.gz",
    "targets": {"file": "sine-test-targets.idx2-float.gz", "divide_by": 1, "measure": "rmse"},
    "calibration": "sine-calibration-inputs.idx2-float.gz",
    "divide_by": 1,
}
MEASURES = {
    gallery.accuracy: "accuracy",
    denoiser.peak_signal_to_noise: "psnr",
    gallery.root_mean_square_error: "rmse",
}

# What the page says of each network, and what it reads.
ENTRIES = {
    "mnist-cnn": (
        "MNIST CNN, int8",
        "Two strided convolutions and two dense layers read a handwritten digit of 28 × 28 pixels;"
        " ONNX Runtime quantized them to 8 bits.",
        images("mnist", 255),
    ),
    "digits-mlp": (
        "Digits MLP, int8",
        "16 hidden neurons read a digit of 8 × 8 pixels, few enough to follow every spike;"
        " ONNX Runtime quantized them to 8 bits.",
        images("digits", 16),
    ),
    "mnist-residual": (
        "MNIST residual, uint8",
        "Depthwise-separable blocks with shortcuts, max pooling, concatenation and a global average"
        " read a digit.",
        images("mnist", 255),
    ),
    "mnist-4bit": (
        "MNIST CNN, 4 bits",
        "The layers of the MNIST CNN with weights and activations of 4 bits, trained to be so"
        " narrow: half the time steps.",
        images("mnist", 255),
    ),
    "mnist-denoiser": (
        "MNIST denoiser, uint8",
        "A noisy digit goes in and a clean picture of it comes out: convolutions down to 7 × 7"
        " pixels and up again.",
        NOISY,
    ),
    "signal-1d": (
        "Vowels, 1-D, uint8",
        "Convolutions over time tell from 12 curves which of nine speakers said a vowel.",
        VOWELS,
    ),
    "sine-regression": (
        "Sine, int8",
        "Two hidden layers of 12 neurons compute sin(x) from x: every neuron can be drawn.",
        SINE,
    ),
}

# Float models, to be quantized on the page: of which network, and what the page says of it.
FLOAT = {
    "mnist-cnn": (
        "MNIST CNN, float",
        "The MNIST CNN before its quantization: it is quantized here, as the settings say.",
    ),
    "mnist-residual": (
        "MNIST residual, float",
        "The residual network before its quantization. Its depthwise kernels have very different"
        " ranges, so it tells good quantization from bad.",
    ),
}
# Networks that TensorFlow Lite's converter has quantized.
LITE = {
    "mnist-cnn-lite": (
        "MNIST CNN, TFLite int8",
        "Two strided convolutions and two dense layers, trained in Keras and quantized by"
        " TensorFlow Lite's converter.",
    ),
    "mnist-residual-lite": (
        "MNIST residual, TFLite int8",
        "Depthwise-separable blocks with shortcuts, both pools joined and a global mean; quantized"
        " by TensorFlow Lite's converter.",
    ),
}


def picks(network, codes: np.ndarray) -> list[int]:
    """One typical sample of each class, where there are classes."""
    data = network.data()
    if network.measure is gallery.accuracy:
        return clearest_per_class(codes, data.expected)
    if network.name == "mnist-denoiser":
        # The noisy pictures are the first of MNIST's test images.
        labels = datasets.read_part("mnist-test").labels[: len(codes)]
        return [int(np.argmax(labels == label)) for label in range(datasets.CLASSES)]
    return []


def clearest_per_class(codes: np.ndarray, labels: np.ndarray) -> list[int]:
    """For each class, the correctly classified sample whose largest code leads by most."""
    ranked = np.sort(codes.astype(int), axis=1)
    lead = np.where(codes.argmax(axis=1) == labels, ranked[:, -1] - ranked[:, -2], -1)
    return [int(np.argmax(np.where(labels == label, lead, -2))) for label in range(codes.shape[1])]


def entry(network, quality) -> dict:
    """One model as the page reads it; paths are relative to `assets/`."""
    title, about, dataset = ENTRIES[network.name]
    model = network.load("")
    codes = runtime.output_codes(model, gallery.outputs(model, network.data().test))
    return {
        "id": network.name,
        "title": title,
        "file": f"models/{network.name}.onnx",
        "float": f"models/{network.name}.float.onnx",
        "about": about,
        "dataset": in_folder(dataset),
        "picks": picks(network, codes),
        "quality": {
            "measure": MEASURES[network.measure],
            "float": quality["float"],
            "quantized": quality["quantized"],
        },
    }


def float_entry(quantized: dict, compared: list[dict]) -> dict:
    """The float model of an entry, and how good it is after quantization by the default settings."""
    title, about = FLOAT[quantized["id"]]
    model, method = quantized["id"], "min-max"
    quality = next(c for c in compared if (c["model"], c["method"]) == (model, method))
    return quantized | {
        "id": f"{model}-float",
        "title": title,
        "file": quantized["float"],
        "about": about,
        "quality": {key: quality[key] for key in ("measure", "float")} | {"quantized": quality["sdann"]},
    }


def lite_entry(name: str) -> dict:
    """A TensorFlow Lite model, by the answers that TensorFlow gave for it."""
    title, about = LITE[name]
    codes = np.load(FIXTURES_TFLITE / f"{name}.codes.npy")
    labels = datasets.read_part("mnist-test").labels
    quality = json.loads((FIXTURES_TFLITE / f"{name}.json").read_text())["accuracy"]
    return {
        "id": name,
        "title": title,
        "file": f"models/{name}.tflite",
        "about": about,
        "dataset": in_folder(images("mnist", 255)),
        "picks": clearest_per_class(codes.reshape(len(labels), -1), labels),
        "quality": {"measure": "accuracy"} | quality,
    }


def in_folder(dataset: dict) -> dict:
    """The same with the folder before each file's name."""

    def place(value):
        if isinstance(value, dict):
            return in_folder(value)
        return f"datasets/{value}" if str(value).endswith(".gz") else value

    return {key: place(value) for key, value in dataset.items()}


def main() -> None:
    qualities = json.loads((FIXTURES / "accuracy.json").read_text())
    models = [entry(network, qualities[network.name]["main"]) for network in gallery.SHIPPED]
    compared = json.loads((FIXTURES / "quantization.json").read_text())["compared"]
    models += [float_entry(model, compared) for model in models if model["id"] in FLOAT]
    models += [lite_entry(name) for name in LITE]
    GALLERY.write_text(json.dumps({"models": models}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
