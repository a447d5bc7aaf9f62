"""Writes `tests/corpus/`: small quantized models, inputs, and what ONNX Runtime makes of them."""

import json
import shutil
import zlib

import numpy as np
import onnx
import onnxruntime

from sdann_tools import reference, runtime
from sdann_tools.cases import CASES, Case
from sdann_tools.paths import CORPUS
from sdann_tools.quantizer import quantized

SAMPLES = 8
CALIBRATION_SAMPLES = 64

# What ONNX Runtime runs on real numbers; all else that it leaves after optimization runs on codes.
FLOAT_OPERATORS = {
    "Conv",
    "FusedConv",
    "Gemm",
    "FusedGemm",
    "MatMul",
    "FusedMatMul",
    "Relu",
    "Clip",
}


INTRODUCTION = """\
# The golden corpus

Written by `tools/make_corpus.py` with ONNX Runtime {version}, default options, CPU. One folder a case,
one subject a case: small networks with random weights, quantized by ONNX Runtime's `quantize_static`
on random calibration data.

- `model.onnx` the QDQ model.
- `input.npy` float32 samples, [{samples}, ...]; where `batch` is 1 they are fed one by one.
- `output.npy` int32 codes, or float32 values where the model's output is not quantized. Feeding all
  samples at once gives the same as one by one.
- `case.json` what the case is about; type, scale and zero point of the output's codes; the operators
  that ONNX Runtime executes after optimization; and how many outputs differ from the exact integer
  sums of `tools/sdann_tools/reference.py`.

`kernel` tells whether ONNX Runtime sums integers or floats. In a *float* case it dequantizes, computes
in float32 and quantizes again, so a value within float error of a rounding tie may come out one code
off on another machine or version. The test of a float case may allow for that, and for the
last bits of a float output; an integer case is exact.

| case | about | kernel | output | differing |
|---|---|---|---|---|
"""


def main() -> None:
    shutil.rmtree(CORPUS, ignore_errors=True)
    CORPUS.mkdir(parents=True)
    rows = []
    for case in CASES:
        description = write(case)
        differing = description["reference"]["differing"]
        output = description["output"].get("type", "float32")
        row = f"| `{case.name}` | {case.about} | {description['kernel']} | {output} | {differing} |"
        rows.append(row + "\n")
        print(row)
    introduction = INTRODUCTION.format(version=onnxruntime.__version__, samples=SAMPLES)
    (CORPUS / "README.md").write_text(introduction + "".join(rows))


def write(case: Case) -> dict:
    """Makes one case's folder; returns its description."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    float_model = case.build(rng)
    calibration = rng.uniform(-1, 1.5, (CALIBRATION_SAMPLES, *case.sample)).astype(np.float32)
    inputs = (case.range * rng.uniform(-1, 1.5, (SAMPLES, *case.sample))).astype(np.float32)
    model = quantized(float_model, calibration, **case.options)
    if case.edit:
        case.edit(model)
    output = run_in_any_batch(model, inputs, case.batch)
    description = describe(case, model, inputs, output)

    folder = CORPUS / case.name
    folder.mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    np.save(folder / "input.npy", inputs)
    np.save(folder / "output.npy", output)
    text = json.dumps(description, indent=2, ensure_ascii=False)
    (folder / "case.json").write_text(text + "\n")
    return description


def run_in_any_batch(model, inputs, batch) -> np.ndarray:
    """Output codes as int32, or float32 values; the same whether samples come alone or together."""
    one_by_one = runtime.run(model, inputs, batch=1)[0]
    if batch != 1:
        together = runtime.run(model, inputs)[0]
        if not np.array_equal(one_by_one, together):
            raise AssertionError("the batch size changes the output")
    if runtime.output_quantization(model) is None:
        return one_by_one
    return runtime.output_codes(model, one_by_one).astype(np.int32)


def describe(case, model, inputs, output) -> dict:
    """What `case.json` says."""
    executed = [node.op_type for node in runtime.optimized(model).graph.node]
    return {
        "about": case.about,
        "opset": next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")),
        "batch": case.batch,
        "output": _output(model),
        "kernel": "float" if FLOAT_OPERATORS & set(executed) else "integer",
        "executed": executed,
        "reference": _compare(model, inputs, output),
        "onnxruntime": onnxruntime.__version__,
    }


def _output(model):
    quantization = runtime.output_quantization(model)
    if quantization is None:
        return {"kind": "float"}
    scale, zero_point = quantization
    return {
        "kind": "codes",
        "type": str(zero_point.dtype),
        "scale": float(scale),
        "zero_point": int(zero_point),
    }


def _compare(model, inputs, output):
    """How far ONNX Runtime is from the exact integer sums of the NumPy reference."""
    expected = reference.result(model, inputs)
    difference = np.abs(expected.astype(np.float64) - output.astype(np.float64))
    return {
        "values": int(difference.size),
        "differing": int(np.count_nonzero(difference)),
        "largest_difference": float(difference.max()),
    }


if __name__ == "__main__":
    main()
