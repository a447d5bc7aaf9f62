"""Writes `tests/corpus/`: small quantized models, inputs, and what ONNX Runtime makes of them.

Arguments are names of cases; without any, the folder is emptied and all are made.
"""

import json
import shutil
import sys
import zlib

import numpy as np
import onnx
import onnxruntime

from sdann_tools import reference, runtime
from sdann_tools.cases import CASES, Case
from sdann_tools.operator_cases import OPERATOR_CASES
from sdann_tools.paths import CORPUS
from sdann_tools.quantizer import quantized

SAMPLES = 8
CALIBRATION_SAMPLES = 64

# What ONNX Runtime computes on real numbers, unless its input is codes.
FLOAT_OPERATORS = {
    "Conv",
    "FusedConv",
    "Gemm",
    "FusedGemm",
    "MatMul",
    "FusedMatMul",
    "Relu",
    "Clip",
    "ConvTranspose",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "Add",
    "Sub",
    "Mul",
    "LeakyRelu",
    "Sigmoid",
    "Tanh",
    "HardSigmoid",
    "Softmax",
    "BatchNormalization",
    "Pad",
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
  sums of `tools/sdann_tools/reference/`.

`kernel` tells whether ONNX Runtime sums integers or floats. In a *float* case it dequantizes, computes
in float32 and quantizes again, so a value within float error of a rounding tie may come out one code
off on another machine or version. The test of a float case may allow for that, and for the
last bits of a float output; an integer case is exact.

Many cases here are written directly (`tools/sdann_tools/hand_built.py`) instead of by the quantizer, with scales that
are often simple ratios of each other, so that rounding ties are common.

`form` in `case.json` tells how the model is written: *QDQ*, *QOperator*, *QCDQ* (a Clip between
QuantizeLinear and DequantizeLinear narrows the codes), or *integer* (ConvInteger, MatMulInteger).
An output of `kind` *labels* holds indices. How ONNX Runtime computes each operator on codes stands in
`docs/onnxruntime-arithmetic.md`; the reference does the same.

"""

TABLE_HEAD = """\
| case | about | kernel | output | differing |
|---|---|---|---|---|
"""


def main() -> None:
    cases = CASES + OPERATOR_CASES
    chosen = sys.argv[1:] or [case.name for case in cases]
    if len(chosen) == len(cases):
        shutil.rmtree(CORPUS, ignore_errors=True)
        CORPUS.mkdir(parents=True)
    for case in cases:
        if case.name in chosen:
            write(CORPUS / case.name, case)
            print(case.name, flush=True)
    introduction = INTRODUCTION.format(version=onnxruntime.__version__, samples=SAMPLES)
    (CORPUS / "README.md").write_text(introduction + TABLE_HEAD + "".join(map(_row, cases)))


def _row(case: Case) -> str:
    """A case's line in the table."""
    description = json.loads((CORPUS / case.name / "case.json").read_text())
    differing = description["reference"]["differing"]
    output = description["output"].get("type", "float32")
    return f"| `{case.name}` | {case.about} | {description['kernel']} | {output} | {differing} |\n"


def write(folder, case: Case) -> None:
    """Makes one case's folder."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    model = case.build(rng)
    calibration = rng.uniform(-1, 1.5, (CALIBRATION_SAMPLES, *case.sample)).astype(np.float32)
    inputs = (case.range * rng.uniform(-1, 1.5, (SAMPLES, *case.sample))).astype(np.float32)
    if case.prepare:
        model = case.prepare(model)
    if not case.quantized:
        model = quantized(model, calibration, **case.options)
    if case.edit:
        case.edit(model)
    output = run_in_any_batch(model, inputs, case.batch)
    description = describe(case, model, inputs, output)

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    np.save(folder / "input.npy", inputs)
    np.save(folder / "output.npy", output)
    text = json.dumps(description, indent=2, ensure_ascii=False)
    (folder / "case.json").write_text(text + "\n")


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
    optimized = runtime.optimized(model)
    executed = [node.op_type for node in optimized.graph.node]
    form = {"form": case.form} if case.form else {}
    return {
        "about": case.about,
        **form,
        "opset": next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")),
        "batch": case.batch,
        "output": _output(model, output),
        "kernel": "float" if computes_on_reals(optimized.graph) else "integer",
        "executed": executed,
        "reference": _compare(model, inputs, output),
        "onnxruntime": onnxruntime.__version__,
    }


def computes_on_reals(graph) -> bool:
    """Whether an operator computes on real numbers, in a graph as ONNX Runtime executes it."""
    integers = {t.name for t in graph.initializer if t.data_type != onnx.TensorProto.FLOAT}
    for node in graph.node:
        on_codes = node.input[0] in integers
        if node.op_type in FLOAT_OPERATORS and not on_codes:
            return True
        if node.op_type.startswith("Q") or node.op_type.endswith("Integer") or on_codes:
            integers.update(node.output)
        if node.op_type in ("DequantizeLinear", "Cast"):
            integers.difference_update(node.output)
    return False


def _output(model, values):
    quantization = runtime.output_quantization(model)
    if quantization is None:
        if values.dtype.kind == "i":
            return {"kind": "labels", "type": str(values.dtype)}
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
