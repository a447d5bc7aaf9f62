"""Runs every model that the engine writes as ONNX in ONNX Runtime, and compares the outputs.

The engine's test suite writes the models with samples and its own outputs; this feeds the samples to ONNX
Runtime with its default optimizations and writes how many outputs differ to
`tests/fixtures/written-onnx.json`. Real numbers (models whose output isn't quantized) are equal within 1e-6
of the largest. Where ONNX Runtime sums real numbers in an order of its own, a tie may round otherwise: the
test that reads the result names these models. Ends with an error if codes differ by more than 1.
"""

import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime as ort

from sdann_tools.paths import ROOT
from sdann_tools.runtime import output_codes, output_quantization, run

WRITER = "write_models_with_samples_and_codes"
RESULT = ROOT / "tests" / "fixtures" / "written-onnx.json"
FLOAT = 1e-6


def write_models():
    """The folder into which the test suite has written the models."""
    cargo = ["cargo", "test", "--test", "export", WRITER, "--", "--ignored"]
    subprocess.run(cargo, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    described = subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True)
    target = json.loads(described.stdout)["target_directory"]
    return type(ROOT)(target) / "tmp" / "written-onnx"


def differing(folder):
    """How many outputs there are, and how many differ from ONNX Runtime's."""
    model = onnx.load(folder / "model.onnx")
    onnx.checker.check_model(model)
    (found,) = run(model, np.load(folder / "input.npy"))
    # The engine holds an output in the shape that its layer has before a Reshape.
    expected = np.load(folder / "output.npy").reshape(found.shape)
    if output_quantization(model) is None:
        near = np.abs(found - expected) <= FLOAT * np.abs(expected).max()
        return expected.size, int((~near).sum())
    distances = np.abs(output_codes(model, found).astype(np.int64) - expected)
    if distances.max() > 1:
        sys.exit(f"{folder}: codes differ by up to {distances.max()}")
    return expected.size, int(distances.sum())


def main():
    folder = write_models()
    models = {}
    for case in sorted(folder.iterdir()):
        name = (case / "name.txt").read_text()
        models[name] = differing(case)
        if models[name][1]:
            print(f"{name}: {models[name][1]} of {models[name][0]} differ")
    lines = [f"    {json.dumps(name)}: {json.dumps(models[name])}" for name in sorted(models)]
    head = f'{{\n  "onnxruntime": "{ort.__version__}",\n  "models": {{\n'
    RESULT.write_text(head + ",\n".join(lines) + "\n  }\n}\n")
    values = sum(count for count, _ in models.values())
    wrong = sum(count for _, count in models.values())
    print(f"{len(models)} models, {values} outputs, {wrong} differ")


if __name__ == "__main__":
    main()
