"""ONNX Runtime's own post-training quantizer, with this project's defaults."""

import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static


class Samples(CalibrationDataReader):
    """Feeds calibration inputs one by one."""

    def __init__(self, input_name: str, inputs: np.ndarray):
        self.remaining = iter([{input_name: sample[None]} for sample in inputs])

    def get_next(self):
        return next(self.remaining, None)


def quantized(model: onnx.ModelProto, calibration: np.ndarray, **options) -> onnx.ModelProto:
    """A QDQ model: int8 activations, per-channel int8 weights, unless `options` say otherwise.

    `options` are those of `onnxruntime.quantization.quantize_static`.
    """
    settings = {
        "quant_format": QuantFormat.QDQ,
        "per_channel": True,
        "activation_type": QuantType.QInt8,
        "weight_type": QuantType.QInt8,
    } | options
    logging.getLogger().setLevel(logging.ERROR)  # it advises preprocessing on every call
    with tempfile.TemporaryDirectory() as folder:
        # By file name: handed a model in memory, quantize_static moves its weights to a file.
        original, target = Path(folder) / "float.onnx", Path(folder) / "quantized.onnx"
        onnx.save(model, original)
        reader = Samples(model.graph.input[0].name, calibration)
        quantize_static(original, target, reader, **settings)
        result = onnx.load(target)
    onnx.checker.check_model(result)
    return result
