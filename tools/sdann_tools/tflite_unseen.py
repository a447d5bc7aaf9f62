"""Networks of random architectures, for models that nothing was written for."""

import numpy as np
from keras import layers

from .tflite_cases import Function, TfliteCase


def random_case(seed: int) -> TfliteCase:
    """A network that a seed decides: images of some size through some stages to some answers."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(8, 25, 2)
    sample = (int(height), int(width), int(rng.choice([1, 2, 3])))
    options = {}
    if rng.random() < 0.2:
        options["per_tensor"] = True
    if rng.random() < 0.2:
        options["inputs"] = options["outputs"] = "uint8"
    if rng.random() < 0.15:
        options["batch"] = None

    def build(x):
        for _ in range(rng.integers(2, 6)):
            x = stage(rng, x)
        return head(rng, x)

    return TfliteCase(
        f"unseen-{seed}",
        "a random architecture",
        build,
        sample,
        options,
        range=float(rng.choice([0.5, 1.0, 2.0])),
        ties=bool(rng.random() < 0.15),
    )


def activated(rng, x):
    """One of the usual non-linearities, or none."""
    choice = rng.integers(7)
    if choice < 3:
        return layers.ReLU()(x)
    if choice == 3:
        return layers.ReLU(6.0)(x)
    if choice == 4:
        return layers.LeakyReLU(negative_slope=float(rng.uniform(0.05, 0.4)))(x)
    if choice == 5:
        return layers.Activation(str(rng.choice(["sigmoid", "tanh"])))(x)
    return x


def convolution(rng, x, channels, strides=1):
    """A convolution of some kind, normalized or not."""
    kernel = int(rng.choice([1, 2, 3, 5]))
    padding = (
        "same" if strides > 1 or rng.random() < 0.8 or min(x.shape[1:3]) < kernel + 2 else "valid"
    )
    x = layers.Conv2D(channels, kernel, strides=strides, padding=padding)(x)
    return layers.BatchNormalization()(x) if rng.random() < 0.4 else x


def stage(rng, x):
    """Some layers that go from an image to an image."""
    channels = int(rng.integers(3, 13))
    choice = int(rng.integers(9))
    if choice <= 1:
        strides = int(rng.choice([1, 2])) if min(x.shape[1:3]) > 5 else 1
        return activated(rng, convolution(rng, x, channels, strides))
    if choice == 2:
        y = layers.DepthwiseConv2D(
            3,
            padding="same",
            depth_multiplier=int(rng.choice([1, 1, 2])),
            use_bias=bool(rng.random() < 0.5),
        )(x)
        return activated(rng, layers.Conv2D(channels, 1)(activated(rng, y)))
    if choice == 3:
        y = layers.Conv2D(x.shape[-1], 3, padding="same", activation="relu")(x)
        y = layers.Conv2D(x.shape[-1], 3, padding="same")(y)
        join = layers.Add() if rng.random() < 0.8 else layers.Subtract()
        return activated(rng, join([x, y]))
    if choice == 4:
        y = layers.Conv2D(channels, 3, padding="same", activation="relu")(x)
        z = layers.Conv2D(channels // 2 + 1, 1)(x)
        return layers.Concatenate()([y, z])
    if choice == 5 and min(x.shape[1:3]) >= 6:
        pool = layers.MaxPooling2D if rng.random() < 0.5 else layers.AveragePooling2D
        return pool(int(rng.choice([2, 3])), 2, padding=str(rng.choice(["same", "valid"])))(x)
    if choice == 6:
        pads = rng.integers(0, 3, 4).tolist()
        x = layers.ZeroPadding2D((tuple(pads[:2]), tuple(pads[2:])))(x)
        return activated(rng, convolution(rng, x, channels))
    if choice == 7:
        factor = rng.uniform(-1, 2, x.shape[-1]).astype(np.float32)
        operation = rng.integers(3)
        x = layers.ReLU()(convolution(rng, x, x.shape[-1]))
        return Function(lambda x: [x * factor, x + factor, factor - x][operation])(x)
    if choice == 8 and min(x.shape[1:3]) >= 6:
        return layers.Cropping2D(((1, 0), (0, 2)))(activated(rng, convolution(rng, x, channels)))
    return activated(rng, convolution(rng, x, channels))


def head(rng, x):
    """From an image to an answer."""
    choice = int(rng.integers(5))
    classes = int(rng.integers(3, 12))
    if choice == 0:
        return layers.Conv2D(2, 1)(x)
    if choice == 1:
        x = layers.Flatten()(x)
        x = layers.Dense(16, activation="relu")(x)
    elif choice == 2:
        x = layers.GlobalMaxPooling2D()(x)
    else:
        x = layers.GlobalAveragePooling2D(keepdims=bool(rng.random() < 0.3))(x)
        x = layers.Flatten()(x)
    x = layers.Dense(classes)(x)
    return layers.Softmax()(x) if rng.random() < 0.4 else x
