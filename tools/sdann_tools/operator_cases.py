"""Cases of the operators beyond Conv, Gemm and MatMul, each as QDQ and, where it can be, QOperator.

`OPERATOR_CASES` are made like `cases.CASES`. Most are a single operator between the input's codes and
the output's, with inputs over the whole range of the codes.
"""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto
from onnxruntime.quantization import QuantFormat, QuantType, quant_pre_process

from . import edits
from .cases import IMAGE, SYMMETRIC, U8, Case, bias, conv_weight, gemm_weight
from .graphs import GraphBuilder
from .hand_built import HAND_BUILT

QOPERATOR = {"quant_format": QuantFormat.QOperator}
S16 = {"activation_type": QuantType.QInt16, "weight_type": QuantType.QInt8}
U16 = {"activation_type": QuantType.QUInt16, "weight_type": QuantType.QInt8}
INT4 = {"activation_type": QuantType.QInt8, "weight_type": QuantType.QInt4}
CONTRIB = {"extra_options": {"UseQDQContribOps": True}}


def graph_case(
    name,
    about,
    body,
    *,
    sample=IMAGE,
    opset=17,
    options=None,
    batch="N",
    output_type=TensorProto.FLOAT,
    **rest,
):
    """A case whose graph `body(graph, rng)` appends to the input."""

    def build(rng):
        graph = GraphBuilder(name, [batch, *sample], opset, input_name="input")
        body(graph, rng)
        return graph.model("output", output_type)

    return Case(name, about, build, sample, options or {}, batch, form="QDQ", **rest)


def both(case: Case) -> tuple[Case, Case]:
    """The case in QDQ form, and again in QOperator form."""
    operators = dataclasses.replace(
        case,
        name=f"{case.name}-qoperator",
        options=case.options | QOPERATOR,
        form="QOperator",
    )
    return case, operators


def unsigned(case: Case) -> Case:
    return dataclasses.replace(case, name=f"{case.name}-u8", options=case.options | U8)


def one(op, *constants, **attributes):
    """A body of one operator, with the constant inputs after its first."""

    def body(graph, _rng):
        names = [
            graph.constant(f"{op.lower()}_{i}", value) if value is not None else ""
            for i, value in enumerate(constants)
        ]
        graph.node(op, op.lower(), *names, **attributes)

    return body


def convolution(graph, rng, name, weight, gain=1.0, **attributes):
    """A Conv with random weights, whose outputs are `gain` times as large as usual."""
    values = gain * conv_weight(rng, *weight)
    kernel = list(weight[2:])
    return graph.linear(
        "Conv", name, values, gain * bias(rng, weight[0]), kernel_shape=kernel, **attributes
    )


def two_branches(op, gain=3.0, channels=(4, 4), relu_after=False, **attributes):
    """Two convolutions of the same input, of different magnitude, joined by `op`."""

    def body(graph, rng):
        start = graph.last
        first = convolution(graph, rng, "left", (channels[0], 3, 3, 3), pads=[1] * 4)
        graph.last = start
        second = convolution(graph, rng, "right", (channels[1], 3, 1, 1), gain)
        graph.last = first
        graph.node(op, "join", second, **attributes)
        if relu_after:
            graph.node("Relu", "relu")

    return body


def with_itself(op):
    """The input and its largest neighbours, which keep the input's scale, joined by `op`."""

    def body(graph, _rng):
        start = graph.last
        graph.node("MaxPool", "pool", kernel_shape=[3, 3], pads=[1] * 4)
        graph.node(op, "join", start, **({"axis": 1} if op == "Concat" else {}))

    return body


def constant_operand(op, shape, reverse=False):
    def body(graph, rng):
        values = graph.constant("constant", rng.normal(0, 1, shape).astype(np.float32))
        if reverse:
            last, graph.last = graph.last, values
            graph.node(op, "join", last)
        else:
            graph.node(op, "join", values)

    return body


def per_channel_gate(op):
    """[N, C, H, W] and its own averages [N, C, 1, 1], as squeeze-and-excitation blocks do."""

    def body(graph, _rng):
        start = graph.last
        graph.node("GlobalAveragePool", "average")
        gate = graph.last
        graph.last = start
        graph.node(op, "join", gate)

    return body


def three_inputs(graph, rng):
    start = graph.last
    pieces = []
    for i, gain in enumerate((0.5, 1.0, 4.0)):
        graph.last = start
        pieces.append(convolution(graph, rng, f"conv{i}", (2 + i, 3, 1, 1), gain))
    graph.last = pieces[0]
    graph.node("Concat", "join", *pieces[1:], axis=1)


def transposed(weight, **attributes):
    """A ConvTranspose; its weights are [in, out / groups, kernel...]."""

    def body(graph, rng):
        outputs = weight[1] * attributes.get("group", 1)
        graph.linear(
            "ConvTranspose",
            "conv",
            conv_weight(rng, *weight),
            bias(rng, outputs),
            kernel_shape=list(weight[2:]),
            **attributes,
        )

    return body


def conv_batch_norm(graph, rng):
    convolution(graph, rng, "conv", (4, 3, 3, 3), pads=[1] * 4)
    parameters = {
        "gain": rng.uniform(0.5, 1.5, 4),
        "offset": rng.normal(0, 0.3, 4),
        "mean": rng.normal(0, 0.3, 4),
        "variance": rng.uniform(0.5, 1.5, 4),
    }
    names = [graph.constant(n, v.astype(np.float32)) for n, v in parameters.items()]
    graph.node("BatchNormalization", "norm", *names, epsilon=1e-5)
    graph.node("Relu", "relu")


def preprocessed(model: onnx.ModelProto) -> onnx.ModelProto:
    """What the quantizer's own preprocessing makes of a float model."""
    return _in_files(model, lambda a, b: quant_pre_process(a, b, skip_symbolic_shape=True))


def _in_files(model, apply):
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(model, before)
        apply(before, after)
        return onnx.load(after)


def matmul_add(graph, rng):
    graph.linear("MatMul", "dense", gemm_weight(rng, 20, 7))
    graph.node("Add", "bias", graph.constant("bias_values", bias(rng, 7).astype(np.float32)))


def matmul_rank_3(graph, rng):
    graph.linear("MatMul", "dense", gemm_weight(rng, 12, 7))


def matmul_of_two(graph, _rng):
    start = graph.last
    graph.node("Transpose", "turn", perm=[0, 2, 1])
    turned = graph.last
    graph.last = start
    graph.node("MatMul", "product", turned)


def residual(graph, rng):
    convolution(graph, rng, "stem", (4, 3, 3, 3), pads=[1] * 4)
    graph.node("Relu", "stem_relu")
    start = graph.last
    convolution(graph, rng, "first", (4, 4, 3, 3), pads=[1] * 4)
    graph.node("Relu", "first_relu")
    convolution(graph, rng, "second", (4, 4, 3, 3), pads=[1] * 4)
    graph.node("Add", "join", start)
    graph.node("Relu", "relu")


def depthwise_separable(graph, rng):
    convolution(graph, rng, "stem", (6, 3, 3, 3), pads=[1] * 4, strides=[2, 2])
    graph.node("Clip", "stem_relu6", *_bounds(graph, 0, 6))
    convolution(graph, rng, "depthwise", (6, 1, 3, 3), pads=[1] * 4, group=6)
    graph.node("Clip", "depthwise_relu6", *_bounds(graph, 0, 6))
    convolution(graph, rng, "pointwise", (8, 6, 1, 1))
    graph.node("GlobalAveragePool", "average")
    graph.node("Flatten", "flatten")
    graph.linear("Gemm", "class", gemm_weight(rng, 8, 5).T, bias(rng, 5), transB=1)


def _bounds(graph, low, high):
    known = {t.name for t in graph.initializers}
    names = []
    for name, value in (("low", low), ("high", high)):
        if name not in known:
            graph.constant(name, np.float32(value))
        names.append(name)
    return names


def pytorch_view(graph, rng):
    """x.view(x.size(0), -1), as older PyTorch exports it."""
    convolution(graph, rng, "conv", (4, 3, 3, 3), strides=[2, 2], pads=[1] * 4)
    graph.node("Relu", "relu")
    features = graph.last
    graph.node("Shape", "shape")
    graph.node("Gather", "batch", graph.constant("zero", np.int64(0)), axis=0)
    graph.node("Unsqueeze", "batch_axis", graph.constant("axes", np.array([0], np.int64)))
    graph.node("Concat", "target", graph.constant("rest", np.array([-1], np.int64)), axis=0)
    target = graph.last
    graph.last = features
    graph.node("Reshape", "view", target)
    graph.linear("Gemm", "dense", gemm_weight(rng, 64, 6).T, bias(rng, 6), transB=1)


def many(opset):
    """A chain of operators whose inputs changed between the versions of the format."""

    def body(graph, rng):
        convolution(graph, rng, "conv", (4, 3, 3, 3), pads=[1] * 4)
        graph.node("Relu", "relu")
        one("Pad", ints(0, 0, 1, 0, 0, 0, 1, 0), np.float32(0))(graph, rng)
        graph.node("MaxPool", "pool", kernel_shape=[2, 2], strides=[2, 2])
        one("Slice", ints(0), ints(4), ints(2))(graph, rng)
        no_region = np.array([], np.float32)
        one("Resize", no_region, np.array([1, 1, 2, 2], np.float32), mode="nearest")(graph, rng)
        if opset > 11:  # where a MaxPool before it runs on codes
            graph.node("AveragePool", "average_pool", kernel_shape=[2, 2], strides=[1, 1])
        graph.node("GlobalAveragePool", "average")
        if opset < 13:
            graph.node("Squeeze", "squeeze", axes=[2, 3])
        else:
            one("Squeeze", ints(2, 3))(graph, rng)
        graph.linear("Gemm", "class", gemm_weight(rng, 4, 6).T, bias(rng, 6), transB=1)
        graph.node("Identity", "identity")
        graph.node("Softmax", "softmax", axis=1)

    return body


def conv_then(op, *constants, weight=(4, 3, 3, 3), **attributes):
    def body(graph, rng):
        convolution(graph, rng, "conv", weight, pads=[1] * 2 * (len(weight) - 2))
        one(op, *constants, **attributes)(graph, rng)

    return body


def dense_then(op, *constants, **attributes):
    def body(graph, rng):
        graph.linear("Gemm", "dense", gemm_weight(rng, 20, 9).T, bias(rng, 9), transB=1)
        one(op, *constants, **attributes)(graph, rng)

    return body


def conv_gemm(graph, rng):
    convolution(graph, rng, "conv", (4, 3, 3, 3), strides=[2, 2], pads=[1] * 4)
    graph.node("Relu", "relu")
    graph.node("Flatten", "flatten")
    graph.linear("Gemm", "dense", gemm_weight(rng, 64, 6).T, bias(rng, 6), transB=1)


def upsample(**attributes):
    return conv_then(
        "Resize", None, np.array([1, 1, 2, 2], np.float32), mode="nearest", **attributes
    )


def ints(*values):
    return np.array(values, np.int64)


POOL = {"kernel_shape": [3, 3], "strides": [2, 2]}

OPERATOR_CASES = (
    # Pooling.
    *both(
        graph_case(
            "max-pool", "2×2, stride 2", conv_then("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        )
    ),
    unsigned(
        graph_case(
            "max-pool", "unsigned", conv_then("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        )
    ),
    *both(
        graph_case(
            "max-pool-pads", "padding never wins", conv_then("MaxPool", pads=[1] * 4, **POOL)
        )
    ),
    graph_case(
        "max-pool-asymmetric-pads",
        "a different padding on each side",
        conv_then("MaxPool", pads=[0, 1, 2, 1], **POOL),
    ),
    graph_case(
        "max-pool-ceil",
        "ceil_mode: the last window is cut off by the border",
        conv_then("MaxPool", ceil_mode=1, **POOL),
    ),
    graph_case(
        "max-pool-dilated",
        "dilation 2",
        conv_then("MaxPool", kernel_shape=[3, 3], dilations=[2, 2]),
    ),
    graph_case(
        "max-pool-same-upper",
        "auto_pad SAME_UPPER",
        conv_then("MaxPool", auto_pad="SAME_UPPER", **POOL),
    ),
    graph_case(
        "max-pool-1d",
        "over one spatial axis",
        conv_then("MaxPool", weight=(4, 3, 3), kernel_shape=[3], strides=[2]),
        sample=(3, 24),
    ),
    *both(
        graph_case(
            "average-pool",
            "2×2, stride 2",
            conv_then("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
        )
    ),
    unsigned(
        graph_case(
            "average-pool",
            "unsigned",
            conv_then("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
        )
    ),
    *both(
        graph_case(
            "average-pool-pads",
            "padded positions don't count",
            conv_then("AveragePool", pads=[1] * 4, **POOL),
        )
    ),
    *both(
        graph_case(
            "average-pool-include-pad",
            "padded positions count as 0.0",
            conv_then("AveragePool", pads=[1] * 4, count_include_pad=1, **POOL),
        )
    ),
    graph_case(
        "average-pool-overlapping",
        "3×3, stride 1",
        conv_then("AveragePool", kernel_shape=[3, 3]),
    ),
    graph_case(
        "average-pool-ceil",
        "ceil_mode: the last window is cut off by the border",
        conv_then("AveragePool", ceil_mode=1, **POOL),
    ),
    graph_case(
        "average-pool-1d",
        "over one spatial axis",
        conv_then("AveragePool", weight=(4, 3, 3), kernel_shape=[4], strides=[4]),
        sample=(3, 24),
    ),
    *both(graph_case("global-average-pool", "8×8 to 1×1", conv_then("GlobalAveragePool"))),
    unsigned(graph_case("global-average-pool", "unsigned", conv_then("GlobalAveragePool"))),
    graph_case(
        "global-average-pool-7x7",
        "49 positions",
        conv_then("GlobalAveragePool", weight=(5, 5, 3, 3)),
        sample=(5, 7, 7),
    ),
    graph_case(
        "global-average-pool-1d",
        "over one spatial axis",
        conv_then("GlobalAveragePool", weight=(4, 3, 3)),
        sample=(3, 25),
    ),
    # Two operands.
    *both(graph_case("add", "two tensors of different scales", two_branches("Add"))),
    unsigned(graph_case("add", "unsigned", two_branches("Add"))),
    graph_case("add-symmetric", "all zero points 0", two_branches("Add"), options=SYMMETRIC),
    graph_case("add-same-scale", "two tensors of one scale", with_itself("Add")),
    *both(graph_case("add-relu", "ReLU after Add", two_branches("Add", relu_after=True))),
    graph_case(
        "add-relu-symmetric",
        "ReLU after Add stays a node of its own",
        two_branches("Add", relu_after=True),
        options=SYMMETRIC,
    ),
    *both(
        graph_case(
            "add-per-channel", "a constant for each channel", constant_operand("Add", (1, 3, 1, 1))
        )
    ),
    graph_case(
        "add-per-channel-first",
        "a constant for each channel, as the first operand",
        constant_operand("Add", (3, 1, 1), reverse=True),
    ),
    graph_case("add-constant", "a constant for each element", constant_operand("Add", (3, 8, 8))),
    graph_case("add-scalar", "one constant", constant_operand("Add", ())),
    graph_case("add-per-column", "a constant for each column", constant_operand("Add", (8,))),
    graph_case("add-gate", "[N, C, H, W] and [N, C, 1, 1]", per_channel_gate("Add")),
    graph_case(
        "sub", "no integer kernel", two_branches("Sub"), edit=edits.quantize_output(0.04, 3)
    ),
    *both(
        graph_case(
            "mul-per-channel", "a constant for each channel", constant_operand("Mul", (1, 3, 1, 1))
        )
    ),
    unsigned(graph_case("mul-per-channel", "unsigned", constant_operand("Mul", (1, 3, 1, 1)))),
    graph_case("mul-scalar", "one constant", constant_operand("Mul", ())),
    graph_case("mul", "two tensors", two_branches("Mul")),
    graph_case("mul-gate", "[N, C, H, W] and [N, C, 1, 1]", per_channel_gate("Mul")),
    *both(graph_case("concat", "two tensors of different scales", two_branches("Concat", axis=1))),
    unsigned(graph_case("concat", "unsigned", two_branches("Concat", axis=1))),
    graph_case("concat-same-scale", "two tensors of one scale", with_itself("Concat")),
    *both(graph_case("concat-three", "three tensors, 2, 3 and 4 channels", three_inputs)),
    # Functions of one element.
    *both(graph_case("leaky-relu", "slope 0.1", one("LeakyRelu", alpha=0.1))),
    unsigned(graph_case("leaky-relu", "unsigned", one("LeakyRelu", alpha=0.1))),
    graph_case("leaky-relu-after-conv", "after a convolution", conv_then("LeakyRelu", alpha=0.2)),
    *both(graph_case("sigmoid", "a table", one("Sigmoid"), range=1.0)),
    unsigned(graph_case("sigmoid", "unsigned", one("Sigmoid"))),
    graph_case("sigmoid-after-conv", "after a convolution", conv_then("Sigmoid")),
    graph_case(
        "tanh", "no integer kernel", conv_then("Tanh"), edit=edits.quantize_output(1 / 128, 0)
    ),
    graph_case(
        "hard-sigmoid",
        "no integer kernel",
        conv_then("HardSigmoid", alpha=0.2, beta=0.5),
        edit=edits.quantize_output(1 / 256, -128),
    ),
    *both(
        graph_case(
            "softmax", "over the last axis of [N, 20]", one("Softmax", axis=-1), sample=(20,)
        )
    ),
    unsigned(graph_case("softmax", "unsigned", one("Softmax", axis=-1), sample=(20,))),
    graph_case(
        "softmax-float",
        "the output isn't quantized",
        one("Softmax", axis=-1),
        sample=(20,),
        edit=edits.leave_output_float,
    ),
    graph_case(
        "arg-max",
        "the index of the largest",
        dense_then("ArgMax", axis=1, keepdims=0),
        sample=(20,),
        output_type=TensorProto.INT64,
    ),
    # Moving elements.
    *both(graph_case("transpose", "channels last", conv_then("Transpose", perm=[0, 2, 3, 1]))),
    graph_case(
        "squeeze",
        "two axes of size 1 vanish after a global average",
        lambda g, r: (
            g.node("GlobalAveragePool", "average"),
            g.node("Squeeze", "squeeze", g.constant("axes", ints(2, 3))),
        ),
    ),
    graph_case("unsqueeze", "a new axis", dense_then("Unsqueeze", ints(2)), sample=(20,)),
    *both(
        graph_case(
            "pad",
            "zeros around the image, other amounts on each side",
            conv_then("Pad", ints(0, 0, 1, 2, 0, 0, 2, 1), np.float32(0)),
        )
    ),
    graph_case(
        "pad-before-conv",
        "Pad, then a convolution without padding",
        lambda g, r: (
            one("Pad", ints(0, 0, 1, 1, 0, 0, 1, 1), np.float32(0))(g, r),
            convolution(g, r, "conv", (4, 3, 3, 3)),
        ),
    ),
    *both(
        graph_case(
            "slice",
            "part of the rows and channels",
            conv_then("Slice", ints(1, 2), ints(3, 7), ints(1, 2)),
        )
    ),
    graph_case(
        "slice-steps",
        "every second column, rows from the end backwards",
        conv_then("Slice", ints(0, -1), ints(8, -9), ints(3, 2), ints(2, -1)),
    ),
    *both(
        graph_case(
            "resize",
            "twice as large, asymmetric and floor",
            upsample(coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        )
    ),
    graph_case("resize-half-pixel", "twice as large, the default mode", upsample()),
    graph_case(
        "resize-then-conv",
        "twice as large, then a convolution",
        lambda g, r: (
            upsample(coordinate_transformation_mode="asymmetric", nearest_mode="floor")(g, r),
            convolution(g, r, "last", (4, 4, 3, 3), pads=[1] * 4),
        ),
    ),
    graph_case(
        "pytorch-view", "x.view(x.size(0), −1): Shape, Gather, Concat, Reshape", pytorch_view
    ),
    # Transposed convolutions.
    graph_case(
        "conv-transpose",
        "2×2, stride 2",
        transposed((3, 4, 2, 2), strides=[2, 2]),
    ),
    graph_case(
        "conv-transpose-pads",
        "3×3, stride 2, padding and output padding",
        transposed(
            (3, 4, 3, 3),
            strides=[2, 2],
            pads=[1] * 4,
            output_padding=[1, 1],
        ),
    ),
    graph_case(
        "conv-transpose-per-tensor",
        "one weight scale",
        transposed((3, 4, 4, 4), strides=[2, 2], pads=[1] * 4),
        options={"per_channel": False},
    ),
    graph_case(
        "conv-transpose-groups",
        "two groups",
        transposed((4, 3, 2, 2), strides=[2, 2], group=2),
        sample=(4, 6, 6),
        options={"per_channel": False},
    ),
    # Normalization.
    graph_case("batch-norm", "BatchNormalization stays a node of its own", conv_batch_norm),
    graph_case(
        "batch-norm-folded",
        "BatchNormalization folded into the convolution by the quantizer's preprocessing",
        conv_batch_norm,
        prepare=preprocessed,
    ),
    # Matrix products.
    *both(graph_case("matmul-add", "MatMul, then Add of a constant", matmul_add, sample=(20,))),
    *both(graph_case("matmul-rank-3", "[N, 5, 12] · [12, 7]", matmul_rank_3, sample=(5, 12))),
    graph_case("matmul-of-two", "[N, 5, 12] · [N, 12, 5]", matmul_of_two, sample=(5, 12)),
    # Linear layers in QOperator form.
    both(graph_case("conv-gemm", "Conv, ReLU, Flatten, Gemm", conv_gemm))[1],
    both(graph_case("conv-gemm-u8", "unsigned", conv_gemm, options=U8))[1],
    both(
        graph_case(
            "conv-gemm-per-tensor", "one weight scale", conv_gemm, options={"per_channel": False}
        )
    )[1],
    # Other widths.
    graph_case(
        "conv-gemm-s16", "int16 activations, int8 weights", conv_gemm, options=S16 | CONTRIB
    ),
    graph_case(
        "conv-gemm-u16", "uint16 activations, int8 weights", conv_gemm, options=U16 | CONTRIB
    ),
    graph_case("conv-gemm-s16-opset-21", "int16 activations", conv_gemm, opset=21, options=S16),
    graph_case("add-u16", "uint16 activations", two_branches("Add"), opset=21, options=U16),
    graph_case("add-s16", "int16 activations", two_branches("Add"), opset=21, options=S16),
    graph_case(
        "max-pool-s16",
        "int16 activations",
        conv_then("MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        opset=21,
        options=S16,
    ),
    graph_case(
        "conv-gemm-int4", "int4 weights", conv_gemm, opset=21, options=INT4 | {"per_channel": False}
    ),
    graph_case(
        "conv-gemm-int4-per-channel",
        "int4 weights, a scale each",
        conv_gemm,
        opset=21,
        options=INT4,
    ),
    # Blocks.
    *both(graph_case("residual-block", "x + f(x), then ReLU", residual)),
    unsigned(graph_case("residual-block", "unsigned", residual)),
    *both(
        graph_case(
            "depthwise-separable-block",
            "depthwise and pointwise convolutions with ReLU6, global average, dense",
            depthwise_separable,
        )
    ),
    # Versions of the format.
    *(
        graph_case(
            f"many-opset-{opset}",
            f"a chain of operators, opset {opset}",
            many(opset),
            opset=opset,
            options=U8 | ({"per_channel": False} if opset < 13 else {}),
        )
        for opset in (11, 12, 13, 18, 19, 22)
    ),
    *HAND_BUILT,
)
