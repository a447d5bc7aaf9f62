"""Quantized models written directly, for what the quantizer doesn't make or leaves no choice in.

Scales here are often simple ratios of each other, so that many values fall on a rounding tie.
"""

import numpy as np
from onnx import TensorProto

from .cases import IMAGE, Case, bias, conv_weight
from .graphs import GraphBuilder

KINDS = {"u8": np.uint8, "s8": np.int8, "u16": np.uint16, "s16": np.int16}
INPUT_SCALE = 0.0125  # the inputs reach from −1 to 1.5
# Zero points off the middle, of either parity.
INPUT_ZERO = {"u8": 83, "s8": -45, "u16": 26000, "s16": -6001}
OUTPUT_ZERO = {"u8": 117, "s8": -11, "u16": 30001, "s16": 77}


class Graph(GraphBuilder):
    """A graph on codes of one type."""

    def __init__(self, name, sample, kind, opset=17):
        super().__init__(name, ["N", *sample], opset, input_name="input")
        self.kind = kind

    def zero(self, value):
        return KINDS[self.kind](value)

    def scale(self, times: float = 1.0):
        """A scale relative to the input's; 16-bit codes have finer ones."""
        return np.float32(INPUT_SCALE * times / (256 if self.kind.endswith("16") else 1))

    def read(self):
        """Quantizes the input."""
        self.input_parameters = self.scale(), self.zero(INPUT_ZERO[self.kind])
        return self.quantize("input_quantize", *self.input_parameters)

    def write(self, times: float, zero=None):
        """Quantizes and dequantizes the output."""
        parameters = self.output_parameters(times, zero)
        self.quantize("output_quantize", *parameters)
        self.dequantize("output_dequantize", *parameters)

    def output_parameters(self, times, zero=None):
        return self.scale(times), self.zero(OUTPUT_ZERO[self.kind] if zero is None else zero)


def case(name, about, form, build, sample=IMAGE, **rest) -> Case:
    return Case(name, about, build, sample, form=form, quantized=True, **rest)


def qdq(name, about, body, *, kind="u8", times=1.0, zero=None, sample=IMAGE, opset=17, **rest):
    """The input's codes, `body(graph, rng)` on real numbers, the output's codes."""

    def build(rng):
        graph = Graph(name, sample, kind, opset)
        graph.read()
        graph.dequantize("input_dequantize", *graph.input_parameters)
        body(graph, rng)
        graph.write(times, zero)
        return graph.model("output")

    return case(name, about, "QDQ", build, sample, **rest)


def unary(op, **attributes):
    return lambda graph, _rng: graph.node(op, op.lower(), **attributes)


def constant_codes(op, shape, times=1.0, first=False):
    """An operator on the input and constant codes."""

    def body(graph, rng):
        start = graph.last
        graph.last = graph.constant("constant_codes", some_codes(graph, rng, shape))
        constant = graph.dequantize(
            "constant", graph.scale(times), graph.zero(INPUT_ZERO[graph.kind])
        )
        graph.last, other = (constant, start) if first else (start, constant)
        graph.node(op, op.lower(), other)

    return body


def requantized_copy(graph, times):
    """Another tensor from the same input: its largest neighbours, on a scale of their own."""
    start = graph.last
    graph.node("MaxPool", "pool", kernel_shape=[3, 3], pads=[1] * 4)
    parameters = graph.scale(times), graph.zero(OUTPUT_ZERO[graph.kind] + 2)
    graph.quantize("pool_quantize", *parameters)
    copy = graph.dequantize("pool_dequantize", *parameters)
    graph.last = start
    return copy


def two_tensors(op, times, **attributes):
    def body(graph, _rng):
        copy = requantized_copy(graph, times)
        graph.node(op, op.lower(), copy, **attributes)

    return body


def shared(graph, rng):
    """x + c, then · d, all three joined: x and x + c have two readers each."""
    x = graph.last
    constant_codes("Add", (1, 3, 1, 1), 0.5)(graph, rng)
    parameters = graph.scale(1.5), graph.zero(OUTPUT_ZERO[graph.kind] - 3)
    graph.quantize("sum_quantize", *parameters)
    total = graph.dequantize("sum", *parameters)
    graph.last = graph.constant("factor_codes", some_codes(graph, rng, (1, 3, 1, 1)))
    factor = graph.dequantize("factor", graph.scale(0.4), graph.zero(INPUT_ZERO[graph.kind]))
    graph.last = total
    graph.node("Mul", "mul", factor)
    parameters = graph.scale(0.5), graph.zero(OUTPUT_ZERO[graph.kind] + 4)
    graph.quantize("product_quantize", *parameters)
    product = graph.dequantize("product", *parameters)
    graph.last = x
    graph.node("Concat", "concat", total, product, axis=1)


def some_codes(graph, rng, shape):
    limits = np.iinfo(KINDS[graph.kind])
    return rng.integers(limits.min, limits.max + 1, shape).astype(KINDS[graph.kind])


def moved_before(op, *constants, weight, layer="Conv", **attributes):
    """An operator that moves elements, without codes of its own, before a linear layer."""

    def body(graph, rng):
        names = [
            graph.constant(f"move_{i}", value) if value is not None else ""
            for i, value in enumerate(constants)
        ]
        last = graph.node(op, "move", *names, **attributes)
        codes = rng.integers(-127, 128, weight).astype(np.int8)
        graph.last = graph.constant("weight_codes", codes)
        weights = graph.dequantize("weight", np.float32(0.004), np.int8(0))
        graph.last = last
        graph.node(layer, "layer", weights)

    return body


# QOperator form.


def qlinear(name, about, op, *, kind="u8", times=1.0, zero=None, sample=IMAGE, **attributes):
    """One operator with one input, of ONNX Runtime's own domain."""

    def build(_rng):
        graph = Graph(name, sample, kind)
        x = graph.read()
        parameters = graph.output_parameters(times, zero)
        graph.contrib_node(
            op,
            "operator",
            x,
            *graph.parameters("x", *graph.input_parameters),
            *graph.parameters("y", *parameters),
            **attributes,
        )
        graph.dequantize("output_dequantize", *parameters)
        return graph.model("output")

    return case(name, about, "QOperator", build, sample)


def qlinear_pair(name, about, op, *, kind="u8", shape, ratio=1.0, times=1.0, first=False):
    """QLinearAdd or QLinearMul of the input and constant codes."""

    def build(rng):
        graph = Graph(name, IMAGE, kind)
        codes = some_codes(graph, rng, shape)
        x = [graph.read(), *graph.parameters("x", *graph.input_parameters)]
        other = graph.scale(ratio), graph.zero(OUTPUT_ZERO[kind] - 30)
        constant = [graph.constant("constant_codes", codes), *graph.parameters("constant", *other)]
        parameters = graph.output_parameters(times)
        operands = constant + x if first else x + constant
        graph.contrib_node(op, "operator", *operands, *graph.parameters("y", *parameters))
        graph.dequantize("output_dequantize", *parameters)
        return graph.model("output")

    return case(name, about, "QOperator", build)


def qlinear_concat(name, about, *, kind="u8", ratios=(1.0, 0.5, 1.5), times=1.0):
    """QLinearConcat of the input and constant codes on several scales."""

    def build(rng):
        graph = Graph(name, (3, 8, 8), kind)
        limits = np.iinfo(KINDS[kind])
        x = [graph.read(), *graph.parameters("x", *graph.input_parameters)]
        pieces = x
        for i, ratio in enumerate(ratios):
            graph.last = x[0]
            graph.node("Transpose", f"turn_{i}", perm=[0, 1, 3, 2])
            zero = graph.zero(int(np.clip(INPUT_ZERO[kind] + 17 * i, limits.min, limits.max)))
            parameters = graph.parameters(f"turn_{i}", graph.scale(ratio), zero)
            pieces = [*pieces, graph.last, *parameters]
        parameters = graph.output_parameters(times)
        y = graph.parameters("y", *parameters)
        graph.contrib_node("QLinearConcat", "operator", *y, *pieces, axis=1)
        graph.dequantize("output_dequantize", *parameters)
        return graph.model("output")

    return case(name, about, "QOperator", build)


def qlinear_conv(name, about, *, kind="u8", weight_kind="s8", weight_zero=0, per_channel=True):
    """QLinearConv with any types and zero points."""

    def build(rng):
        graph = Graph(name, IMAGE, kind)
        graph.read()
        limits = np.iinfo(KINDS[weight_kind])
        count = 4 if per_channel else 1
        weight = rng.integers(limits.min // 2, limits.max // 2 + 1, (4, 3, 3, 3))
        scales = rng.uniform(0.001, 0.004, count).astype(np.float32)
        zeros = np.full(count, weight_zero, KINDS[weight_kind])
        parameters = graph.output_parameters(2.0)
        graph.node(
            "QLinearConv",
            "conv",
            *graph.parameters("x", *graph.input_parameters),
            graph.constant("weight", weight.astype(KINDS[weight_kind])),
            *graph.parameters(
                "weight", scales if per_channel else scales[0], zeros if per_channel else zeros[0]
            ),
            *graph.parameters("y", *parameters),
            graph.constant("bias", rng.integers(-20000, 20000, 4).astype(np.int32)),
            kernel_shape=[3, 3],
            pads=[1] * 4,
        )
        graph.dequantize("output_dequantize", *parameters)
        return graph.model("output")

    return case(name, about, "QOperator", build)


def integer_conv(name, about, sample=IMAGE):
    """ConvInteger, then Cast, Mul and Add on real numbers, then QuantizeLinear."""

    def build(rng):
        graph = Graph(name, sample, "u8")
        graph.read()
        weight = rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
        graph.node(
            "ConvInteger",
            "conv",
            graph.constant("weight", weight),
            graph.constant("x_zero_point", graph.input_parameters[1]),
            kernel_shape=[3, 3],
            pads=[1] * 4,
        )
        graph.node("Cast", "cast", to=TensorProto.FLOAT)
        graph.node("Mul", "rescale", graph.constant("product_scale", graph.scale(0.002)))
        values = bias(rng, 4).astype(np.float32).reshape(1, 4, 1, 1)
        graph.node("Add", "bias", graph.constant("bias_values", values))
        graph.write(1.5)
        return graph.model("output")

    return case(name, about, "integer", build, sample)


def integer_matmul(name, about, per_column=False):
    def build(rng):
        graph = Graph(name, (20,), "u8")
        graph.read()
        weight = rng.integers(-127, 128, (20, 7)).astype(np.int8)
        graph.node(
            "MatMulInteger",
            "dense",
            graph.constant("weight", weight),
            graph.constant("x_zero_point", graph.input_parameters[1]),
        )
        graph.node("Cast", "cast", to=TensorProto.FLOAT)
        scale = graph.scale(0.002) * (
            rng.uniform(0.5, 2, 7).astype(np.float32) if per_column else 1
        )
        graph.node("Mul", "rescale", graph.constant("product_scale", np.asarray(scale, np.float32)))
        graph.node("Add", "bias", graph.constant("bias_values", bias(rng, 7).astype(np.float32)))
        graph.write(1.5)
        return graph.model("output")

    return case(name, about, "integer", build, (20,))


# QCDQ form, as Brevitas and QONNX write it.


def qcdq(name, about, bits, *, weight_bits=None, kind="u8", float_weights=False, float_bias=False):
    """Two convolutions of few bits: QuantizeLinear, Clip, DequantizeLinear around each."""
    weight_bits = weight_bits or bits

    def build(rng):
        graph = GraphBuilder(name, ["N", *IMAGE], 17, input_name="input")
        container = KINDS[kind]
        signed = kind == "s8"
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        zero = container(0 if signed else round(0.4 * high))
        steps = high - low

        def narrowed(label, scale, zero):
            graph.quantize(f"{label}_quantize", scale, zero)
            limits = [
                graph.constant(f"{label}_{n}", container(v))
                for n, v in (("low", low), ("high", high))
            ]
            graph.node("Clip", f"{label}_clip", *limits)
            graph.dequantize(f"{label}_dequantize", scale, zero)

        def weights(label, shape):
            limit = max(2 ** (weight_bits - 1) - 1, 1)
            values = conv_weight(rng, *shape)
            scales = (np.abs(values).max(axis=(1, 2, 3)) / limit).astype(np.float32)
            if weight_bits == 1:
                codes = np.where(values < 0, -1, 1)
            else:
                codes = np.clip(np.rint(values / scales[:, None, None, None]), -limit, limit)
            last = graph.last
            parameters = graph.parameters(f"{label}_weight", scales, np.zeros(len(scales), np.int8))
            if float_weights:
                graph.last = graph.constant(f"{label}_weight_values", values.astype(np.float32))
                graph.node("QuantizeLinear", f"{label}_weight_quantize", *parameters, axis=0)
            else:
                graph.last = graph.constant(f"{label}_weight_codes", codes.astype(np.int8))
            bounds = [
                graph.constant(f"{label}_weight_{n}", np.int8(v))
                for n, v in (("low", -limit), ("high", limit))
            ]
            graph.node("Clip", f"{label}_weight_clip", *bounds)
            result = graph.node(
                "DequantizeLinear", f"{label}_weight_dequantize", *parameters, axis=0
            )
            graph.last = last
            return result, scales

        def biases(label, count, scales):
            values = bias(rng, count)
            if float_bias:
                return graph.constant(f"{label}_bias_values", values.astype(np.float32))
            last = graph.last
            graph.last = graph.constant(
                f"{label}_bias_codes", np.rint(values / scales).astype(np.int32)
            )
            parameters = graph.parameters(f"{label}_bias", scales, np.zeros(count, np.int32))
            result = graph.node("DequantizeLinear", f"{label}_bias_dequantize", *parameters, axis=0)
            graph.last = last
            return result

        scale = np.float32(2.5 / steps)
        narrowed("input", scale, zero)
        for label, shape, reach in (("first", (4, 3, 3, 3), 4.0), ("second", (5, 4, 3, 3), 5.0)):
            weight, scales = weights(label, shape)
            offset = biases(label, shape[0], scale * scales)
            graph.node(
                "Conv", label, weight, offset, kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2]
            )
            scale = np.float32(reach / steps)
            if label == "first" and not signed:
                graph.node("Relu", "relu")
                zero = container(0)
            elif not signed:
                zero = container(round(0.5 * high))
            narrowed(label, scale, zero)
        return graph.model("output")

    return case(name, about, "QCDQ", build)


POOL = {"kernel_shape": [3, 3], "strides": [2, 2]}

HAND_BUILT = (
    # One operator between the input's codes and the output's.
    *(
        qdq(f"qdq-{label}-{kind}", f"{about}; {kind}", body, kind=kind, times=times, sample=sample)
        for kind in ("u8", "s8")
        for label, about, body, times, sample in (
            (
                "average-pool",
                "2×2 to the same scale: sums of four are often ties",
                unary("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
                1.0,
                IMAGE,
            ),
            (
                "average-pool-include-pad",
                "padding counts",
                unary("AveragePool", pads=[1] * 4, count_include_pad=1, **POOL),
                0.8,
                IMAGE,
            ),
            (
                "average-pool-ceil",
                "ceil_mode",
                unary("AveragePool", ceil_mode=1, **POOL),
                0.8,
                IMAGE,
            ),
            (
                "average-pool-ceil-include-pad",
                "ceil_mode, and padding counts",
                unary(
                    "AveragePool",
                    ceil_mode=1,
                    pads=[1] * 4,
                    count_include_pad=1,
                    kernel_shape=[3, 3],
                    strides=[3, 3],
                ),
                0.8,
                IMAGE,
            ),
            (
                "global-average-pool",
                "64 positions to half the scale",
                unary("GlobalAveragePool"),
                0.125,
                IMAGE,
            ),
            ("max-pool", "to another scale", unary("MaxPool", **POOL), 1.5, IMAGE),
            ("leaky-relu", "slope 0.25", unary("LeakyRelu", alpha=0.25), 0.5, IMAGE),
            ("sigmoid", "a table", unary("Sigmoid"), 0.3, IMAGE),
            ("tanh", "no integer kernel", unary("Tanh"), 0.7, IMAGE),
            (
                "hard-sigmoid",
                "no integer kernel",
                unary("HardSigmoid", alpha=0.25, beta=0.5),
                0.3,
                IMAGE,
            ),
            ("relu", "no integer kernel", unary("Relu"), 0.5, IMAGE),
            ("softmax", "over the last axis", unary("Softmax", axis=-1), 0.3, (20,)),
            ("add", "half and one and a half times the scale", two_tensors("Add", 0.5), 1.5, IMAGE),
            ("sub", "no integer kernel", two_tensors("Sub", 0.5), 1.5, IMAGE),
            ("mul", "two tensors", two_tensors("Mul", 0.5), 1.5, IMAGE),
            ("concat", "two scales", two_tensors("Concat", 0.5, axis=1), 1.5, IMAGE),
            (
                "add-constant",
                "codes for each channel",
                constant_codes("Add", (1, 3, 1, 1), 0.5),
                1.5,
                IMAGE,
            ),
            (
                "sub-from-constant",
                "codes less the input",
                constant_codes("Sub", (1, 3, 1, 1), 0.5, first=True),
                1.5,
                IMAGE,
            ),
            (
                "mul-constant",
                "codes for each channel",
                constant_codes("Mul", (1, 3, 1, 1), 0.5),
                0.5,
                IMAGE,
            ),
        )
    ),
    *(
        qdq(f"qdq-{label}-{kind}", f"{about}; {kind}", body, kind=kind, times=times, opset=21)
        for kind in ("u16", "s16")
        for label, about, body, times in (
            ("average-pool", "no 16-bit kernel", unary("AveragePool", kernel_shape=[2, 2]), 0.8),
            ("global-average-pool", "no 16-bit kernel", unary("GlobalAveragePool"), 0.125),
            ("max-pool", "no 16-bit kernel", unary("MaxPool", **POOL), 1.5),
            ("add", "no 16-bit kernel", two_tensors("Add", 0.5), 1.5),
            ("concat", "no 16-bit kernel", two_tensors("Concat", 0.5, axis=1), 1.5),
            ("sigmoid", "no 16-bit kernel", unary("Sigmoid"), 0.3),
        )
    ),
    *(
        qdq(
            f"qdq-{label}-then-{layer.lower()}-{kind}",
            f"no codes between the two; {kind}",
            moved_before(op, *constants, weight=weight, layer=layer, **attributes),
            kind=kind,
            times=19.7,
        )
        for kind in ("u8", "s8")
        for label, op, constants, weight, layer, attributes in (
            ("flatten", "Flatten", (), (192, 5), "Gemm", {"axis": 1}),
            ("reshape", "Reshape", (np.array([0, -1]),), (192, 5), "Gemm", {}),
            ("transpose", "Transpose", (), (4, 3, 3, 3), "Conv", {"perm": [0, 1, 3, 2]}),
            ("max-pool", "MaxPool", (), (4, 3, 3, 3), "Conv", {"kernel_shape": [2, 2]}),
            (
                "resize",
                "Resize",
                (None, np.array([1, 1, 2, 2], np.float32)),
                (4, 3, 3, 3),
                "Conv",
                {"mode": "nearest"},
            ),
        )
    ),
    qdq("qdq-shared-u8", "tensors with two readers; u8", shared, times=1.5),
    qdq("qdq-shared-s8", "tensors with two readers stay int8", shared, kind="s8", times=1.5),
    # ONNX Runtime's operators on codes.
    *(
        built
        for kind in ("u8", "s8")
        for built in (
            qlinear_pair(
                f"qlinear-add-{kind}",
                f"element by element; {kind}",
                "QLinearAdd",
                kind=kind,
                shape=(3, 8, 8),
                ratio=0.5,
                times=1.5,
            ),
            qlinear_pair(
                f"qlinear-add-channel-{kind}",
                f"codes for each channel; {kind}",
                "QLinearAdd",
                kind=kind,
                shape=(3, 1, 1),
                ratio=0.75,
                times=1.5,
            ),
            qlinear_pair(
                f"qlinear-add-first-{kind}",
                f"codes for each channel come first; {kind}",
                "QLinearAdd",
                kind=kind,
                shape=(3, 1, 1),
                ratio=0.75,
                times=1.5,
                first=True,
            ),
            qlinear_pair(
                f"qlinear-mul-{kind}",
                f"element by element; {kind}",
                "QLinearMul",
                kind=kind,
                shape=(3, 8, 8),
                ratio=0.5,
                times=0.4,
            ),
            qlinear_pair(
                f"qlinear-mul-channel-{kind}",
                f"codes for each channel; {kind}",
                "QLinearMul",
                kind=kind,
                shape=(3, 1, 1),
                ratio=0.75,
                times=0.3,
            ),
            qlinear_concat(
                f"qlinear-concat-{kind}", f"four tensors, the first copied; {kind}", kind=kind
            ),
            qlinear(
                f"qlinear-average-pool-{kind}",
                f"2×2; {kind}",
                "QLinearAveragePool",
                kind=kind,
                kernel_shape=[2, 2],
                strides=[2, 2],
            ),
            qlinear(
                f"qlinear-average-pool-include-pad-{kind}",
                f"padding counts; {kind}",
                "QLinearAveragePool",
                kind=kind,
                times=0.8,
                pads=[1] * 4,
                count_include_pad=1,
                **POOL,
            ),
            qlinear(
                f"qlinear-average-pool-pads-{kind}",
                f"padding doesn't count; {kind}",
                "QLinearAveragePool",
                kind=kind,
                times=0.8,
                pads=[1] * 4,
                **POOL,
            ),
            qlinear(
                f"qlinear-global-average-pool-{kind}",
                f"64 positions; {kind}",
                "QLinearGlobalAveragePool",
                kind=kind,
                times=0.125,
            ),
            qlinear(
                f"qlinear-leaky-relu-{kind}",
                f"slope 0.25; {kind}",
                "QLinearLeakyRelu",
                kind=kind,
                times=0.5,
                alpha=0.25,
            ),
            qlinear(
                f"qlinear-sigmoid-{kind}",
                f"a table; {kind}",
                "QLinearSigmoid",
                kind=kind,
                times=0.3,
            ),
        )
    ),
    qlinear_conv("qlinear-conv-u8-s8", "unsigned codes, signed weights"),
    qlinear_conv("qlinear-conv-s8-s8", "signed codes, signed weights", kind="s8"),
    qlinear_conv(
        "qlinear-conv-u8-u8",
        "unsigned weights of zero point 131",
        weight_kind="u8",
        weight_zero=131,
        per_channel=False,
    ),
    qlinear_conv(
        "qlinear-conv-weight-zero",
        "signed weights of zero point −9",
        weight_zero=-9,
        per_channel=False,
    ),
    # Integer operators followed by real numbers.
    integer_conv("conv-integer", "ConvInteger, Cast, Mul, Add, QuantizeLinear"),
    integer_matmul("matmul-integer", "MatMulInteger, Cast, Mul, Add, QuantizeLinear"),
    integer_matmul("matmul-integer-per-column", "a scale for each column", per_column=True),
    # Few bits.
    *(
        qcdq(f"qcdq-{bits}-bit", f"{bits} bits in uint8, weights of {bits} bits", bits)
        for bits in range(1, 8)
    ),
    qcdq("qcdq-4-bit-s8", "4 bits in int8", 4, kind="s8"),
    qcdq("qcdq-3-bit-s8", "3 bits in int8", 3, kind="s8"),
    qcdq(
        "qcdq-4-bit-float-weights",
        "weights are quantized and clipped inside the graph",
        4,
        float_weights=True,
    ),
    qcdq("qcdq-4-bit-float-bias", "the bias stays a float initializer", 4, float_bias=True),
    qcdq("qcdq-5-bit-weights-2", "5 bits, weights of 2", 5, weight_bits=2),
)
