"""Converting to TensorFlow Lite and running it: full-integer models by the official converter, and every
tensor's codes by the reference kernels."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import warnings

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated.*")

REFERENCE = tf.lite.experimental.OpResolverType.BUILTIN_REF
DEFAULT = tf.lite.experimental.OpResolverType.AUTO


def converted(
    model, calibration, *, inputs="int8", outputs="int8", per_tensor=False, batch=1
) -> bytes:
    """The full-integer model that the converter makes of a Keras model, calibrated with `calibration`
    (float32 [samples, ...]). `inputs` and `outputs` are int8, uint8 or float32."""
    shape = model.inputs[0].shape[1:]
    function = tf.function(lambda x: model(x, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec([batch, *shape], tf.float32))
    frozen = convert_variables_to_constants_v2(concrete)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None]] for sample in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.dtypes.as_dtype(inputs)
    converter.inference_output_type = tf.dtypes.as_dtype(outputs)
    converter._experimental_disable_per_channel = per_tensor
    return converter.convert()


def with_simple_scales(model: bytes) -> bytes:
    """The same model with every scale rounded to a power of two, so that results often lie halfway between two
    codes."""
    content = schema.ModelT.InitFromPackedBuf(model, 0)
    for tensor in content.subgraphs[0].tensors:
        if tensor.quantization is not None and tensor.quantization.scale is not None:
            scale = np.asarray(tensor.quantization.scale, np.float64)
            tensor.quantization.scale = np.exp2(np.round(np.log2(scale))).astype(np.float32)
    builder = flatbuffers.Builder(len(model))
    builder.Finish(content.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def interpreter(model: bytes, kernels=REFERENCE, keep=False) -> tf.lite.Interpreter:
    """A model ready to run, one sample at a time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ready = tf.lite.Interpreter(
            model_content=model,
            experimental_op_resolver_type=kernels,
            experimental_preserve_all_tensors=keep,
            num_threads=1,
        )
    ready.allocate_tensors()
    return ready


def quantized_inputs(model: bytes, samples) -> np.ndarray:
    """What a model takes for real numbers: codes of its input's type, or the numbers themselves."""
    details = interpreter(model).get_input_details()[0]
    if details["dtype"] == np.float32:
        return samples.astype(np.float32)
    scale, zero_point = details["quantization"]
    limits = np.iinfo(details["dtype"])
    codes = np.round(samples / np.float32(scale)) + zero_point
    return np.clip(codes, limits.min, limits.max).astype(details["dtype"])


def run(model: bytes, inputs, kernels=REFERENCE) -> np.ndarray:
    """What a model answers to each sample, as it writes it: [samples, ...]."""
    ready = interpreter(model, kernels)
    given, answer = ready.get_input_details()[0]["index"], ready.get_output_details()[0]["index"]
    answers = []
    for sample in inputs:
        ready.set_tensor(given, sample[None])
        ready.invoke()
        answers.append(ready.get_tensor(answer)[0])
    return np.stack(answers)


def hidden(model: bytes, inputs) -> list[tuple[dict, np.ndarray]]:
    """The codes of every tensor that an operator writes, by the reference kernels: what the interpreter says of
    it, and int16 [samples, elements]. Converted constants are left out."""
    ready = interpreter(model, keep=True)
    given = ready.get_input_details()[0]["index"]
    written = {index for op in ready._get_ops_details() for index in op["outputs"]}
    details = [
        d
        for d in ready.get_tensor_details()
        if d["index"] in written and d["dtype"] in (np.int8, np.uint8)
    ]
    codes = [[] for _ in details]
    for sample in inputs:
        ready.set_tensor(given, sample[None])
        ready.invoke()
        for rows, tensor in zip(codes, details):
            rows.append(ready.get_tensor(tensor["index"]).astype(np.int16).ravel())
    return [(tensor, np.stack(rows)) for tensor, rows in zip(details, codes)]


def operators(model: bytes) -> list[str]:
    """The operators of a model, in order."""
    return [
        op["op_name"] for op in interpreter(model)._get_ops_details() if op["op_name"] != "DELEGATE"
    ]
