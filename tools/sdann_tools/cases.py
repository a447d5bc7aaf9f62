"""The golden corpus's cases: one small random network each, about one subject each.

`Case.build` makes a float graph; `make_corpus.py` quantizes it. Weights are random, scaled by
fan-in so that activations stay near ±1 through any number of layers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnxruntime.quantization import QuantType

from . import edits
from .graphs import GraphBuilder

S8 = {"activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8}
U8 = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
U8_U8 = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QUInt8}
SYMMETRIC = {"extra_options": {"ActivationSymmetric": True}}

IMAGE = (3, 8, 8)
FEATURES = (20,)


@dataclass(frozen=True)
class Case:
    name: str
    about: str
    build: Callable[[np.random.Generator], onnx.ModelProto]
    sample: tuple[int, ...]
    options: dict = field(default_factory=dict)  # for quantize_static
    batch: int | str = "N"
    range: float = 1.0  # test inputs reach this many times as far as calibration inputs
    edit: Callable[[onnx.ModelProto], None] | None = None  # changes the quantized model
    form: str | None = None  # "QDQ", "QOperator", "QCDQ" or "integer"; None: QDQ, and not mentioned
    quantized: bool = False  # whether `build` makes the quantized model itself
    prepare: Callable[[onnx.ModelProto], onnx.ModelProto] | None = None  # before quantization


def conv_weight(rng, out_channels, in_channels, *kernel):
    """Random [out, in, kernel...] weights; each output channel has its own magnitude."""
    fan_in = in_channels * int(np.prod(kernel))
    weight = rng.normal(0, 1 / np.sqrt(fan_in), (out_channels, in_channels, *kernel))
    return weight * rng.uniform(0.5, 2.0, (out_channels, *[1] * (1 + len(kernel))))


def gemm_weight(rng, inputs, outputs):
    """Random [in, out] weights."""
    return rng.normal(0, 1 / np.sqrt(inputs), (inputs, outputs)) * rng.uniform(0.5, 2.0, outputs)


def bias(rng, count):
    return rng.normal(0, 0.5, count)


def conv_case(
    name,
    about,
    *,
    weight=(4, 3, 3, 3),
    sample=IMAGE,
    with_bias=True,
    then=None,
    opset=17,
    options=None,
    batch="N",
    range=1.0,
    edit=None,
    **attributes,
) -> Case:
    """A case of a single convolution, and whatever `then(graph)` appends."""

    def build(rng):
        graph = GraphBuilder(name, [batch, *sample], opset, input_name="input")
        kernel = list(weight[2:])
        graph.linear(
            "Conv",
            "conv",
            conv_weight(rng, *weight),
            bias(rng, weight[0]) if with_bias else None,
            kernel_shape=kernel,
            **attributes,
        )
        if then:
            then(graph)
        return graph.model("output")

    return Case(name, about, build, sample, options or {}, batch, range, edit)


def gemm_case(
    name,
    about,
    *,
    op="Gemm",
    outputs=7,
    with_bias=True,
    then=None,
    opset=17,
    options=None,
    batch="N",
    range=1.0,
    edit=None,
    **attributes,
) -> Case:
    """A case of a single Gemm or MatMul, and whatever `then(graph)` appends."""

    def build(rng):
        graph = GraphBuilder(name, [batch, *FEATURES], opset, input_name="input")
        weight = gemm_weight(rng, FEATURES[0], outputs)
        graph.linear(
            op,
            "dense",
            weight.T if attributes.get("transB") else weight,
            bias(rng, outputs) if with_bias else None,
            **attributes,
        )
        if then:
            then(graph)
        return graph.model("output")

    return Case(name, about, build, FEATURES, options or {}, batch, range, edit)


def relu(graph):
    graph.node("Relu", "relu")


def clip(low, high):
    """Appends a Clip with its bounds as initializers, as opset 11 and later want them."""

    def then(graph):
        bounds = [
            graph.constant(f"clip_{n}", np.float32(v)) for n, v in (("min", low), ("max", high))
        ]
        graph.node("Clip", "clip", *bounds)

    return then


def stack_case(
    name, about, *, opset=17, options=None, batch="N", reshape=None, samples=IMAGE
) -> Case:
    """Convolution, ReLU, Flatten or Reshape, Gemm: a whole small network."""

    def build(rng):
        graph = GraphBuilder(name, [batch, *samples], opset, input_name="input")
        graph.linear(
            "Conv",
            "conv",
            conv_weight(rng, 4, 3, 3, 3),
            bias(rng, 4),
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1] * 4,
        )
        relu(graph)
        if reshape:
            graph.node("Reshape", "reshape", graph.constant("target", np.array(reshape, np.int64)))
        else:
            graph.node("Flatten", "flatten", axis=1)
        graph.linear("Gemm", "dense", gemm_weight(rng, 64, 6).T, bias(rng, 6), transB=1)
        return graph.model("output")

    return Case(name, about, build, samples, options or {}, batch)


def deep_case(name, about) -> Case:
    """Six layers, so that a wrong code early has time to spread."""

    def build(rng):
        graph = GraphBuilder(name, ["N", *IMAGE], input_name="input")
        channels = (3, 6, 6, 8)
        for i, (c_in, c_out, stride) in enumerate(zip(channels, channels[1:], (1, 2, 2)), start=1):
            graph.linear(
                "Conv",
                f"conv{i}",
                conv_weight(rng, c_out, c_in, 3, 3),
                bias(rng, c_out),
                kernel_shape=[3, 3],
                strides=[stride] * 2,
                pads=[1] * 4,
            )
            graph.node("Relu", f"relu{i}")
        graph.node("Flatten", "flatten", axis=1)
        for i, (n_in, n_out) in enumerate(((32, 16), (16, 12)), start=1):
            graph.linear(
                "Gemm", f"dense{i}", gemm_weight(rng, n_in, n_out).T, bias(rng, n_out), transB=1
            )
            graph.node("Relu", f"dense_relu{i}")
        graph.linear("Gemm", "class", gemm_weight(rng, 12, 5).T, bias(rng, 5), transB=1)
        return graph.model("output")

    return Case(name, about, build, IMAGE)


CASES = (
    # Geometry of convolutions.
    conv_case("conv-stride-1", "3×3 convolution, stride 1, one pixel of padding", pads=[1] * 4),
    conv_case("conv-stride-2", "stride 2", strides=[2, 2], pads=[1] * 4),
    conv_case(
        "conv-stride-3", "stride 3 without padding leaves the last pixels unread", strides=[3, 3]
    ),
    conv_case("conv-1x1", "1×1 kernel", weight=(5, 3, 1, 1)),
    conv_case(
        "conv-rectangular",
        "3×5 kernel, strides 2 and 1, on a 9×7 image",
        weight=(4, 3, 3, 5),
        sample=(3, 9, 7),
        strides=[2, 1],
        pads=[1, 2, 1, 2],
    ),
    conv_case(
        "conv-asymmetric-pads", "a different padding on each of the four sides", pads=[0, 1, 2, 3]
    ),
    conv_case(
        "conv-auto-pad-same-upper",
        "the odd pixel of padding goes to the end",
        strides=[2, 2],
        auto_pad="SAME_UPPER",
    ),
    conv_case(
        "conv-auto-pad-same-lower",
        "the odd pixel of padding goes to the beginning",
        strides=[2, 2],
        auto_pad="SAME_LOWER",
    ),
    conv_case("conv-auto-pad-valid", "auto_pad VALID means no padding", auto_pad="VALID"),
    conv_case(
        "conv-groups",
        "two groups of channels",
        weight=(6, 2, 3, 3),
        sample=(4, 6, 6),
        group=2,
        pads=[1] * 4,
    ),
    conv_case(
        "conv-depthwise",
        "one group per channel",
        weight=(4, 1, 3, 3),
        sample=(4, 8, 8),
        group=4,
        pads=[1] * 4,
    ),
    conv_case(
        "conv-depthwise-multiplier",
        "depthwise with two outputs per input channel",
        weight=(8, 1, 3, 3),
        sample=(4, 6, 6),
        group=4,
        pads=[1] * 4,
    ),
    conv_case("conv-dilated", "dilation 2", dilations=[2, 2], pads=[2] * 4),
    conv_case(
        "conv-1d",
        "a convolution over one spatial axis",
        weight=(4, 3, 5),
        sample=(3, 24),
        strides=[2],
        pads=[2, 2],
    ),
    # Linear layers.
    conv_case("conv-no-bias", "no bias input", with_bias=False, pads=[1] * 4),
    gemm_case("gemm-trans-b", "weights stored as [out, in]", transB=1),
    gemm_case("gemm-no-trans-b", "weights stored as [in, out]"),
    gemm_case("gemm-no-bias", "Gemm without its third input", with_bias=False, transB=1),
    gemm_case("gemm-alpha-beta", "alpha 0.5 and beta 2", transB=1, alpha=0.5, beta=2.0),
    gemm_case("matmul", "MatMul, which has no bias", op="MatMul", with_bias=False),
    # How weights and activations are quantized.
    conv_case(
        "weights-per-tensor",
        "one weight scale for all channels",
        pads=[1] * 4,
        options={"per_channel": False},
    ),
    gemm_case(
        "gemm-per-tensor", "Gemm with one weight scale", transB=1, options={"per_channel": False}
    ),
    conv_case(
        "activations-u8-weights-s8",
        "unsigned activations, signed weights",
        pads=[1] * 4,
        then=relu,
        options=U8,
    ),
    conv_case(
        "activations-u8-weights-u8",
        "unsigned weights per tensor, whose zero point is not 0",
        pads=[1] * 4,
        options=U8_U8 | {"per_channel": False},
    ),
    conv_case(
        "activations-u8-weights-u8-per-channel",
        "unsigned weights per channel, all with zero point 128",
        pads=[1] * 4,
        options=U8_U8,
    ),
    gemm_case(
        "gemm-u8-weights-u8",
        "Gemm with unsigned weights",
        transB=1,
        options=U8_U8 | {"per_channel": False},
    ),
    conv_case("activations-symmetric", "activation zero point 0", pads=[1] * 4, options=SYMMETRIC),
    conv_case(
        "reduce-range", "weights limited to 7 bits", pads=[1] * 4, options={"reduce_range": True}
    ),
    conv_case(
        "weights-float-then-quantize",
        "weights as float initializers that a QuantizeLinear turns into codes inside the graph",
        pads=[1] * 4,
        options={"extra_options": {"AddQDQPairToWeight": True}},
    ),
    conv_case(
        "bias-float",
        "the bias stays a float initializer",
        pads=[1] * 4,
        options={"extra_options": {"QuantizeBias": False}},
    ),
    # Activation functions.
    conv_case(
        "relu-absorbed", "ReLU disappears into the range of the codes", pads=[1] * 4, then=relu
    ),
    conv_case(
        "relu-kept",
        "a Relu between codes: symmetric activations keep the node",
        pads=[1] * 4,
        then=relu,
        options=SYMMETRIC,
    ),
    conv_case(
        "relu-before-quantize",
        "a Relu between a convolution and its QuantizeLinear, whose lowest code is 0.0",
        weight=(8, 3, 3, 3),
        sample=(3, 12, 12),
        pads=[1] * 4,
        then=relu,
        edit=edits.insert_relu_before_output,
    ),
    conv_case(
        "relu-before-quantize-symmetric",
        "a Relu between a convolution and its QuantizeLinear, whose zero point is 0",
        weight=(8, 3, 3, 3),
        sample=(3, 12, 12),
        pads=[1] * 4,
        then=relu,
        options=SYMMETRIC,
        edit=edits.leave_activation_input_float,
    ),
    conv_case(
        "clip-absorbed",
        "Clip(0, 6) disappears into the range of the codes",
        pads=[1] * 4,
        then=clip(0, 6),
    ),
    conv_case(
        "clip-kept",
        "Clip(−0.5, 1) before symmetric codes",
        pads=[1] * 4,
        then=clip(-0.5, 1),
        options=SYMMETRIC,
    ),
    conv_case(
        "clip-before-quantize-symmetric",
        "Clip(−0.5, 1) between a convolution and its QuantizeLinear",
        weight=(8, 3, 3, 3),
        sample=(3, 12, 12),
        pads=[1] * 4,
        then=clip(-0.5, 1),
        options=SYMMETRIC,
        edit=edits.leave_activation_input_float,
    ),
    gemm_case(
        "gemm-relu-before-quantize-symmetric",
        "a Relu between a Gemm and its QuantizeLinear, whose zero point is 0",
        transB=1,
        then=relu,
        options=SYMMETRIC,
        edit=edits.leave_activation_input_float,
    ),
    gemm_case("gemm-relu-kept", "Relu node after a Gemm", transB=1, then=relu, options=SYMMETRIC),
    conv_case(
        "input-out-of-range",
        "inputs up to three times the calibrated range clamp at both ends",
        pads=[1] * 4,
        range=3.0,
    ),
    conv_case(
        "conv-output-float",
        "the last convolution's output is not quantized",
        pads=[1] * 4,
        edit=edits.leave_output_float,
    ),
    gemm_case(
        "output-float",
        "the last Gemm's output is not quantized",
        transB=1,
        edit=edits.leave_output_float,
    ),
    gemm_case(
        "matmul-output-float",
        "the last MatMul's output is not quantized",
        op="MatMul",
        with_bias=False,
        edit=edits.leave_output_float,
    ),
    # Shapes.
    stack_case("flatten", "Flatten between a convolution and a Gemm"),
    stack_case("reshape-zero-minus-one", "Reshape to [0, −1]", reshape=[0, -1]),
    stack_case("reshape-minus-one", "Reshape to [−1, 64]", reshape=[-1, 64]),
    stack_case("batch-fixed-1", "the batch dimension is 1 in the file", batch=1),
    deep_case("deep", "six layers in a chain"),
    # Versions of the format.
    *(
        stack_case(
            f"opset-{opset}",
            f"opset {opset}",
            opset=opset,
            options={"per_channel": False} if opset < 13 else {},
        )
        for opset in (11, 12, 13, 15, 18, 19, 20, 21)
    ),
)
