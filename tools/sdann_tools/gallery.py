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
    """Inputs of the quantizer's calibration, and held-out inputs with what should come out.

    `more` are inputs that the network learned from, where there are fewer than 500 held-out ones:
    codes are compared on them, quality is not measured.
    """

    calibration: np.ndarray
    test: np.ndarray
    expected: np.ndarray
    more: np.ndarray | None = None


@dataclass(frozen=True)
class Shipped:
    name: str
    data: Callable[[], Data]
    # The models by the end of their file name: ".float", "" for the quantized one, ".qoperator".
    make: Callable[[Data], dict[str, onnx.ModelProto]]
    measure: Callable[[np.ndarray, np.ndarray], float]  # outputs, expected

    def file(self, ending: str) -> Path:
        return paths.MODELS / f"{self.name}{ending}.onnx"

    def load(self, ending: str) -> onnx.ModelProto:
        return onnx.load(self.file(ending))

    def quantized_endings(self) -> list[str]:
        endings = ("", ".qoperator")
        return [e for e in endings if self.file(e).exists()]


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
            _more(source, len(test.labels)),
        )

    return data


def _more(source: datasets.Source, held_out: int) -> np.ndarray | None:
    """The training inputs, where held-out ones alone are too few to compare codes on."""
    if held_out >= datasets.ENOUGH:
        return None
    return networks.inputs_of(source, datasets.read_part(f"{source.name}-training").images)


def noisy_digits() -> Data:
    return Data(*map(denoiser.read, ("calibration-images", "test-images", "test-targets")))


def vowels_data() -> Data:
    known, test = (vowels.read_part(name) for name in vowels.PARTS)
    return Data(vowels.inputs_of(known.images), vowels.inputs_of(test.images), test.labels)


def sine_data() -> Data:
    return Data(*map(sine.read, ("calibration-inputs", "test-inputs", "test-targets")))


def after_training(trained, options=None):
    """A network that is trained in float, then quantized by ONNX Runtime."""
    options = options or {}

    def make(data: Data):
        network = trained()
        return {
            ".float": network,
            "": quantized(network, data.calibration, **options),
            ".qoperator": quantized(network, data.calibration, **options, **QOPERATOR),
        }

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
        after_training(lambda: networks.trained_cnn(training_part(MNIST))),
        accuracy,
    ),
    Shipped(
        "digits-mlp",
        images_of(DIGITS),
        after_training(lambda: networks.trained_mlp(training_part(DIGITS))),
        accuracy,
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
