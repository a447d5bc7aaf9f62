"""A float ONNX model as an equal PyTorch module, which SpikingJelly can trace and convert."""

import onnx
import torch
from onnx import numpy_helper
from torch import nn


class TorchNetwork(nn.Module):
    """Runs the nodes of an ONNX graph one after the other, each a PyTorch module of the same name."""

    def __init__(self, model: onnx.ModelProto):
        super().__init__()
        graph = model.graph
        self._constants = {
            t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer
        }
        self._input = graph.input[0].name
        self._output = graph.output[0].name
        self._plan = []
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            build = getattr(self, f"_{node.op_type.lower()}", None)
            if build is None:
                raise SystemExit(f"node '{node.name}': {node.op_type} has no PyTorch module here")
            name = f"{node.name}_"  # "class" alone is no attribute in Python
            self.add_module(name, build(node, attributes))
            sources = [name for name in node.input if name not in self._constants]
            self._plan.append((name, sources, node.output[0]))
        self.eval()

    def forward(self, x):
        values = {self._input: x}
        for name, sources, output in self._plan:
            values[output] = getattr(self, name)(*(values[source] for source in sources))
        return values[self._output]

    def _conv(self, node, attributes):
        weight = self._constants[node.input[1]]
        axes = weight.ndim - 2
        pads = attributes.get("pads", [0] * 2 * axes)
        if pads[:axes] != pads[axes:]:
            raise SystemExit(f"node '{node.name}': PyTorch pads both sides alike, not {pads}")
        groups = attributes.get("group", 1)
        kind = {1: nn.Conv1d, 2: nn.Conv2d}[axes]
        layer = kind(
            weight.shape[1] * groups,
            weight.shape[0],
            tuple(weight.shape[2:]),
            stride=tuple(attributes.get("strides", [1] * axes)),
            padding=tuple(pads[:axes]),
            dilation=tuple(attributes.get("dilations", [1] * axes)),
            groups=groups,
        )
        return self._with_weights(layer, weight, self._constants[node.input[2]])

    def _gemm(self, node, attributes):
        weight = self._constants[node.input[1]]
        if not attributes.get("transB", 0):
            weight = weight.T
        layer = nn.Linear(weight.shape[1], weight.shape[0])
        return self._with_weights(layer, weight, self._constants[node.input[2]])

    @staticmethod
    def _with_weights(layer, weight, bias):
        layer.weight = nn.Parameter(weight, requires_grad=False)
        layer.bias = nn.Parameter(bias, requires_grad=False)
        return layer

    def _relu(self, _node, _attributes):
        return nn.ReLU()

    def _maxpool(self, _node, attributes):
        kernel = attributes["kernel_shape"]
        kind = {1: nn.MaxPool1d, 2: nn.MaxPool2d}[len(kernel)]
        return kind(tuple(kernel), stride=tuple(attributes["strides"]))

    def _globalaveragepool(self, node, _attributes):
        return nn.AdaptiveAvgPool1d(1) if self._axes_of(node) == 1 else nn.AdaptiveAvgPool2d(1)

    def _axes_of(self, node):
        weights = [w for w in self._constants.values() if w.ndim > 2]
        return weights[-1].ndim - 2

    def _flatten(self, _node, _attributes):
        return nn.Flatten()

    def _add(self, _node, _attributes):
        return _Add()

    def _concat(self, _node, attributes):
        return _Concat(attributes["axis"])


class _Add(nn.Module):
    def forward(self, first, second):
        return first + second


class _Concat(nn.Module):
    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def forward(self, *parts):
        return torch.cat(parts, self.axis)
