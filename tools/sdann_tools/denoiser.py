"""`mnist-denoiser`: a noisy digit in, a clean picture of it out.

image 1×28×28
down1    conv 3×3 stride 2 ×12, ReLU             12×14×14
down2    conv 3×3 stride 2 ×24, ReLU             24×7×7
middle   conv 3×3 ×24, ReLU                      24×7×7
up1      twice as large, conv 3×3 ×8, ReLU       8×14×14
up2      twice as large, conv 3×3 ×6, ReLU       6×28×28
picture  conv 3×3 ×1, Sigmoid                    1×28×28

Pixels are repeated and convolved, instead of a ConvTranspose, which ONNX Runtime computes on real
numbers: so every layer here has codes to be equal to.
"""

import jax
import jax.numpy as jnp
import numpy as np
import onnx

from . import datasets, idx, training
from .graphs import GraphBuilder
from .paths import DATASETS

SHAPES = {
    "down1": (12, 1, 3, 3),
    "down2": (24, 12, 3, 3),
    "middle": (24, 24, 3, 3),
    "up1": (8, 24, 3, 3),
    "up2": (6, 8, 3, 3),
    "picture": (1, 6, 3, 3),
}
RECIPE = training.Recipe(epochs=30, peak_rate=4e-3, seed=21)
NOISE = 0.5  # standard deviation, of a pixel's 0 … 1
LEVELS = 16  # of a noisy pixel, so that the files stay small
TEST, CALIBRATION = 500, 100
SEED = 1999


def noisy(images: np.ndarray, rng) -> np.ndarray:
    """Images as they reach the network: bytes with Gaussian noise, in 16 levels from 0 to 255."""
    values = images / 255 + rng.normal(0, NOISE, images.shape)
    step = 255 // (LEVELS - 1)
    return (np.rint(np.clip(values, 0, 1) * (LEVELS - 1)) * step).astype(np.uint8)


def write_dataset() -> None:
    """Writes noisy images for testing and calibration, and the clean ones of the former.

    Those for testing are the first of MNIST's test images here, those for calibration the first of
    its calibration images.
    """
    rng = np.random.default_rng(SEED)
    parts = datasets.split(datasets.mnist())
    clean = parts.test.images[:TEST]
    idx.write(_file("test-images"), noisy(clean, rng))
    idx.write(_file("test-targets"), clean)
    idx.write(_file("calibration-images"), noisy(parts.calibration.images[:CALIBRATION], rng))


def read(name: str) -> np.ndarray:
    """Reads `test-images`, `test-targets` or `calibration-images`, as float32 [n, 1, 28, 28]."""
    return scaled(idx.read(_file(name)))


def _file(name):
    return DATASETS / f"mnist-noisy-{name}.idx3-ubyte.gz"


def scaled(images: np.ndarray) -> np.ndarray:
    return images[:, None].astype(np.float32) / np.float32(255)


def forward(parameters, x):
    """The picture before its Sigmoid."""

    def convolved(x, name, stride=1):
        return jax.nn.relu(training.convolution(x, parameters[name], stride, 1))

    x = convolved(x, "down1", 2)
    x = convolved(x, "down2", 2)
    x = convolved(x, "middle")
    for name in ("up1", "up2"):
        x = convolved(x.repeat(2, axis=2).repeat(2, axis=3), name)
    return training.convolution(x, parameters["picture"], 1, 1)


def graph(parameters) -> onnx.ModelProto:
    builder = GraphBuilder("mnist-denoiser", ["N", 1, 28, 28])

    def convolution(name, stride=1):
        layer = parameters[name]
        builder.linear(
            "Conv",
            name,
            layer["weight"],
            layer["bias"],
            kernel_shape=[3, 3],
            strides=[stride] * 2,
            pads=[1] * 4,
        )

    for name, stride in (("down1", 2), ("down2", 2), ("middle", 1)):
        convolution(name, stride)
        builder.node("Relu", f"{name}_relu")
    scales = builder.constant("twice", np.array([1, 1, 2, 2], np.float32))
    for name in ("up1", "up2"):
        builder.node(
            "Resize",
            f"{name}_larger",
            "",
            scales,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        convolution(name)
        builder.node("Relu", f"{name}_relu")
    convolution("picture")
    builder.node("Sigmoid", "picture_sigmoid")
    return builder.model("clean")


def _surprise(outputs, targets):
    """Binary cross-entropy of each pixel."""
    return jnp.mean(jax.nn.softplus(outputs) - targets * outputs)


def trained(images: np.ndarray) -> onnx.ModelProto:
    """The network, trained on clean images, three noisy copies of each."""
    rng = np.random.default_rng(SEED + 1)
    inputs = np.concatenate([scaled(noisy(images, rng)) for _ in range(3)])
    targets = np.concatenate([scaled(images)] * 3)
    start = training.he_initialized(SHAPES, RECIPE.seed)
    return graph(training.train(forward, start, inputs, targets, RECIPE, error=_surprise))


def peak_signal_to_noise(outputs: np.ndarray, targets: np.ndarray) -> float:
    """In decibels, relative to a white pixel; the mean over pictures."""
    errors = np.mean((outputs.astype(np.float64) - targets) ** 2, axis=(1, 2, 3))
    return float(np.mean(-10 * np.log10(errors)))
