"""Trains the networks in JAX, with weights laid out as ONNX lays them out."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage


@dataclass(frozen=True)
class Recipe:
    """How long and how hard to train."""

    epochs: int
    batch: int = 64
    peak_rate: float = 2e-3
    weight_decay: float = 1e-4
    shift: int = 0  # images are moved by up to this many pixels in x and y
    turn: float = 0.0  # and rotated by up to this many degrees
    stretch: float = 0.0  # and scaled by up to this share
    noise: float = 0.0  # the standard deviation of what is added to inputs
    seed: int = 0


def dense(x, layer):
    """A Gemm with transB = 1: weights are [out, in]."""
    return x @ layer["weight"].T + layer["bias"]


def convolution(x, layer, stride: int, pad: int):
    """A Conv in NCHW with weights [out, in, height, width], or in NCW over one axis."""
    spatial = x.ndim - 2
    layout = ("NCHW", "OIHW", "NCHW") if spatial == 2 else ("NCW", "OIW", "NCW")
    y = jax.lax.conv_general_dilated(
        x,
        layer["weight"],
        (stride,) * spatial,
        [(pad, pad)] * spatial,
        dimension_numbers=layout,
    )
    return y + layer["bias"].reshape(1, -1, *[1] * spatial)


def depthwise(x, layer, pad: int = 1):
    """A Conv of stride 1 with one group per channel and weights [channels, 1, height, width].

    Written as a sum over the kernel's positions, which XLA runs much faster than a grouped Conv.
    """
    weight = layer["weight"]
    height, width = x.shape[2:]
    padded = jnp.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    y = layer["bias"][None, :, None, None]
    for row, column in np.ndindex(*weight.shape[2:]):
        window = padded[:, :, row : row + height, column : column + width]
        y = y + window * weight[:, 0, row, column][None, :, None, None]
    return y


def max_pool(x, size: int = 2):
    """A MaxPool of `size`×`size` pixels with the same stride, without padding."""
    n, channels, height, width = x.shape
    return x.reshape(n, channels, height // size, size, width // size, size).max(axis=(3, 5))


def he_initialized(shapes: dict, seed: int) -> dict:
    """Random weights by He's rule and zero biases, for `{layer: weight shape}`.

    Each neuron's weights are shifted to sum to zero. Inputs are never negative here, so a neuron
    whose weights happen to sum below zero would start, and stay, silent.
    """
    rng = np.random.default_rng(seed)

    def layer(shape):
        fan_in = tuple(range(1, len(shape)))
        weight = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        weight -= weight.mean(axis=fan_in, keepdims=True)
        return {
            "weight": jnp.asarray(weight, jnp.float32),
            "bias": jnp.zeros(shape[0], jnp.float32),
        }

    return {name: layer(shape) for name, shape in shapes.items()}


def cross_entropy(scores, labels):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], axis=1)
    return -jnp.mean(chosen)


def squared_error(outputs, targets):
    return jnp.mean((outputs - targets) ** 2)


def train(forward, parameters, inputs, labels, recipe: Recipe, error=cross_entropy) -> dict:
    """Minimises `error` with AdamW and a cosine schedule; returns NumPy parameters.

    `forward(parameters, inputs)` gives the logits, or whatever `error(outputs, labels)` takes.
    """
    rng = np.random.default_rng(recipe.seed)
    steps = recipe.epochs * (len(labels) // recipe.batch)
    moments = jax.tree.map(lambda p: (jnp.zeros_like(p), jnp.zeros_like(p)), parameters)

    def loss(parameters, x, y):
        return error(forward(parameters, x), y)

    @jax.jit
    def update(parameters, moments, step, x, y):
        rate = recipe.peak_rate * 0.5 * (1 + jnp.cos(jnp.pi * step / steps))
        gradients = jax.grad(loss)(parameters, x, y)

        def adamw(p, g, moment):
            first = 0.9 * moment[0] + 0.1 * g
            second = 0.999 * moment[1] + 0.001 * g * g
            corrected = first / (1 - 0.9 ** (step + 1))
            spread = jnp.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
            return p - rate * (corrected / spread + recipe.weight_decay * p), (first, second)

        leaves, structure = jax.tree.flatten(parameters)
        updated = [
            adamw(p, g, m)
            for p, g, m in zip(
                leaves, structure.flatten_up_to(gradients), structure.flatten_up_to(moments)
            )
        ]
        return tuple(structure.unflatten(part) for part in zip(*updated))

    step = 0
    for _ in range(recipe.epochs):
        order = rng.permutation(len(labels))
        for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
            rows = order[start : start + recipe.batch]
            x = varied(inputs[rows], recipe, rng)
            parameters, moments = update(parameters, moments, step, x, labels[rows])
            step += 1
    return jax.tree.map(np.asarray, parameters)


def varied(images, recipe: Recipe, rng):
    """The images as the recipe's random shifts, turns and stretches leave them."""
    if recipe.turn or recipe.stretch:
        images = turned(images, recipe.turn, recipe.stretch, rng)
    if recipe.shift:
        images = shifted(images, recipe.shift, rng)
    if recipe.noise:
        images = images + rng.normal(0, recipe.noise, images.shape).astype(np.float32)
    return images


def turned(images, limit: float, stretch: float, rng):
    """Rotates each image about its centre by its own random angle, and scales it."""
    centre = (np.array(images.shape[-2:]) - 1) / 2
    angles = np.deg2rad(rng.uniform(-limit, limit, len(images)))
    sizes = rng.uniform(1 - stretch, 1 + stretch, len(images))

    def apply(image, angle, size):
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / size
        return ndimage.affine_transform(image, matrix, centre - matrix @ centre, order=1)

    return np.stack(
        [
            np.stack([apply(channel, angle, size) for channel in image])
            for image, angle, size in zip(images, angles, sizes)
        ]
    )


def shifted(images, limit: int, rng):
    """Moves each image [n, channels, height, width] by its own random whole-pixel offset."""
    height, width = images.shape[-2:]
    padded = np.pad(images, [(0, 0), (0, 0), (limit, limit), (limit, limit)])
    offsets = rng.integers(0, 2 * limit + 1, (len(images), 2))
    return np.stack(
        [
            image[:, top : top + height, left : left + width]
            for image, (top, left) in zip(padded, offsets)
        ]
    )
