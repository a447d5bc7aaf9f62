"""`mnist-residual`: depthwise-separable blocks with shortcuts, MaxPool, Add and Concat.

    image 1×28×28
    stem     conv 3×3 ×16, ReLU, MaxPool 2              16×14×14
    first    block                                      16×14×14
    wider    conv 1×1 ×32, ReLU, concatenated with      48×14×14
             its own input; MaxPool 2                   48×7×7
    second   block                                      48×7×7
    top      conv 1×1 ×64, ReLU, GlobalAveragePool      64
    class    dense                                      10

A block is x + f(x), then ReLU, where f is a depthwise 3×3, a pointwise 1×1, ReLU, and both once more.
"""

import jax
import jax.numpy as jnp
import onnx

from . import datasets, networks, training
from .graphs import GraphBuilder

BLOCKS = {"first": 16, "second": 48}
SHAPES = {
    "stem": (16, 1, 3, 3),
    "wider": (32, 16, 1, 1),
    "top": (64, 48, 1, 1),
    "class": (10, 64),
} | {
    f"{block}_{kind}{i}": (width, 1, 3, 3) if kind == "depthwise" else (width, width, 1, 1)
    for block, width in BLOCKS.items()
    for i in (1, 2)
    for kind in ("depthwise", "pointwise")
}
RECIPE = training.Recipe(
    epochs=70, shift=2, turn=12.0, stretch=0.1, weight_decay=1e-2, peak_rate=5e-3, seed=5
)


def forward(parameters, x):
    def convolution(x, name, pad=0):
        return training.convolution(x, parameters[name], stride=1, pad=pad)

    def block(x, name):
        y = training.depthwise(x, parameters[f"{name}_depthwise1"])
        y = jax.nn.relu(convolution(y, f"{name}_pointwise1"))
        y = training.depthwise(y, parameters[f"{name}_depthwise2"])
        return jax.nn.relu(x + convolution(y, f"{name}_pointwise2"))

    x = training.max_pool(jax.nn.relu(convolution(x, "stem", pad=1)))
    x = block(x, "first")
    x = jnp.concatenate([jax.nn.relu(convolution(x, "wider")), x], axis=1)
    x = block(training.max_pool(x), "second")
    x = jax.nn.relu(convolution(x, "top")).mean(axis=(2, 3))
    return training.dense(x, parameters["class"])


def graph(parameters) -> onnx.ModelProto:
    builder = GraphBuilder("mnist-residual", ["N", 1, 28, 28])

    def convolution(name, **attributes):
        layer = parameters[name]
        return builder.linear("Conv", name, layer["weight"], layer["bias"], **attributes)

    def depthwise(name, width):
        convolution(name, kernel_shape=[3, 3], pads=[1] * 4, group=width)

    def pointwise(name):
        return convolution(name, kernel_shape=[1, 1])

    def max_pool(name):
        builder.node("MaxPool", name, kernel_shape=[2, 2], strides=[2, 2])

    def block(name):
        shortcut = builder.last
        for i in (1, 2):
            depthwise(f"{name}_depthwise{i}", BLOCKS[name])
            pointwise(f"{name}_pointwise{i}")
            if i == 1:
                builder.node("Relu", f"{name}_relu1")
        builder.node("Add", f"{name}_add", shortcut)
        builder.node("Relu", f"{name}_relu2")

    convolution("stem", kernel_shape=[3, 3], pads=[1] * 4)
    builder.node("Relu", "stem_relu")
    max_pool("stem_pool")
    block("first")
    shortcut = builder.last
    pointwise("wider")
    builder.node("Relu", "wider_relu")
    builder.node("Concat", "wider_concat", shortcut, axis=1)
    max_pool("wider_pool")
    block("second")
    pointwise("top")
    builder.node("Relu", "top_relu")
    builder.node("GlobalAveragePool", "average")
    builder.node("Flatten", "flatten", axis=1)
    layer = parameters["class"]
    builder.linear("Gemm", "class", layer["weight"], layer["bias"], transB=1)
    return builder.model("logits")


def trained(part: datasets.Part) -> onnx.ModelProto:
    """The network, trained on `part`."""
    start = training.he_initialized(SHAPES, RECIPE.seed)
    inputs = networks.inputs_of(datasets.mnist(), part.images)
    return graph(training.train(forward, start, inputs, part.labels.astype("int32"), RECIPE))
