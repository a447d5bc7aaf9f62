"""`mnist-4bit`: `mnist-cnn`'s layers with 4-bit weights and activations, trained so.

First the network learns in floating point, then it goes on learning with rounded weights and activations
in its forward pass, while gradients pass the rounding as if it weren't there (straight-through). The
scale of each layer's activations is learned too. It is written in QCDQ form, as Brevitas and QONNX
do: QuantizeLinear to 8-bit integers, Clip to 4 bits, DequantizeLinear.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import onnx

from . import datasets, networks, training
from .graphs import GraphBuilder

BITS = 4
WEIGHT_LIMIT = 2 ** (BITS - 1) - 1  # −7 … 7
CODE_LIMIT = 2**BITS - 1  # 0 … 15
FLOAT_RECIPE = dataclasses.replace(networks.CNN_RECIPE, turn=12.0, stretch=0.1)
RECIPE = dataclasses.replace(FLOAT_RECIPE, epochs=40, peak_rate=1e-3, seed=4)
LAYERS = ("conv1", "conv2", "dense", "class")
SOURCE = datasets.mnist()


def _through(x, rounded):
    """The rounded value, with the gradient of x."""
    return x + jax.lax.stop_gradient(rounded - x)


def weight_scales(weight):
    """One scale per output channel, so that the largest weight is 7."""
    largest = jnp.abs(weight).reshape(len(weight), -1).max(axis=1)
    return jnp.maximum(largest, 1e-8) / WEIGHT_LIMIT


def _rounded_weights(layer):
    weight = layer["weight"]
    scales = jax.lax.stop_gradient(weight_scales(weight)).reshape(-1, *[1] * (weight.ndim - 1))
    codes = jnp.clip(jnp.round(weight / scales), -WEIGHT_LIMIT, WEIGHT_LIMIT)
    return {"weight": _through(weight, codes * scales), "bias": layer["bias"]}


def _rounded_activations(x, scale):
    """Codes 0 … 15, which is a ReLU too; the scale gets its gradient from both."""
    inside = jnp.clip(x / scale, 0, CODE_LIMIT)
    return _through(inside, jnp.round(inside)) * scale


def activation_scales(parameters, first):
    """The scales behind the activations: learned exponents relative to where they started."""
    return {name: first[name] * jnp.exp(value) for name, value in parameters["exponents"].items()}


def forward_with(first):
    """The network's forward pass in 4 bits, for scales that started at `first`."""

    def forward(parameters, x):
        scales = activation_scales(parameters, first)
        layers = {name: _rounded_weights(parameters[name]) for name in LAYERS}
        x = _rounded_activations(x, 1 / CODE_LIMIT)
        x = training.convolution(x, layers["conv1"], stride=2, pad=2)
        x = training.convolution(
            _rounded_activations(x, scales["conv1"]), layers["conv2"], stride=2, pad=1
        )
        x = _rounded_activations(x, scales["conv2"])
        x = training.dense(x.reshape(len(x), -1), layers["dense"])
        return training.dense(_rounded_activations(x, scales["dense"]), layers["class"])

    return forward


def _first_scales(parameters, inputs):
    """Half of each layer's largest activation on these inputs gets the largest code."""
    x = jax.nn.relu(training.convolution(inputs, parameters["conv1"], stride=2, pad=2))
    scales = {"conv1": x.max()}
    x = jax.nn.relu(training.convolution(x, parameters["conv2"], stride=2, pad=1))
    scales["conv2"] = x.max()
    scales["dense"] = jax.nn.relu(training.dense(x.reshape(len(x), -1), parameters["dense"])).max()
    return {name: np.float32(0.5 * largest / CODE_LIMIT) for name, largest in scales.items()}


def trained(part: datasets.Part):
    """The float network it starts from, and the one in 4 bits."""
    inputs = networks.inputs_of(SOURCE, part.images)
    labels = part.labels.astype(np.int32)
    start = training.he_initialized(networks.CNN_SHAPES, FLOAT_RECIPE.seed)
    parameters = training.train(networks.cnn_forward, start, inputs, labels, FLOAT_RECIPE)
    first = _first_scales(parameters, inputs[:500])
    exponents = {name: jnp.zeros(()) for name in first}
    learned = training.train(
        forward_with(first), parameters | {"exponents": exponents}, inputs, labels, RECIPE
    )
    scales = {k: np.float32(v) for k, v in activation_scales(learned, first).items()}
    logits = np.asarray(forward_with(first)(learned, inputs[:500]))
    # A little room; and not the largest sum over a whole number, which would make many sums ties.
    scales["class"] = np.float32(np.abs(logits).max() / 123.7)
    return networks.cnn_graph(parameters), graph(learned, scales)


def graph(parameters, scales) -> onnx.ModelProto:
    """The network in QCDQ form; its output has 8 bits."""
    builder = GraphBuilder("mnist-4bit", ["N", 1, 28, 28])
    zero = np.uint8(0)

    def narrowed(name, scale):
        builder.quantize(f"{name}_quantize", scale, zero)
        limits = [
            builder.constant(f"{name}_{end}", np.uint8(value))
            for end, value in (("low", 0), ("high", CODE_LIMIT))
        ]
        builder.node("Clip", f"{name}_clip", *limits)
        builder.dequantize(f"{name}_dequantize", scale, zero)

    def constant(name, codes, scale):
        """Codes as an initializer, clipped if they are weights, and dequantized per channel."""
        last = builder.last
        builder.last = builder.constant(f"{name}_codes", codes)
        if codes.dtype == np.int8:
            limits = [
                builder.constant(f"{name}_{end}", np.int8(value))
                for end, value in (("low", -WEIGHT_LIMIT), ("high", WEIGHT_LIMIT))
            ]
            builder.node("Clip", f"{name}_clip", *limits)
        values = builder.parameters(name, scale, np.zeros(len(scale), codes.dtype))
        result = builder.node("DequantizeLinear", f"{name}_dequantize", *values, axis=0)
        builder.last = last
        return result

    def linear(op, name, scale, **attributes):
        layer = parameters[name]
        each = np.asarray(weight_scales(layer["weight"]), np.float32)
        spread = each.reshape(-1, *[1] * (layer["weight"].ndim - 1))
        weight = np.clip(np.rint(layer["weight"] / spread), -WEIGHT_LIMIT, WEIGHT_LIMIT)
        bias = np.rint(layer["bias"] / (scale * each))
        builder.node(
            op,
            name,
            constant(f"{name}_weight", weight.astype(np.int8), each),
            constant(f"{name}_bias", bias.astype(np.int32), scale * each),
            **attributes,
        )

    scale = np.float32(1 / CODE_LIMIT)
    narrowed("image", scale)
    for name, size, pad in (("conv1", 5, 2), ("conv2", 3, 1)):
        linear("Conv", name, scale, kernel_shape=[size] * 2, strides=[2, 2], pads=[pad] * 4)
        builder.node("Relu", f"{name}_relu")
        scale = scales[name]
        narrowed(name, scale)
    # Not Flatten: past a Reshape, ONNX Runtime still merges the codes with the layer after it.
    builder.node("Reshape", "flatten", builder.constant("features", np.array([0, -1], np.int64)))
    linear("Gemm", "dense", scale, transB=1)
    builder.node("Relu", "dense_relu")
    scale = scales["dense"]
    narrowed("dense", scale)
    linear("Gemm", "class", scale, transB=1)
    builder.quantize("class_quantize", scales["class"], np.int8(0))
    builder.dequantize("class_dequantize", scales["class"], np.int8(0))
    return builder.model("logits")
