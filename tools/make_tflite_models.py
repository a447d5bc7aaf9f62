"""Trains, quantizes and measures the shipped TensorFlow Lite networks: `assets/models/*.tflite` and
`tests/fixtures-tflite/`.

Arguments are names of networks; only these are made.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from sdann_tools import datasets, tflite
from sdann_tools.paths import MODELS, ROOT

FIXTURES = ROOT / "tests" / "fixtures-tflite"
HIDDEN_SAMPLES = 10
EPOCHS = 60
BATCH = 64


def convolutional(x):
    """Strided convolutions and dense layers."""
    x = layers.Conv2D(12, 5, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2D(24, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(48, activation="relu")(x)
    return layers.Softmax()(layers.Dense(10)(x))


def block(x, channels, activation):
    """A depthwise-separable convolution with a shortcut."""
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(channels, 1, use_bias=False)(y))
    x = layers.Add()([x, y])
    return layers.ReLU()(x) if activation else x


def residual(x):
    """Depthwise-separable blocks with shortcuts, both pools joined, a global mean."""
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = block(x, 16, True)
    x = block(x, 16, False)
    x = layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)])
    x = block(x, 32, True)
    x = block(x, 32, True)
    x = layers.Conv2D(48, 3, padding="valid", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Softmax()(layers.Dense(10)(x))


NETWORKS = {"mnist-cnn-lite": convolutional, "mnist-residual-lite": residual}


def main() -> None:
    chosen = sys.argv[1:] or list(NETWORKS)
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        make(name, NETWORKS[name])


def make(name, network) -> None:
    """One network, its codes and its accuracies."""
    keras.utils.set_random_seed(2505)
    split = datasets.split(datasets.mnist())
    model = trained(network, split.training)
    pixels = {part: scaled(getattr(split, part).images) for part in ("test", "calibration")}
    content = tflite.converted(model, pixels["calibration"])
    (MODELS / f"{name}.tflite").write_bytes(content)

    inputs = tflite.quantized_inputs(content, pixels["test"])
    hidden = tflite.hidden(content, inputs)
    logits = hidden[-2][1]  # what the softmax reads
    np.save(FIXTURES / f"{name}.codes.npy", logits.astype(np.int8))
    codes = np.concatenate([codes[:HIDDEN_SAMPLES] for _, codes in hidden], axis=1)
    np.save(FIXTURES / f"{name}.hidden.npy", codes.astype(np.int8))
    labels = split.test.labels
    answers = tflite.run(content, inputs)
    default = tflite.run(content, inputs, tflite.DEFAULT)
    description = {
        "hidden": [{"name": d["name"], "shape": [int(n) for n in d["shape"]]} for d, _ in hidden],
        "operators": tflite.operators(content),
        "accuracy": {
            "float": accuracy(model.predict(pixels["test"], verbose=0), labels),
            "quantized": accuracy(logits, labels),
        },
        "default": {
            "values": int(answers.size),
            "differing": int(np.count_nonzero(default != answers)),
            "labels": int(np.count_nonzero(default.argmax(1) != answers.argmax(1))),
        },
        "bytes": len(content),
        "tensorflow": tf.__version__,
    }
    text = json.dumps(description, indent=2, ensure_ascii=False)
    (FIXTURES / f"{name}.json").write_text(text + "\n")
    print(name, {k: description[k] for k in ("accuracy", "default", "bytes")})


def scaled(images):
    """Pixels as the networks take them: from 0 to 1, channels last."""
    return (images.astype(np.float32) / 255)[..., None]


def trained(network, part) -> keras.Model:
    """A network after learning from images that are moved, turned and stretched at random."""
    inputs = keras.Input((28, 28, 1))
    model = keras.Model(inputs, network(inputs))
    change = keras.Sequential(
        [
            layers.RandomTranslation(0.08, 0.08, fill_mode="constant", seed=1),
            layers.RandomRotation(0.035, fill_mode="constant", seed=2),
            layers.RandomZoom(0.1, fill_mode="constant", seed=3),
        ]
    )
    images = tf.data.Dataset.from_tensor_slices((scaled(part.images), part.labels.astype(np.int32)))
    images = images.shuffle(len(part.labels), seed=4).batch(BATCH)
    images = images.map(lambda x, y: (change(x, training=True), y))
    steps = EPOCHS * (len(part.labels) // BATCH + 1)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-4), "sparse_categorical_crossentropy"
    )
    model.fit(images, epochs=EPOCHS, verbose=0)
    return model


def accuracy(answers, labels) -> float:
    """The share of samples whose largest answer, the first of equal ones, is their label."""
    return float(np.mean(answers.argmax(axis=1) == labels))


if __name__ == "__main__":
    main()
