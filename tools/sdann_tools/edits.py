"""Changes to quantized graphs that the quantizer has no option for but other tools make."""

import numpy as np
import onnx
from onnx import helper


def leave_output_float(model: onnx.ModelProto) -> None:
    """Removes the QuantizeLinear and DequantizeLinear that end the graph."""
    join(model, model.graph.output[0].name)


def leave_activation_input_float(model: onnx.ModelProto) -> None:
    """Removes the QuantizeLinear and DequantizeLinear between a linear layer and Relu or Clip."""
    activation = next(n for n in model.graph.node if n.op_type in ("Relu", "Clip"))
    join(model, activation.input[0])


def insert_relu_before_output(model: onnx.ModelProto) -> None:
    """Puts a Relu between the last linear layer and its QuantizeLinear."""
    dequantize = producer(model, model.graph.output[0].name)
    quantize = producer(model, dequantize.input[0])
    relu = helper.make_node("Relu", [quantize.input[0]], ["relu_out"], name="relu")
    quantize.input[0] = "relu_out"
    model.graph.node.insert(list(model.graph.node).index(quantize), relu)
    onnx.checker.check_model(model)


def quantize_output(scale: float, zero_point: int):
    """Appends a QuantizeLinear and a DequantizeLinear, of int8, to the output."""

    def edit(model: onnx.ModelProto) -> None:
        output = model.graph.output[0].name
        producer(model, output).output[0] = "before_output"
        parameters = ["output_scale_", "output_zero_point_"]
        values = np.float32(scale), np.int8(zero_point)
        model.graph.initializer.extend(
            onnx.numpy_helper.from_array(np.asarray(v), n) for v, n in zip(values, parameters)
        )
        model.graph.node.extend(
            [
                helper.make_node(
                    "QuantizeLinear", ["before_output", *parameters], ["output_codes"]
                ),
                helper.make_node("DequantizeLinear", ["output_codes", *parameters], [output]),
            ]
        )
        onnx.checker.check_model(model)

    return edit


def join(model: onnx.ModelProto, dequantized: str) -> None:
    """Removes the quantization pair that ends in tensor `dequantized`, which keeps its name."""
    dequantize = producer(model, dequantized)
    quantize = producer(model, dequantize.input[0])
    source = producer(model, quantize.input[0])
    source.output[0] = dequantized
    model.graph.node.remove(dequantize)
    model.graph.node.remove(quantize)
    onnx.checker.check_model(model)


def producer(model: onnx.ModelProto, tensor: str) -> onnx.NodeProto:
    """The node that computes a tensor."""
    return next(n for n in model.graph.node if tensor in n.output)
