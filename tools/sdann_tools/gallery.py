"""The shipped networks by name: what each learns from, how it is made, and how it is judged."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantFormat, QuantType

from . import datasets, denoiser, few_bits, networks, paths, residual, runtime, sine, vowels
from .quantizer import quantized

UNSIGNED = {"activation_type": QuantType.QUInt8}
QOPERATOR = {"quant_format": QuantFormat.QOperator}


@dataclass(frozen=True)
class Data:
    """Inputs of the quantizer's calibration, and held-out inputs with what should come out."""

    calibration: np.ndarray
    test: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True)
class Shipped:
    name: str
    data: Callable[[], Data]
    # The models by the end of their file name: ".float", "" for the quantized one, ".qoperator".
    make: Callable[[Data], dict[str, onnx.ModelProto]]
    measure: Callable[[np.ndarray, np.ndarray], float]  # outputs, expected
    waits: bool = True  # for the engine to run it

    @property
    def models(self) -> Path:
        return paths.NEXT_MODELS if self.waits else paths.MODELS

    @property
    def fixtures(self) -> Path:
        return paths.NEXT_FIXTURES if self.waits else paths.FIXTURES

    def load(self, ending: str) -> onnx.ModelProto:
        return onnx.load(self.models / f"{self.name}{ending}.onnx")

    def quantized_endings(self) -> list[str]:
        endings = ("", ".qoperator")
        return [e for e in endings if (self.models / f"{self.name}{e}.onnx").exists()]


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """The share of inputs whose largest output is at their label."""
    return float(np.mean(outputs.argmax(axis=1) == labels))


def root_mean_square_error(outputs: np.ndarray, expected: np.ndarray) -> float:
    return float(np.sqrt(np.mean((outputs.astype(np.float64) - expected) ** 2)))


def images_of(source: datasets.Source) -> Callable[[], Data]:
    @cache
    def data():
        test = datasets.read_part(f"{source.name}-test")
        calibration = datasets.read_part(f"{source.name}-calibration")
        return Data(
            networks.inputs_of(source, calibration.images),
            networks.inputs_of(source, test.images),
            test.labels,
        )

    return data


def noisy_digits() -> Data:
    return Data(*map(denoiser.read, ("calibration-images", "test-images", "test-targets")))


def vowels_data() -> Data:
    known, test = (vowels.read_part(name) for name in vowels.PARTS)
    return Data(vowels.inputs_of(known.images), vowels.inputs_of(test.images), test.labels)


def sine_data() -> Data:
    return Data(*map(sine.read, ("calibration-inputs", "test-inputs", "test-targets")))


def after_training(trained, options=None, both_forms=True):
    """A network that is trained in float, then quantized by ONNX Runtime."""
    options = options or {}

    def make(data: Data):
        network = trained()
        models = {".float": network, "": quantized(network, data.calibration, **options)}
        if both_forms:
            models[".qoperator"] = quantized(network, data.calibration, **options, **QOPERATOR)
        return models

    return make


def in_four_bits(_data: Data):
    network, narrow = few_bits.trained(training_part(MNIST))
    return {".float": network, "": narrow}


def training_part(source: datasets.Source) -> datasets.Part:
    return datasets.split(source).training


MNIST, DIGITS = datasets.mnist(), datasets.digits()

SHIPPED = (
    Shipped(
        "mnist-cnn",
        images_of(MNIST),
        after_training(lambda: networks.trained_cnn(training_part(MNIST)), both_forms=False),
        accuracy,
        waits=False,
    ),
    Shipped(
        "digits-mlp",
        images_of(DIGITS),
        after_training(lambda: networks.trained_mlp(training_part(DIGITS)), both_forms=False),
        accuracy,
        waits=False,
    ),
    Shipped(
        "mnist-residual",
        images_of(MNIST),
        # With signed codes ONNX Runtime runs the convolutions around a shortcut in floating point.
        after_training(lambda: residual.trained(training_part(MNIST)), UNSIGNED),
        accuracy,
    ),
    Shipped("mnist-4bit", images_of(MNIST), in_four_bits, accuracy),
    Shipped(
        "mnist-denoiser",
        noisy_digits,
        after_training(lambda: denoiser.trained(training_part(MNIST).images), UNSIGNED),
        denoiser.peak_signal_to_noise,
    ),
    Shipped(
        "signal-1d",
        vowels_data,
        after_training(lambda: vowels.trained(vowels.read_part("training")), UNSIGNED),
        accuracy,
    ),
    Shipped(
        "sine-regression",
        sine_data,
        after_training(lambda: sine.trained(sine.samples()[0])),
        root_mean_square_error,
    ),
)


def chosen(names: list[str]) -> list[Shipped]:
    """The networks of these names; all without any."""
    unknown = set(names) - {network.name for network in SHIPPED}
    if unknown:
        raise SystemExit(f"no network is called {', '.join(sorted(unknown))}")
    return [network for network in SHIPPED if not names or network.name in names]


def outputs(model: onnx.ModelProto, inputs: np.ndarray) -> np.ndarray:
    return runtime.run(model, inputs)[0]


def multiply_accumulates(model: onnx.ModelProto) -> int:
    """Weights times positions, summed over all linear layers, for one sample."""
    shapes = {
        v.name: [d.dim_value or 1 for d in v.type.tensor_type.shape.dim]
        for v in (*onnx.shape_inference.infer_shapes(model).graph.value_info, *model.graph.output)
    }
    weights = {t.name: list(t.dims) for t in model.graph.initializer}
    total = 0
    for node in model.graph.node:
        if node.op_type in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
            # A Conv applies its weights at each output position, a ConvTranspose at each input's.
            tensor = node.input[0] if node.op_type == "ConvTranspose" else node.output[0]
            positions = int(np.prod(shapes[tensor][2:]))
            total += int(np.prod(weights[node.input[1]])) * positions
    return total
