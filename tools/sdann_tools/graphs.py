"""A small builder for float ONNX graphs with readable names."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# The oldest IR version that carries each opset used here, so that old readers can read old opsets.
CONTRIB_DOMAIN = "com.microsoft"
IR_VERSIONS = {
    11: 6,
    12: 7,
    13: 7,
    14: 7,
    15: 8,
    16: 8,
    17: 8,
    18: 8,
    19: 9,
    20: 9,
    21: 10,
    22: 10,
    23: 11,
}


class GraphBuilder:
    """Collects nodes and initializers; each node's output is named after the node.

    `input_shape` is the shape of the one input, batch first; a string is a free dimension.
    """

    def __init__(self, name: str, input_shape, opset: int = 17, input_name: str = "image"):
        self.name = name
        self.opset = opset
        self.input = helper.make_tensor_value_info(input_name, TensorProto.FLOAT, input_shape)
        self.nodes = []
        self.initializers = []
        self.last = input_name
        self.contrib = False  # whether an operator of ONNX Runtime's own domain is used

    def _opsets(self):
        own = [helper.make_opsetid(CONTRIB_DOMAIN, 1)] if self.contrib else []
        return [helper.make_opsetid("", self.opset), *own]

    def contrib_node(self, op: str, name: str, *inputs: str, **attributes) -> str:
        """Adds a node of ONNX Runtime's own domain; all its inputs are named."""
        self.contrib = True
        self.last = inputs[0]
        return self.node(op, name, *inputs[1:], domain=CONTRIB_DOMAIN, **attributes)

    def constant(self, name: str, values) -> str:
        """Adds an initializer and returns its name."""
        self.initializers.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, op: str, name: str, *extra_inputs: str, **attributes) -> str:
        """Adds a node that continues the chain, and returns the name of its output."""
        output = f"{name}_out"
        self.nodes.append(
            helper.make_node(op, [self.last, *extra_inputs], [output], name=name, **attributes)
        )
        self.last = output
        return output

    def linear(self, op: str, name: str, weight, bias=None, **attributes) -> str:
        """Adds a Conv, Gemm or MatMul with its weights, as float32 initializers."""
        inputs = [self.constant(f"{name}_weight", np.asarray(weight, np.float32))]
        if bias is not None:
            inputs.append(self.constant(f"{name}_bias", np.asarray(bias, np.float32)))
        return self.node(op, name, *inputs, **attributes)

    def quantize(self, name: str, scale: float, zero_point: np.ndarray) -> str:
        """Adds a QuantizeLinear whose parameters are initializers."""
        return self.node("QuantizeLinear", name, *self.parameters(name, scale, zero_point))

    def dequantize(self, name: str, scale: float, zero_point: np.ndarray) -> str:
        """Adds a DequantizeLinear whose parameters are initializers."""
        return self.node("DequantizeLinear", name, *self.parameters(name, scale, zero_point))

    def parameters(self, name: str, scale, zero_point) -> list[str]:
        """Adds a scale and a zero point as initializers; returns their names."""
        return [
            self.constant(f"{name}_scale", np.asarray(scale, np.float32)),
            self.constant(f"{name}_zero_point", zero_point),
        ]

    def model(self, output_name: str, output_type: int = TensorProto.FLOAT) -> onnx.ModelProto:
        """The finished and checked model; the last node's output is the only graph output."""
        self.nodes[-1].output[0] = output_name
        output = helper.make_tensor_value_info(output_name, output_type, None)
        graph = helper.make_graph(
            self.nodes, self.name, [self.input], [output], initializer=self.initializers
        )
        model = helper.make_model(
            graph,
            opset_imports=self._opsets(),
            ir_version=IR_VERSIONS[self.opset],
            producer_name="sdann-tools",
        )
        if self.contrib:
            return model  # the checker doesn't know these operators
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        del model.graph.value_info[:]  # only the output's shape was wanted
        onnx.checker.check_model(model, full_check=True)
        return model
