"""Running a model in ONNX Runtime, on the CPU, and reading integer codes back from it."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort


def session(model: onnx.ModelProto, optimize: bool = True) -> ort.InferenceSession:
    """A CPU session with ONNX Runtime's default options, or with every optimization off."""
    return session_of_bytes(model.SerializeToString(), optimize)


def session_of_bytes(data: bytes, optimize: bool = True) -> ort.InferenceSession:
    """Like `session`, for a model as stored in a file, valid or not."""
    return ort.InferenceSession(data, _options(optimize), providers=["CPUExecutionProvider"])


def _options(optimize):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if not optimize:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def run(
    model: onnx.ModelProto, inputs: np.ndarray, batch: int | None = None, optimize: bool = True
) -> list[np.ndarray]:
    """All graph outputs for all inputs, fed in batches of `batch` (all at once by default)."""
    runner = session(model, optimize)
    name = runner.get_inputs()[0].name
    step = batch or len(inputs)
    pieces = [
        runner.run(None, {name: inputs[start : start + step]})
        for start in range(0, len(inputs), step)
    ]
    return [np.concatenate(outputs) for outputs in zip(*pieces)]


def optimized(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph that ONNX Runtime really executes after its default optimizations."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimized.onnx"
        options = _options(True)
        options.optimized_model_filepath = str(path)
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(path)


def with_outputs(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """A copy of the model whose tensors `names` are graph outputs too."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return copy


def output_codes(model: onnx.ModelProto, values: np.ndarray) -> np.ndarray:
    """The integer codes behind the floats of a model that ends in a DequantizeLinear.

    A code q was dequantized to (q − Z)·S in float32, so dividing and rounding recovers it; the
    result is dequantized again and compared, so a wrong guess cannot pass.
    """
    scale, zero_point = output_quantization(model)
    codes = np.rint(values.astype(np.float64) / scale).astype(np.int64) + int(zero_point)
    again = (codes - int(zero_point)).astype(np.float32) * scale
    if not np.array_equal(again, values):
        raise ValueError("the output is not a dequantized tensor")
    return codes.astype(zero_point.dtype)


def output_quantization(model: onnx.ModelProto):
    """Scale and zero point of the DequantizeLinear that ends the model, or None without one."""
    last = next(n for n in model.graph.node if model.graph.output[0].name in n.output)
    if last.op_type != "DequantizeLinear":
        return None
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    scale, zero_point = (constants[name].reshape(()) for name in last.input[1:3])
    return np.float32(scale), zero_point
