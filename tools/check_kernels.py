"""Holds `sdann_tools/reference/kernels.py` against ONNX Runtime on many codes, scales and zero points.

Writes nothing. Prints, for each operator and type, how many codes were compared and how many differ;
ends with an error if any does. Half of the scales are simple ratios, so that many values are ties.
"""

import sys

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from sdann_tools.graphs import CONTRIB_DOMAIN, IR_VERSIONS
from sdann_tools.reference import arrays, kernels, pointwise, pools
from sdann_tools.reference import linear as layers

F32 = np.float32
OPSET = 17
TYPES = {np.dtype(np.uint8): TensorProto.UINT8, np.dtype(np.int8): TensorProto.INT8}
TRIALS = 40


def run(op, inputs, domain=CONTRIB_DOMAIN, kind=None, **attributes):
    """One node on constant inputs; the first is fed, so that nothing is folded away."""
    names = [f"input_{i}" for i in range(len(inputs))]
    inputs = [np.asarray(value) for value in inputs]
    kind = kind or TYPES[inputs[0].dtype]
    node = helper.make_node(op, names, ["output"], domain=domain, **attributes)
    fed = next(i for i, value in enumerate(inputs) if value.ndim)
    graph = helper.make_graph(
        [node],
        "kernel",
        [helper.make_tensor_value_info(names[fed], kind, inputs[fed].shape)],
        [helper.make_tensor_value_info("output", kind, None)],
        initializer=[
            numpy_helper.from_array(value, name)
            for i, (value, name) in enumerate(zip(inputs, names))
            if i != fed
        ],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB_DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSIONS[OPSET])
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {names[fed]: inputs[fed]})[0]


def scales(rng, count):
    """Random scales, every second time simple ratios of the last."""
    base = F32(rng.uniform(0.01, 0.1))
    if rng.integers(2):
        return [F32(base * r) for r in rng.choice([0.25, 0.5, 0.75, 1, 1.5, 2], count - 1)] + [base]
    return list(rng.uniform(0.01, 0.1, count).astype(F32))


def zeros(rng, dtype, count):
    limits = np.iinfo(dtype)
    return list(rng.integers(limits.min, limits.max + 1, count).astype(dtype))


def every_code(dtype):
    limits = np.iinfo(dtype)
    return np.arange(limits.min, limits.max + 1).astype(dtype)


def some_codes(rng, dtype, shape):
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max + 1, shape).astype(dtype)


def pair(op, on_codes, shapes=None):
    """An operator on two tensors: every pair of codes, or random codes of two shapes."""

    def trial(rng, dtype):
        if shapes:
            a, b = (some_codes(rng, dtype, shape) for shape in shapes)
        else:
            a, b = (codes.ravel() for codes in np.meshgrid(every_code(dtype), every_code(dtype)))
        (sa, sb, sy), (za, zb, zy) = scales(rng, 3), zeros(rng, dtype, 3)
        operands = [a, sa, za, b, sb, zb, sy, zy]
        return run(op, operands), on_codes(*operands)

    return trial


def table(op, operator, **attributes):
    def trial(rng, dtype):
        (sx, sy), (zx, zy) = scales(rng, 2), zeros(rng, dtype, 2)
        operands = [every_code(dtype), sx, zx, sy, zy]
        return run(op, operands, **attributes), operator(operands, attributes)

    return trial


def concat(rng, dtype):
    inputs = [every_code(dtype)[None]] * 3
    *sx, sy = scales(rng, 4)
    *zx, zy = zeros(rng, dtype, 4)
    operands = [sy, zy]
    for x, s, z in zip(inputs, sx, zx):
        operands += [x, s, z]
    return run("QLinearConcat", operands, kind=TYPES[np.dtype(dtype)], axis=1), (
        arrays.qlinear_concatenate(operands, {"axis": 1})
    )


def pool(op, operator, shape, **attributes):
    def trial(rng, dtype):
        (sx, sy), (zx, zy) = scales(rng, 2), zeros(rng, dtype, 2)
        operands = [some_codes(rng, dtype, shape), sx, zx, sy, zy]
        return run(op, operands, **attributes), operator(operands, attributes)

    return trial


def linear(op, operator, shape, weight_shape, per_channel, domain="", **attributes):
    """A linear layer with random codes, weights, biases and scales."""

    def trial(rng, dtype):
        x = some_codes(rng, dtype, shape)
        weight = some_codes(rng, np.int8, weight_shape)
        channels = weight_shape[0] if op != "QLinearMatMul" else weight_shape[-1]
        count = channels if per_channel else 1
        ratios = (
            rng.choice([0.25, 0.5, 0.75, 1, 1.5], count)
            if rng.integers(2)
            else rng.uniform(0.5, 2, count)
        )
        w_scale = (2.0**-9 * ratios).astype(F32)
        w_zero = np.zeros(count, np.int8)
        if not per_channel:
            w_scale, w_zero = w_scale[0], w_zero[0]
        sx, sy = scales(rng, 2)
        zx, zy = zeros(rng, dtype, 2)
        scale = F32(sy * 8)
        bias = rng.integers(-5000, 5000, channels).astype(np.int32)
        parameters = [x, sx, zx, weight, w_scale, w_zero]
        if op == "QGemm":
            operands = [*parameters, bias, scale, zy]
        else:
            operands = [*parameters, scale, zy] + ([bias] if op == "QLinearConv" else [])
        return run(op, operands, domain=domain, **attributes), operator(operands, attributes)

    return trial


def softmax(rng, dtype):
    x = some_codes(rng, dtype, (200, 10))
    sx, sy = F32(rng.uniform(0.01, 0.2)), F32(1 / 256)
    zero = dtype(np.iinfo(dtype).min)
    operands = [x, sx, zeros(rng, dtype, 1)[0], sy, zero]
    ours = pointwise.qlinear_softmax(operands, {})
    return run("QLinearSoftmax", operands, axis=-1, opset=13), ours


def function(op, ours, reach):
    """A function on real numbers, compared bit by bit."""

    def trial(rng, _dtype):
        x = rng.normal(0, reach, 20000).astype(F32)
        return run(op, [x], domain="", kind=TensorProto.FLOAT), ours(x)

    return trial


def linear_trials():
    """Trials of the linear layers, per tensor and per channel."""
    for per_channel in (False, True):
        kind = "per channel" if per_channel else "per tensor"
        yield (
            f"QLinearConv 3×3, {kind}",
            linear(
                "QLinearConv",
                layers.qlinear_convolution,
                (4, 6, 9, 9),
                (8, 6, 3, 3),
                per_channel,
                pads=[1, 1, 1, 1],
            ),
        )
        yield (
            f"QLinearConv depthwise, {kind}",
            linear(
                "QLinearConv",
                layers.qlinear_convolution,
                (4, 8, 9, 9),
                (8, 1, 3, 3),
                per_channel,
                pads=[1, 1, 1, 1],
                group=8,
            ),
        )
        yield (
            f"QLinearMatMul, {kind}",
            linear("QLinearMatMul", layers.qlinear_matmul, (50, 33), (33, 20), per_channel),
        )
        yield (
            f"QGemm, {kind}",
            linear(
                "QGemm", layers.qgemm, (50, 33), (20, 33), per_channel, CONTRIB_DOMAIN, transB=1
            ),
        )


SMALL, LARGE = (4, 3, 9, 7), (2, 16, 14, 14)
TRIALS_OF = {
    "QLinearAdd, every pair": pair("QLinearAdd", kernels.add),
    "QLinearAdd, second per channel": pair("QLinearAdd", kernels.add, [SMALL, (1, 3, 1, 1)]),
    "QLinearAdd, first per channel": pair("QLinearAdd", kernels.add, [(1, 3, 1, 1), SMALL]),
    "QLinearAdd, a row": pair("QLinearAdd", kernels.add, [SMALL, (7,)]),
    "QLinearAdd, first a row": pair("QLinearAdd", kernels.add, [(7,), SMALL]),
    "QLinearAdd, one element": pair("QLinearAdd", kernels.add, [SMALL, (1,)]),
    "QLinearAdd, per sample and channel": pair("QLinearAdd", kernels.add, [(4, 3, 1, 1), SMALL]),
    "QLinearAdd, [4, 3, 1, 1] twice": pair("QLinearAdd", kernels.add, [(4, 3, 1, 1)] * 2),
    "QLinearMul, every pair": pair("QLinearMul", kernels.multiply),
    "QLinearMul, first per channel": pair("QLinearMul", kernels.multiply, [(1, 3, 1, 1), SMALL]),
    "QLinearConcat": concat,
    "QLinearLeakyRelu": table(
        "QLinearLeakyRelu", pointwise.OPERATORS["QLinearLeakyRelu"], alpha=0.1
    ),
    "QLinearSigmoid": table("QLinearSigmoid", pointwise.OPERATORS["QLinearSigmoid"]),
    "QLinearAveragePool 2×2": pool(
        "QLinearAveragePool",
        pools.qlinear_average_pool,
        LARGE,
        kernel_shape=[2, 2],
        strides=[2, 2],
    ),
    "QLinearAveragePool 3×3, padded": pool(
        "QLinearAveragePool",
        pools.qlinear_average_pool,
        SMALL,
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        strides=[2, 1],
    ),
    "QLinearAveragePool 3×3, padding counts": pool(
        "QLinearAveragePool",
        pools.qlinear_average_pool,
        SMALL,
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        count_include_pad=1,
    ),
    "QLinearAveragePool 3×3, ceil_mode, padding counts": pool(
        "QLinearAveragePool",
        pools.qlinear_average_pool,
        (4, 3, 8, 6),
        kernel_shape=[3, 3],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        count_include_pad=1,
        ceil_mode=1,
    ),
    "QLinearGlobalAveragePool": pool(
        "QLinearGlobalAveragePool", pools.qlinear_global_average_pool, LARGE, channels_last=0
    ),
    "QLinearGlobalAveragePool, 63 positions": pool(
        "QLinearGlobalAveragePool", pools.qlinear_global_average_pool, SMALL, channels_last=0
    ),
    "QLinearSoftmax": softmax,
    **dict(linear_trials()),
    "Sigmoid": function("Sigmoid", kernels.logistic, 8),
    "Tanh": function("Tanh", kernels.tanh, 4),
}


def main() -> None:
    print(f"ONNX Runtime {ort.__version__}")
    print("| operator | type | compared | differing |\n|---|---|---|---|")
    failed = False
    for name, trial in TRIALS_OF.items():
        for dtype in (np.uint8, np.int8):
            rng = np.random.default_rng(17)
            compared = differing = 0
            for _ in range(TRIALS):
                theirs, ours = trial(rng, dtype)
                compared += theirs.size
                differing += int(np.count_nonzero(theirs != ours))
            failed |= differing > 0
            print(f"| {name} | {np.dtype(dtype)} | {compared} | {differing} |", flush=True)
    if failed:
        sys.exit("some codes differ")


if __name__ == "__main__":
    main()
