"""Ways to break a good model, one at a time, for `tests/corpus-bad`.

Each starts from the same small quantized network (conv, ReLU, Flatten, dense) and returns the
bytes of a file. `mentions` are the names an error message should contain to be of use.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .graphs import GraphBuilder


@dataclass(frozen=True)
class Breakage:
    name: str
    about: str
    make: Callable[[onnx.ModelProto, onnx.ModelProto], bytes]  # from (float, quantized) models
    mentions: tuple[str, ...] = ()


def edited(change: Callable[[onnx.GraphProto], None]):
    """A breakage that edits the quantized graph in place."""

    def make(_float_model, model):
        change(model.graph)
        return model.SerializeToString()

    return make


def node(graph, name):
    return next(n for n in graph.node if n.name == name)


def initializer(graph, name):
    return next(t for t in graph.initializer if t.name == name)


def set_initializer(name, values):
    """Replaces an initializer's values, shape and type."""

    def change(graph):
        initializer(graph, name).CopyFrom(numpy_helper.from_array(np.asarray(values), name))

    return edited(change)


def set_attribute(node_name, name, value):
    """Replaces or adds an attribute of a node."""

    def change(graph):
        target = node(graph, node_name)
        kept = [a for a in target.attribute if a.name != name]
        del target.attribute[:]
        target.attribute.extend([*kept, helper.make_attribute(name, value)])

    return edited(change)


def set_input_shape(*shape):
    def change(graph):
        graph.input[0].CopyFrom(helper.make_tensor_value_info("input", TensorProto.FLOAT, shape))

    return edited(change)


def float64_input(graph):
    graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def missing_initializer(graph):
    graph.initializer.remove(initializer(graph, "conv_weight_quantized"))


def cycle(graph):
    node(graph, "input_QuantizeLinear").input[0] = "relu_out_DequantizeLinear_Output"


def duplicate_tensor(graph):
    original = node(graph, "flatten")
    second = helper.make_node("Flatten", original.input, original.output, name="flatten_again")
    graph.node.insert(list(graph.node).index(original) + 1, second)


def duplicate_initializer(graph):
    graph.initializer.append(initializer(graph, "dense_weight_scale"))


def no_output(graph):
    del graph.output[:]


def unknown_output(graph):
    graph.output[0].name = "nowhere"


def two_inputs(graph):
    graph.input.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, ["N", 3, 8, 8]))
    target = node(graph, "input_QuantizeLinear")
    target.input[0] = "sum"
    add = helper.make_node("Add", ["input", "second"], ["sum"], name="add")
    graph.node.insert(list(graph.node).index(target), add)


def custom_domain(graph):
    node(graph, "flatten").domain = "com.example"


def zero_point_type(graph):
    zero = numpy_helper.from_array(np.array(0, np.uint8), "other_zero_point")
    graph.initializer.append(zero)
    node(graph, "relu_out_DequantizeLinear").input[2] = "other_zero_point"


def external_data(graph):
    tensor = initializer(graph, "dense_weight_quantized")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights.bin"), ("offset", "0"), ("length", "384")):
        tensor.external_data.add(key=key, value=value)


def too_few_bytes(graph):
    tensor = initializer(graph, "dense_weight_quantized")
    tensor.raw_data = tensor.raw_data[:-1]


def enormous_tensor(graph):
    tensor = initializer(graph, "dense_weight_quantized")
    del tensor.dims[:]
    tensor.dims.extend([1 << 40, 1 << 40])


def without_opset(_float_model, model):
    del model.opset_import[:]
    return model.SerializeToString()


def future_opset(_float_model, model):
    model.opset_import[0].version = 999
    return model.SerializeToString()


def lstm(_float_model, _model):
    graph = GraphBuilder("lstm", ["N", 1, 4], input_name="input")
    rng = np.random.default_rng(0)
    weight, recurrence = (
        graph.constant(name, rng.normal(size=(1, 12, size)).astype(np.float32))
        for name, size in (("weight", 4), ("recurrence", 3))
    )
    graph.node("LSTM", "lstm", weight, recurrence, hidden_size=3)
    return graph.model("output").SerializeToString()


def tiny_input(_float_model, model):
    """Shrinks the input to 2×2 pixels and takes the padding away."""
    set_attribute("conv", "pads", [0] * 4)(None, model)
    return set_input_shape("N", 3, 2, 2)(None, model)


def softmax_in_the_middle(graph):
    target = node(graph, "dense")
    softmax = helper.make_node("Softmax", [target.input[0]], ["softmax_out"], name="softmax")
    target.input[0] = "softmax_out"
    graph.node.insert(list(graph.node).index(target), softmax)


BREAKAGES = (
    # Not a model at all.
    Breakage("not-onnx", "plain text, no protobuf", lambda *_: b"This is not a model.\n"),
    Breakage("empty", "no bytes, which protobuf reads as a model without a graph", lambda *_: b""),
    Breakage(
        "truncated",
        "the first half of a good file",
        lambda _, model: (data := model.SerializeToString())[: len(data) // 2],
    ),
    # Right, but not something that can become spikes as it is.
    Breakage(
        "unsupported-lstm", "an LSTM, which is not a feed-forward layer", lstm, ("lstm", "LSTM")
    ),
    Breakage(
        "softmax-in-the-middle",
        "a Softmax between two layers, where it is no read-out",
        edited(softmax_in_the_middle),
        ("softmax", "Softmax"),
    ),
    Breakage(
        "custom-domain",
        "an operator from a domain of somebody's own",
        edited(custom_domain),
        ("flatten", "com.example"),
    ),
    Breakage("two-inputs", "two graph inputs", edited(two_inputs), ("second",)),
    Breakage("float64-input", "the input is declared float64", edited(float64_input), ("input",)),
    Breakage(
        "external-data",
        "weights in another file, which is not there",
        edited(external_data),
        ("dense_weight_quantized",),
    ),
    # Shapes.
    Breakage(
        "wrong-rank",
        "the convolution's input has two dimensions",
        set_input_shape("N", 192),
        ("conv",),
    ),
    Breakage(
        "dynamic-spatial",
        "height and width are not known",
        set_input_shape("N", 3, "H", "W"),
        ("input",),
    ),
    Breakage("zero-width", "the input is 0 pixels wide", set_input_shape("N", 3, 8, 0), ("input",)),
    Breakage(
        "weight-channels",
        "the weights want 5 input channels, the input has 3",
        set_initializer("conv_weight_quantized", np.ones((4, 5, 3, 3), np.int8)),
        ("conv",),
    ),
    Breakage(
        "kernel-too-large", "a 3×3 kernel on 2×2 pixels without padding", tiny_input, ("conv",)
    ),
    Breakage(
        "dense-size",
        "the weights want 65 inputs, Flatten gives 64",
        set_initializer("dense_weight_quantized", np.ones((6, 65), np.int8)),
        ("dense",),
    ),
    Breakage(
        "negative-stride",
        "stride −2",
        set_attribute("conv", "strides", [-2, -2]),
        ("conv", "strides"),
    ),
    Breakage(
        "zero-stride", "stride 0", set_attribute("conv", "strides", [0, 0]), ("conv", "strides")
    ),
    Breakage(
        "enormous-pads",
        "padding of 2⁴⁰ pixels",
        set_attribute("conv", "pads", [1 << 40] * 4),
        ("conv", "pads"),
    ),
    Breakage(
        "groups",
        "3 input channels in 2 groups",
        set_attribute("conv", "group", 2),
        ("conv", "group"),
    ),
    # Quantization.
    Breakage(
        "scale-zero",
        "a scale of 0",
        set_initializer("relu_out_scale", np.float32(0)),
        ("relu_out_scale",),
    ),
    Breakage(
        "scale-nan",
        "a scale that is not a number",
        set_initializer("relu_out_scale", np.float32(np.nan)),
        ("relu_out_scale",),
    ),
    Breakage(
        "scale-negative",
        "a scale below 0",
        set_initializer("relu_out_scale", np.float32(-0.1)),
        ("relu_out_scale",),
    ),
    Breakage(
        "scale-count",
        "3 weight scales for 4 output channels",
        set_initializer("conv_weight_scale", np.ones(3, np.float32)),
        ("conv_weight",),
    ),
    Breakage(
        "zero-point-type",
        "an unsigned zero point for signed codes",
        edited(zero_point_type),
        ("relu_out_DequantizeLinear",),
    ),
    # The graph.
    Breakage(
        "missing-initializer",
        "the convolution's weights are missing",
        edited(missing_initializer),
        ("conv_weight_quantized",),
    ),
    Breakage("cycle", "a layer's output is also what it starts from", edited(cycle)),
    Breakage(
        "duplicate-tensor",
        "two nodes write the same tensor",
        edited(duplicate_tensor),
        ("flatten_out",),
    ),
    Breakage(
        "duplicate-initializer",
        "two initializers of one name",
        edited(duplicate_initializer),
        ("dense_weight_scale",),
    ),
    Breakage("no-output", "the graph has no output", edited(no_output)),
    Breakage(
        "unknown-output",
        "the graph's output is a tensor nobody writes",
        edited(unknown_output),
        ("nowhere",),
    ),
    # The file.
    Breakage(
        "too-few-bytes",
        "weights one byte shorter than their shape",
        edited(too_few_bytes),
        ("dense_weight_quantized",),
    ),
    Breakage(
        "enormous-tensor",
        "weights that claim 2⁸⁰ elements",
        edited(enormous_tensor),
        ("dense_weight_quantized",),
    ),
    Breakage("without-opset", "no opset is declared", without_opset),
    Breakage("future-opset", "an opset that does not exist yet", future_opset, ("999",)),
)
