"""Writes `tests/corpus-float/`: float models, inputs, and what ONNX Runtime makes of them.

Small networks with random weights, one subject each; two networks as PyTorch's exporters write them; and,
without the model itself, the float networks of the gallery. Needs PyTorch (see `requirements.txt`).
"""

import io
import shutil
import zlib

import numpy as np
import onnx
from onnx import helper

from sdann_tools import runtime
from sdann_tools.graphs import GraphBuilder
from sdann_tools.paths import ROOT

FOLDER = ROOT / "tests" / "corpus-float"
MODELS = ROOT / "assets" / "models"
SAMPLES = 4
CASES = {}


def case(name, sample, opset=17, batch="N"):
    """Registers a function that adds nodes to a graph; its weights come from the case's generator."""

    def register(function):
        def make():
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            graph = GraphBuilder(name, [batch, *sample], opset)
            function(graph, rng)
            return graph.model("answer")

        CASES[name] = make, sample
        return function

    return register


def weights(rng, *shape):
    return (rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def conv(graph, rng, name, outputs, inputs, *kernel, bias=True, **attributes):
    offsets = weights(rng, outputs) if bias else None
    graph.linear("Conv", name, weights(rng, outputs, inputs, *kernel), offsets, **attributes)


def normalization(graph, rng, name, channels, **attributes):
    values = (
        ("gain", rng.uniform(0.5, 1.5, channels)),
        ("offset", rng.normal(size=channels)),
        ("mean", rng.normal(size=channels)),
        ("variance", rng.uniform(0.2, 2, channels)),
    )
    names = [graph.constant(f"{name}_{n}", v.astype(np.float32)) for n, v in values]
    graph.node("BatchNormalization", name, *names, **attributes)


for suffix, attributes in {
    "plain": {},
    "strides-asymmetric-pads": {"strides": [2, 1], "pads": [1, 0, 2, 1]},
    "dilation": {"dilations": [2, 3]},
    "same-upper": {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    "same-lower": {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
    "valid": {"auto_pad": "VALID"},
}.items():

    @case(f"conv-{suffix}", (3, 11, 10))
    def _(graph, rng, attributes=attributes):
        conv(graph, rng, "conv", 5, 3, 3, 2, **attributes)


@case("conv-groups", (6, 7, 7))
def _(graph, rng):
    conv(graph, rng, "conv", 4, 3, 3, 3, group=2, bias=False)


@case("conv-depthwise", (9, 7, 7))
def _(graph, rng):
    conv(graph, rng, "depth", 18, 1, 3, 3, group=9, pads=[1, 1, 1, 1])
    graph.node("Relu", "relu")
    conv(graph, rng, "point", 20, 18, 1, 1)


@case("conv-1d", (3, 20))
def _(graph, rng):
    conv(graph, rng, "conv", 4, 3, 5, dilations=[2], strides=[2], pads=[3, 1])


@case("conv-transpose", (4, 5, 6))
def _(graph, rng):
    graph.linear(
        "ConvTranspose",
        "up",
        weights(rng, 4, 3, 3, 2),
        weights(rng, 6),
        group=2,
        strides=[2, 3],
        pads=[1, 0, 0, 1],
        output_padding=[1, 0],
        dilations=[1, 2],
    )
    normalization(graph, rng, "norm", 6)


@case("conv-transpose-1d", (4, 9))
def _(graph, rng):
    graph.linear("ConvTranspose", "up", weights(rng, 4, 3, 4), strides=[2], pads=[1, 1])


@case("gemm-alpha-beta", (12,))
def _(graph, rng):
    graph.linear("Gemm", "gemm", weights(rng, 12, 7), weights(rng, 1, 7), alpha=0.3, beta=-1.7)
    graph.linear("Gemm", "last", weights(rng, 5, 7), weights(rng, 5), transB=1)


@case("matmul-add", (12,))
def _(graph, rng):
    graph.linear("MatMul", "mul", weights(rng, 12, 7))
    graph.node("Add", "add", graph.constant("offsets", weights(rng, 7)))
    graph.node("Tanh", "tanh")


@case("matmul-rows", (5, 12))
def _(graph, rng):
    graph.linear("MatMul", "mul", weights(rng, 12, 7))
    graph.node("Add", "add", graph.constant("offsets", weights(rng, 7)))
    graph.node("Relu", "relu")
    graph.node("Flatten", "flat")
    graph.linear("MatMul", "last", weights(rng, 35, 3))


@case("batch-normalization-behind-conv", (3, 8, 8))
def _(graph, rng):
    conv(graph, rng, "conv", 6, 3, 3, 3, bias=False)
    normalization(graph, rng, "norm", 6, epsilon=1e-3)
    graph.node("Relu", "relu")


@case("batch-normalization-alone", (3, 8, 8))
def _(graph, rng):
    normalization(graph, rng, "norm", 3)
    conv(graph, rng, "conv", 6, 3, 3, 3)


@case("batch-normalization-behind-relu", (12,), opset=11)
def _(graph, rng):
    graph.linear("Gemm", "gemm", weights(rng, 12, 7))
    graph.node("Relu", "relu")
    normalization(graph, rng, "norm", 7)
    graph.linear("Gemm", "last", weights(rng, 7, 4))


FUNCTIONS = {
    "leaky-relu": ("LeakyRelu", {"alpha": 0.2}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "hard-sigmoid": ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
}
for suffix, (op, attributes) in FUNCTIONS.items():

    @case(f"function-{suffix}", (10,))
    def _(graph, rng, op=op, attributes=attributes):
        graph.linear("Gemm", "gemm", weights(rng, 10, 8) * 3, weights(rng, 8))
        graph.node(op, "function", **attributes)
        graph.linear("Gemm", "last", weights(rng, 8, 4))


@case("clip", (10,))
def _(graph, rng):
    graph.linear("Gemm", "gemm", weights(rng, 10, 8) * 9)
    six = [graph.constant(n, np.float32(v)) for n, v in (("least", 0), ("most", 6))]
    graph.node("Clip", "clip", *six)
    graph.linear("Gemm", "last", weights(rng, 8, 4))
    graph.node("Softmax", "softmax", axis=-1)


for suffix, op, attributes, opset in (
    ("max", "MaxPool", {"pads": [1, 0, 1, 1], "strides": [2, 2]}, 17),
    ("max-dilated", "MaxPool", {"dilations": [2, 2]}, 17),
    ("average", "AveragePool", {"pads": [1, 0, 1, 1], "strides": [2, 2]}, 17),
    (
        "average-padding-counts",
        "AveragePool",
        {"pads": [1, 0, 1, 1], "strides": [2, 2], "count_include_pad": 1, "ceil_mode": 1},
        19,
    ),
):

    @case(f"pool-{suffix}", (3, 9, 10), opset)
    def _(graph, rng, op=op, attributes=attributes):
        graph.node(op, "pool", kernel_shape=[3, 2], **attributes)
        conv(graph, rng, "conv", 4, 3, 2, 2)
        graph.node("GlobalAveragePool", "mean")
        graph.node("Flatten", "flat")


@case("branches", (4, 6, 6), opset=13)
def _(graph, rng):
    conv(graph, rng, "first", 4, 4, 3, 3, pads=[1, 1, 1, 1])
    first = graph.node("Relu", "relu")
    conv(graph, rng, "left", 4, 4, 3, 3, pads=[1, 1, 1, 1])
    left = graph.node("Add", "add", first)
    graph.last = first
    conv(graph, rng, "right", 3, 4, 1, 1)
    right = graph.last
    graph.last = left
    graph.node("Concat", "join", right, axis=1)
    graph.node("Sub", "less", graph.constant("offset", weights(rng, 7, 1, 1)))
    graph.node("Mul", "times", graph.constant("factor", np.float32(0.37)))
    graph.node("Div", "by", graph.constant("divisor", np.float32(1.7)))


@case("moves", (2, 4, 6), opset=18)
def _(graph, rng):
    conv(graph, rng, "conv", 3, 2, 1, 1)
    graph.node("Transpose", "turn", perm=[0, 2, 1, 3])
    graph.node("Unsqueeze", "more", graph.constant("axis", np.array([2])))
    graph.node("Squeeze", "less", graph.constant("same", np.array([2])))
    graph.node("Pad", "pad", graph.constant("pads", np.array([0, 0, 1, 0, 0, 1, 0, 2])))
    bounds = [
        graph.constant(n, np.array(v)) for n, v in (("from", [1]), ("to", [7]), ("along", [3]))
    ]
    graph.node("Slice", "cut", *bounds)
    scales = graph.constant("scales", np.array([1, 1, 2, 1.5], np.float32))
    graph.node("Resize", "grow", "", scales, mode="nearest", nearest_mode="floor")
    graph.node("Reshape", "flat", graph.constant("shape", np.array([0, -1])))


@case("identity-dropout", (10,))
def _(graph, rng):
    graph.node("Identity", "same")
    graph.linear("Gemm", "gemm", weights(rng, 10, 8))
    graph.node("Dropout", "drop")
    graph.node("Relu", "relu")
    graph.linear("Gemm", "last", weights(rng, 8, 4))


for opset in (11, 13, 23):

    @case(f"opset-{opset}", (1, 8, 8), opset)
    def _(graph, rng):
        conv(graph, rng, "conv", 3, 1, 3, 3)
        graph.node("Relu", "relu")
        graph.node("MaxPool", "pool", kernel_shape=[2, 2], strides=[2, 2])
        graph.node("Flatten", "flat")
        graph.linear("Gemm", "last", weights(rng, 27, 4), weights(rng, 4))


@case("batch-of-one", (1, 8, 8), batch=1)
def _(graph, rng):
    conv(graph, rng, "conv", 3, 1, 3, 3)
    graph.node("Reshape", "flat", graph.constant("shape", np.array([1, 108])))
    graph.linear("Gemm", "last", weights(rng, 108, 4))


@case("weights-of-codes", (2, 6, 6), opset=13)
def _(graph, rng):
    """The weights alone are quantized; what passes between layers are real numbers."""
    codes = graph.constant("codes", rng.integers(-128, 128, (4, 2, 3, 3)).astype(np.int8))
    scales = graph.constant("scales", rng.uniform(0.001, 0.01, 4).astype(np.float32))
    graph.nodes.append(helper.make_node("DequantizeLinear", [codes, scales], ["reals"], axis=0))
    graph.node("Conv", "conv", "reals")
    graph.node("Relu", "relu")


def torch_network():
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(8, 8, 3, padding=1, groups=4, bias=False)
            self.norm = nn.BatchNorm2d(8)

        def forward(self, x):
            return torch.relu(x + self.norm(self.conv(x)))

    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU6(),
        Block(),
        nn.MaxPool2d(2),
        nn.Dropout(),
        nn.Upsample(scale_factor=2),
        nn.ConvTranspose2d(8, 6, 2, stride=2),
        nn.Hardsigmoid(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 12),
        nn.LeakyReLU(0.1),
        nn.Linear(12, 5),
    )
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network.eval(), torch.zeros(1, 1, 12, 12)


def torch_export(dynamo):
    import torch

    network, example = torch_network()
    file = io.BytesIO()
    if dynamo:
        batch = {"input": {0: torch.export.Dim("N", min=1, max=64)}}
        torch.onnx.export(
            network, (torch.zeros(2, 1, 12, 12),), file, dynamo=True, dynamic_shapes=batch
        )
    else:
        axes = {"input": {0: "N"}, "output": {0: "N"}}
        torch.onnx.export(
            network,
            (example,),
            file,
            dynamo=False,
            input_names=["input"],
            output_names=["output"],
            dynamic_axes=axes,
        )
    return onnx.load_from_string(file.getvalue())


CASES["torch-script"] = (lambda: torch_export(False)), (1, 12, 12)
CASES["torch-dynamo"] = (lambda: torch_export(True)), (1, 12, 12)


def write(folder, model, inputs, store):
    """Stores the answers, read out before a last Softmax, of one sample after the other."""
    folder.mkdir(parents=True)
    answers = model
    if model.graph.node[-1].op_type == "Softmax":
        answers = onnx.ModelProto.FromString(model.SerializeToString())
        answers.graph.output[0].name = answers.graph.node.pop().input[0]
    (outputs,) = runtime.run(answers, inputs, batch=1)
    np.save(folder / "input.npy", inputs)
    np.save(folder / "output.npy", outputs)
    if store:
        onnx.save(model, folder / "model.onnx")


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, (make, sample) in CASES.items():
        rng = np.random.default_rng(zlib.crc32(name.encode()) + 1)
        inputs = rng.uniform(-1, 2, (SAMPLES, *sample)).astype(np.float32)
        write(FOLDER / name, make(), inputs, store=True)
    for path in sorted(MODELS.glob("*.float.onnx")):
        name = path.name.removesuffix(".float.onnx")
        model = onnx.load(path)
        dims = model.graph.input[0].type.tensor_type.shape.dim
        sample = [dim.dim_value for dim in dims][1:]
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        inputs = rng.uniform(0, 1, (SAMPLES, *sample)).astype(np.float32)
        write(FOLDER / f"gallery-{name}", model, inputs, store=False)


if __name__ == "__main__":
    main()
