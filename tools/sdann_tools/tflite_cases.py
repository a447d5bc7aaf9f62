"""The corpus of TensorFlow Lite models: one small random network each, about one subject each.

`TfliteCase.build` makes a Keras model; `make_tflite_corpus.py` fills it with random weights and converts it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import keras
import numpy as np
import tensorflow as tf
from keras import layers

IMAGE = (9, 8, 3)
FEATURES = (20,)


@dataclass(frozen=True)
class TfliteCase:
    name: str
    about: str
    build: Callable[[keras.KerasTensor], keras.KerasTensor]
    sample: tuple[int, ...] = IMAGE
    options: dict = field(default_factory=dict)  # for sdann_tools.tflite.converted
    range: float = 1.0  # test inputs reach this many times as far as calibration inputs
    low: float = -1.0  # the smallest input
    positive: bool = False  # whether weights are positive, so that large sums occur
    ties: bool = False  # whether scales become powers of two


class Function(layers.Layer):
    """TensorFlow's own function as a layer, for what Keras has no layer of."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, *inputs):
        return self.function(*inputs)


def function(call):
    return lambda *inputs: Function(call)(*inputs)


def sequence(*steps):
    def build(x):
        for step in steps:
            x = step(x)
        return x

    return build


def conv(channels=4, kernel=3, **options):
    return lambda x: layers.Conv2D(channels, kernel, **options)(x)


def depthwise(kernel=3, **options):
    return lambda x: layers.DepthwiseConv2D(kernel, **options)(x)


def dense(units=6, **options):
    return lambda x: layers.Dense(units, **options)(x)


def flat(x):
    return layers.Flatten()(x)


def residual(join, **options):
    def build(x):
        x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
        y = layers.Conv2D(4, 3, padding="same", **options)(x)
        return join(x, y)

    return build


def constant(shape, seed=1):
    return np.random.default_rng(seed).uniform(-1.0, 1.5, shape).astype(np.float32)


def batch_norm(x):
    x = layers.Conv2D(4, 3, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def separable_block(x):
    x = layers.Conv2D(8, 3, padding="same", activation="relu6")(x)
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    y = layers.Conv2D(8, 1)(y)
    x = layers.Add()([x, y])
    z = layers.MaxPooling2D(2)(x)
    w = layers.AveragePooling2D(2)(x)
    x = layers.Concatenate()([z, w])
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Softmax()(layers.Dense(5)(x))


def three_ways(x):
    a = layers.Conv2D(2, 3, padding="same", activation="relu")(x)
    b = layers.Conv2D(3, 3, padding="same")(x)
    c = layers.Conv2D(4, 1, activation="relu6")(x)
    return layers.Concatenate()([a, b, c])


def two_readers(x):
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    a, b = layers.Conv2D(4, 3, padding="same")(x), layers.MaxPooling2D(3, 1, padding="same")(x)
    return layers.Add()([layers.Add()([a, b]), x])


def signal(x):
    x = layers.Conv1D(6, 5, strides=2, activation="relu")(x)
    x = layers.MaxPooling1D(2)(x)
    x = layers.Conv1D(4, 3, padding="same")(x)
    return layers.GlobalAveragePooling1D()(x)


def deep(x):
    for _ in range(6):
        x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return x


def encoder_decoder(x):
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x)
    x = Function(lambda x: tf.image.resize(x, (8, 8), method="nearest"))(x)
    return layers.Conv2D(2, 3, padding="same")(x)


def spatial(units):
    return lambda x: layers.Dense(units)(x)


CASES = (
    TfliteCase("conv", "3×3 convolution without padding", conv()),
    TfliteCase("conv-same", "padding SAME, stride 1", conv(padding="same")),
    TfliteCase(
        "conv-same-stride-2",
        "SAME puts the odd row of padding behind",
        conv(padding="same", strides=2),
    ),
    TfliteCase("conv-same-stride-3", "stride 3", conv(5, (5, 4), padding="same", strides=3)),
    TfliteCase(
        "conv-valid-stride-2", "VALID, stride 2: the last column is unread", conv(strides=2)
    ),
    TfliteCase("conv-1x1", "1×1 kernel", conv(7, 1)),
    TfliteCase("conv-rectangular", "5×2 kernel, strides 1 and 2", conv(3, (5, 2), strides=(1, 2))),
    TfliteCase("conv-dilated", "dilation 2", conv(dilation_rate=2)),
    TfliteCase(
        "conv-dilated-same", "dilation 2 with padding SAME", conv(dilation_rate=2, padding="same")
    ),
    TfliteCase("conv-no-bias", "no bias", conv(use_bias=False)),
    TfliteCase("conv-one-channel", "a grey image", conv(padding="same"), (8, 8, 1)),
    TfliteCase("conv-relu", "ReLU in the convolution", conv(activation="relu")),
    TfliteCase(
        "conv-relu6",
        "ReLU6 in the convolution, whose scale it fixes",
        conv(activation="relu6"),
        range=8.0,
    ),
    TfliteCase(
        "conv-relu-n1-to-1",
        "a range from −1 to 1",
        sequence(conv(), function(lambda x: tf.clip_by_value(x, -1.0, 1.0))),
    ),
    TfliteCase(
        "conv-relu-0-to-1",
        "a range from 0 to 1",
        sequence(conv(), function(lambda x: tf.clip_by_value(x, 0.0, 1.0))),
    ),
    TfliteCase(
        "conv-per-tensor",
        "one weight scale for all channels",
        conv(padding="same"),
        options={"per_tensor": True},
    ),
    TfliteCase(
        "conv-uint8",
        "uint8 at input and output: Quantize operators around",
        conv(),
        options={"inputs": "uint8", "outputs": "uint8"},
    ),
    TfliteCase(
        "conv-float-ends",
        "float at input and output: Quantize and Dequantize around",
        conv(),
        options={"inputs": "float32", "outputs": "float32"},
    ),
    TfliteCase(
        "conv-batch-free", "a batch of any size", conv(padding="same"), options={"batch": None}
    ),
    TfliteCase("conv-saturating", "inputs far beyond what was calibrated", conv(), range=6.0),
    TfliteCase("conv-positive", "large sums: all weights positive", conv(6, 5), positive=True),
    TfliteCase("conv-groups", "two groups of channels", conv(6, 3, groups=2), (8, 8, 4)),
    TfliteCase(
        "conv-large-scale",
        "a large multiplier: tiny outputs of a second layer",
        sequence(conv(4, 1), function(lambda x: x * 0.001), conv(4, 1)),
    ),
    TfliteCase("depthwise", "one filter per channel", depthwise()),
    TfliteCase(
        "depthwise-same-stride-2", "depthwise, SAME, stride 2", depthwise(padding="same", strides=2)
    ),
    TfliteCase("depthwise-multiplier", "two filters per channel", depthwise(depth_multiplier=2)),
    TfliteCase("depthwise-dilated", "depthwise, dilation 2", depthwise(dilation_rate=2)),
    TfliteCase(
        "depthwise-relu6", "depthwise with ReLU6", depthwise(activation="relu6", padding="same")
    ),
    TfliteCase(
        "depthwise-one-channel",
        "a depthwise layer of one channel",
        depthwise(depth_multiplier=4),
        (8, 8, 1),
    ),
    TfliteCase("dense", "a fully connected layer", dense(), FEATURES),
    TfliteCase("dense-no-bias", "without a bias", dense(use_bias=False), FEATURES),
    TfliteCase(
        "dense-relu",
        "ReLU in a fully connected layer, then another",
        sequence(dense(12, activation="relu"), dense(5)),
        FEATURES,
    ),
    TfliteCase("dense-per-tensor", "one weight scale", dense(), FEATURES, {"per_tensor": True}),
    TfliteCase("dense-large", "1500 inputs", dense(4), (1500,)),
    TfliteCase(
        "dense-on-positions", "a fully connected layer at every position", spatial(5), (6, 7)
    ),
    TfliteCase(
        "flatten",
        "from an image to a vector, in the file's order",
        sequence(conv(strides=2), flat, dense()),
    ),
    TfliteCase(
        "average-pool", "2×2 means", sequence(conv(padding="same"), layers.AveragePooling2D(2))
    ),
    TfliteCase(
        "average-pool-same",
        "3×3 means that leave padding out",
        sequence(conv(padding="same"), layers.AveragePooling2D(3, 2, padding="same")),
    ),
    TfliteCase(
        "average-pool-overlapping",
        "overlapping means of negative codes",
        layers.AveragePooling2D(3, 1),
        range=1.0,
    ),
    TfliteCase("max-pool", "2×2 maxima", sequence(conv(padding="same"), layers.MaxPooling2D(2))),
    TfliteCase(
        "max-pool-same",
        "3×3 maxima with padding",
        sequence(conv(padding="same"), layers.MaxPooling2D(3, 2, padding="same")),
    ),
    TfliteCase(
        "global-average-pool",
        "means over everything, and a layer on them",
        sequence(conv(), layers.GlobalAveragePooling2D(), dense()),
    ),
    TfliteCase(
        "global-average-pool-kept",
        "means over everything that keep their axes",
        sequence(conv(), layers.GlobalAveragePooling2D(keepdims=True)),
    ),
    TfliteCase("global-average-pool-input", "means of the input", layers.GlobalAveragePooling2D()),
    TfliteCase(
        "global-average-pool-large",
        "means of 600 numbers",
        layers.GlobalAveragePooling2D(),
        (30, 20, 3),
    ),
    TfliteCase(
        "mean-rows",
        "means over rows alone",
        sequence(conv(padding="same"), function(lambda x: tf.reduce_mean(x, axis=1))),
    ),
    TfliteCase(
        "mean-channels",
        "means over channels",
        sequence(conv(5, padding="same"), function(lambda x: tf.reduce_mean(x, axis=3))),
    ),
    TfliteCase(
        "mean-all",
        "the mean of everything",
        sequence(conv(), function(lambda x: tf.reduce_mean(x, axis=[1, 2, 3], keepdims=True))),
    ),
    TfliteCase(
        "global-max-pool",
        "maxima over everything",
        sequence(conv(), layers.GlobalMaxPooling2D(), dense()),
    ),
    TfliteCase("add", "a shortcut", residual(lambda x, y: layers.Add()([x, y]))),
    TfliteCase(
        "add-relu",
        "a shortcut with ReLU",
        residual(lambda x, y: layers.ReLU()(layers.Add()([x, y]))),
    ),
    TfliteCase(
        "add-relu6",
        "a shortcut with ReLU6",
        residual(lambda x, y: layers.ReLU(6.0)(layers.Add()([x, y]))),
        range=4.0,
    ),
    TfliteCase(
        "add-self", "a tensor added to itself", sequence(conv(), lambda x: layers.Add()([x, x]))
    ),
    TfliteCase(
        "add-constant",
        "a constant of one number for each element",
        sequence(conv(), function(lambda x: x + constant([7, 6, 4]))),
    ),
    TfliteCase(
        "add-constant-channels",
        "a constant for each channel, after ReLU",
        sequence(conv(activation="relu"), function(lambda x: x + constant([4]))),
    ),
    TfliteCase(
        "add-scalar", "one number for all", sequence(layers.ReLU(), function(lambda x: x + 0.75))
    ),
    TfliteCase("sub", "a difference", residual(lambda x, y: layers.Subtract()([x, y]))),
    TfliteCase(
        "sub-constant",
        "a constant taken off",
        sequence(conv(activation="relu"), function(lambda x: x - constant([4]))),
    ),
    TfliteCase(
        "sub-from-constant",
        "a constant from which is taken off",
        sequence(conv(activation="relu"), function(lambda x: constant([4]) - x)),
    ),
    TfliteCase(
        "mul-constant",
        "a factor for each channel, after ReLU",
        sequence(conv(activation="relu"), function(lambda x: x * constant([4]))),
    ),
    TfliteCase(
        "mul-scalar",
        "one factor for all",
        sequence(conv(activation="relu"), function(lambda x: x * -0.3)),
    ),
    TfliteCase(
        "mul-constant-elements",
        "a factor for each element",
        sequence(conv(activation="relu"), function(lambda x: x * constant([7, 6, 4]))),
    ),
    TfliteCase(
        "concat",
        "two tensors of different scales",
        residual(lambda x, y: layers.Concatenate()([x, y])),
    ),
    TfliteCase(
        "concat-rows",
        "joined along rows",
        residual(lambda x, y: layers.Concatenate(axis=1)([x, y])),
    ),
    TfliteCase("concat-three", "three tensors", three_ways),
    TfliteCase(
        "concat-input",
        "the input joined with what is made of it",
        lambda x: layers.Concatenate()([x, layers.Conv2D(2, 3, padding="same")(x)]),
    ),
    TfliteCase(
        "pad",
        "zeros around, then a convolution",
        sequence(layers.ZeroPadding2D(((1, 2), (0, 3))), conv()),
    ),
    TfliteCase("pad-kept", "zeros in the output", sequence(conv(), layers.ZeroPadding2D(1))),
    TfliteCase(
        "pad-max-pool",
        "zeros that take part in maxima",
        sequence(conv(), layers.ZeroPadding2D(1), layers.MaxPooling2D(2)),
    ),
    TfliteCase(
        "pad-channels",
        "zeros as further channels",
        sequence(conv(), function(lambda x: tf.pad(x, [[0, 0], [0, 0], [0, 0], [1, 2]]))),
    ),
    TfliteCase(
        "pad-average-pool",
        "zeros that take part in means",
        sequence(conv(), layers.ZeroPadding2D(1), layers.AveragePooling2D(2)),
    ),
    TfliteCase(
        "crop",
        "a part of an image",
        sequence(conv(padding="same"), layers.Cropping2D(((1, 2), (2, 1)))),
    ),
    TfliteCase(
        "slice-steps",
        "every second row, backwards",
        sequence(conv(padding="same"), function(lambda x: x[:, ::-2, 1:7:3, :2])),
    ),
    TfliteCase(
        "slice-shrink",
        "one row, without its axis",
        sequence(conv(padding="same"), function(lambda x: x[:, 3])),
    ),
    TfliteCase(
        "transpose",
        "rows become columns",
        sequence(conv(padding="same"), layers.Permute((2, 1, 3))),
    ),
    TfliteCase(
        "transpose-channels",
        "channels become rows",
        sequence(conv(padding="same"), layers.Permute((3, 1, 2)), conv()),
    ),
    TfliteCase(
        "reshape",
        "the same numbers in another shape",
        sequence(conv(padding="same"), layers.Reshape((4, 9, 8)), conv()),
    ),
    TfliteCase(
        "reshape-from-vector",
        "from a vector to an image",
        sequence(dense(24), layers.Reshape((2, 4, 3)), conv(4, 2)),
        FEATURES,
    ),
    TfliteCase("upsample", "nearest neighbours, twice as large", encoder_decoder, (8, 8, 2)),
    TfliteCase(
        "resize-half-pixel",
        "nearest neighbours, half-pixel centres",
        sequence(
            conv(padding="same"), function(lambda x: tf.image.resize(x, (13, 5), method="nearest"))
        ),
    ),
    TfliteCase(
        "relu-kept", "a ReLU by itself", sequence(layers.MaxPooling2D(2), layers.ReLU(), conv())
    ),
    TfliteCase(
        "relu6-kept",
        "a ReLU6 by itself",
        sequence(layers.MaxPooling2D(2), layers.ReLU(6.0), conv()),
        range=8.0,
    ),
    TfliteCase(
        "relu-n1-kept",
        "a range by itself",
        sequence(
            layers.MaxPooling2D(2), function(lambda x: tf.clip_by_value(x, -1.0, 1.0)), conv()
        ),
        range=3.0,
    ),
    TfliteCase("leaky-relu", "LeakyReLU", sequence(conv(), layers.LeakyReLU(negative_slope=0.3))),
    TfliteCase(
        "leaky-relu-steep",
        "a slope of more than 1",
        sequence(conv(), function(lambda x: tf.nn.leaky_relu(x, alpha=0.7))),
    ),
    TfliteCase("sigmoid", "the logistic function", sequence(conv(), layers.Activation("sigmoid"))),
    TfliteCase("tanh", "the hyperbolic tangent", sequence(conv(), layers.Activation("tanh"))),
    TfliteCase(
        "hard-swish",
        "HardSwish",
        sequence(conv(), function(lambda x: x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0))),
        range=4.0,
    ),
    TfliteCase(
        "softmax", "a softmax that ends the model", sequence(flat, dense(7), layers.Softmax())
    ),
    TfliteCase(
        "arg-max",
        "an index that ends the model",
        sequence(flat, dense(7), function(lambda x: tf.argmax(x, axis=1, output_type=tf.int32))),
        options={"outputs": "float32"},
    ),
    TfliteCase("batch-norm", "batch normalization folds into the convolution", batch_norm),
    TfliteCase("conv-1d", "a signal: shapes change around convolutions", signal, (40, 2)),
    TfliteCase("deep", "six convolutions", deep),
    TfliteCase("two-readers", "one tensor read three times", two_readers),
    TfliteCase(
        "separable-block",
        "depthwise, pointwise, shortcut, two pools, concat, mean, softmax",
        separable_block,
        (8, 8, 3),
    ),
    TfliteCase(
        "transposed-conv",
        "a transposed convolution",
        lambda x: layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x),
    ),
    TfliteCase(
        "transposed-conv-valid",
        "a transposed convolution without cropping",
        lambda x: layers.Conv2DTranspose(3, (2, 4), strides=(2, 1))(x),
    ),
)

# Cases that are made once more with results that often lie halfway between two codes.
TIES = {
    "conv",
    "conv-per-tensor",
    "depthwise",
    "dense",
    "dense-per-tensor",
    "dense-on-positions",
    "average-pool",
    "average-pool-same",
    "global-average-pool",
    "global-average-pool-kept",
    "mean-rows",
    "mean-channels",
    "add",
    "add-relu6",
    "add-constant",
    "sub",
    "sub-constant",
    "sub-from-constant",
    "mul-constant",
    "concat",
    "leaky-relu",
    "sigmoid",
    "tanh",
    "hard-swish",
    "conv-uint8",
    "transposed-conv",
    "deep",
    "relu6-kept",
    "separable-block",
    "two-readers",
    "softmax",
}

CASES += tuple(
    replace(
        case, name=f"{case.name}-ties", about=f"{case.about}; scales are powers of two", ties=True
    )
    for case in CASES
    if case.name in TIES
)
