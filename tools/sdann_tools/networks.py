"""The shipped networks: their layers, how they are trained, and their ONNX graphs."""

import numpy as np
import onnx

from . import datasets, training
from .graphs import GraphBuilder

CNN_SHAPES = {
    "conv1": (16, 1, 5, 5),
    "conv2": (32, 16, 3, 3),
    "dense": (64, 32 * 7 * 7),
    "class": (10, 64),
}
MLP_SHAPES = {"hidden": (16, 64), "class": (10, 16)}

CNN_RECIPE = training.Recipe(epochs=60, shift=2, weight_decay=1e-2, seed=3)
MLP_RECIPE = training.Recipe(epochs=150, batch=32, weight_decay=1e-2, seed=7)


def inputs_of(source: datasets.Source, images: np.ndarray) -> np.ndarray:
    """What the network of this data set reads: float32 pixel / divide_by, shaped for it."""
    scaled = images.astype(np.float32) / np.float32(source.divide_by)
    return scaled[:, None] if source.name == "mnist" else scaled.reshape(len(images), -1)


def cnn_forward(parameters, x):
    x = training.jax.nn.relu(training.convolution(x, parameters["conv1"], stride=2, pad=2))
    x = training.jax.nn.relu(training.convolution(x, parameters["conv2"], stride=2, pad=1))
    x = training.jax.nn.relu(training.dense(x.reshape(len(x), -1), parameters["dense"]))
    return training.dense(x, parameters["class"])


def mlp_forward(parameters, x):
    x = training.jax.nn.relu(training.dense(x, parameters["hidden"]))
    return training.dense(x, parameters["class"])


def cnn_graph(parameters) -> onnx.ModelProto:
    """28×28 pixels, two strided convolutions, two dense layers: 405 184 multiply-accumulates."""
    graph = GraphBuilder("mnist-cnn", ["N", 1, 28, 28])
    _add(graph, "Conv", "conv1", parameters, kernel_shape=[5, 5], strides=[2, 2], pads=[2] * 4)
    graph.node("Relu", "conv1_relu")
    _add(graph, "Conv", "conv2", parameters, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    graph.node("Relu", "conv2_relu")
    graph.node("Flatten", "flatten", axis=1)
    _add(graph, "Gemm", "dense", parameters, transB=1)
    graph.node("Relu", "dense_relu")
    _add(graph, "Gemm", "class", parameters, transB=1)
    return graph.model("logits")


def mlp_graph(parameters) -> onnx.ModelProto:
    """64 pixels, 16 hidden neurons, 10 classes: few enough to draw every one."""
    graph = GraphBuilder("digits-mlp", ["N", 64])
    _add(graph, "Gemm", "hidden", parameters, transB=1)
    graph.node("Relu", "hidden_relu")
    _add(graph, "Gemm", "class", parameters, transB=1)
    return graph.model("logits")


def _add(graph, op, name, parameters, **attributes):
    layer = parameters[name]
    graph.linear(op, name, layer["weight"], layer["bias"], **attributes)


def trained_cnn(part: datasets.Part) -> onnx.ModelProto:
    """The MNIST network, trained on `part`."""
    return cnn_graph(_trained(cnn_forward, CNN_SHAPES, CNN_RECIPE, datasets.mnist(), part))


def trained_mlp(part: datasets.Part) -> onnx.ModelProto:
    """The digits network, trained on `part`."""
    return mlp_graph(_trained(mlp_forward, MLP_SHAPES, MLP_RECIPE, datasets.digits(), part))


def _trained(forward, shapes, recipe, source, part):
    start = training.he_initialized(shapes, recipe.seed)
    inputs = inputs_of(source, part.images)
    return training.train(forward, start, inputs, part.labels.astype(np.int32), recipe)
