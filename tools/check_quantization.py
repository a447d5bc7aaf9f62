"""Compares the engine's quantization of float models with that of ONNX Runtime's `quantize_static`.

For every float network of the gallery and three calibration methods (8 bits, weights per channel, uint8
activations): the quality of both on the shipped test data, and how many output codes differ where ONNX
Runtime runs the file that the engine writes. Then what fewer bits cost on `mnist-cnn`. Writes
`tests/fixtures/quantization.json` and the tables of `docs/QUANTIZATION.md`.

`SDANN` may name the program; without it, it is built.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationMethod, QuantType

from sdann_tools import idx
from sdann_tools.command_line import program
from sdann_tools.paths import GALLERY, MODELS, ROOT
from sdann_tools.quantizer import quantized
from sdann_tools.runtime import output_codes, run

RESULT = ROOT / "tests" / "fixtures" / "quantization.json"
PAGE = ROOT / "docs" / "QUANTIZATION.md"
MARK = "<!-- The tables below are written by tools/check_quantization.py. -->\n"
METHODS = {
    "min-max": (CalibrationMethod.MinMax, {}),
    "percentile": (CalibrationMethod.Percentile, {"CalibPercentile": 99.99}),
    "entropy": (CalibrationMethod.Entropy, {}),
}


def stored(name: str) -> np.ndarray:
    return idx.read(GALLERY.parent / name)


class Network:
    """A float network of the gallery with its data."""

    def __init__(self, entry):
        self.name = entry["id"]
        self.file = MODELS / f"{self.name}.float.onnx"
        self.model = onnx.load(self.file)
        self.data = entry["dataset"]
        dims = self.model.graph.input[0].type.tensor_type.shape.dim
        self.sample = [dim.dim_value for dim in dims][1:]
        self.measure = entry["quality"]["measure"]

    def inputs(self, part: str) -> np.ndarray:
        values = stored(self.data[part]).astype(np.float32) / np.float32(self.data["divide_by"])
        return values.reshape(-1, *self.sample)

    def flags(self) -> list[str]:
        """Its data, as the program's flags."""
        flags = ["--data", self.path("samples"), "--calibration", self.path("calibration")]
        flags += ["--divide-by", str(self.data["divide_by"])]
        if "labels" in self.data:
            return [*flags, "--labels", self.path("labels")]
        targets = self.data["targets"]
        flags += ["--targets", str(GALLERY.parent / targets["file"])]
        return [
            *flags,
            *("--measure", targets["measure"]),
            *("--divide-targets-by", str(targets["divide_by"])),
        ]

    def path(self, part: str) -> str:
        return str(GALLERY.parent / self.data[part])

    def quality(self, outputs: np.ndarray) -> float:
        if self.measure == "accuracy":
            return float(np.mean(outputs.argmax(axis=1) == stored(self.data["labels"])))
        targets = self.data["targets"]
        expected = stored(targets["file"]).astype(np.float64) / targets["divide_by"]
        squares = (outputs.reshape(len(outputs), -1) - expected.reshape(len(outputs), -1)) ** 2
        if self.measure == "rmse":
            return float(np.sqrt(squares.mean()))
        return float(np.mean(-10 * np.log10(squares.mean(axis=1))))


def ours(sdann: str, network: Network, *options: str) -> dict:
    """The program's report of a quantization."""
    command = [sdann, "quantize", str(network.file), *network.flags(), "--json", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def compared(sdann: str, network: Network, method: str) -> dict:
    theirs_by, extra = METHODS[method]
    with tempfile.TemporaryDirectory() as folder:
        file, codes = Path(folder) / "own.onnx", Path(folder) / "codes.npy"
        report = ours(sdann, network, "--activation-range", method, "-o", str(file))
        samples = network.inputs("samples")
        flags = [sdann, "run", str(file), "--inputs", network.path("samples")]
        flags += ["--divide-by", str(network.data["divide_by"]), "--output", str(codes)]
        subprocess.run([*flags, "--engine", "integer"], check=True, capture_output=True)
        model = onnx.load(file)
        onnx.checker.check_model(model)
        (found,) = run(model, samples)
        expected = np.load(codes).reshape(found.shape)
        differing = int((output_codes(model, found) != expected).sum())
    peer = quantized(
        network.model,
        network.inputs("calibration"),
        activation_type=QuantType.QUInt8,
        calibrate_method=theirs_by,
        extra_options=extra,
    )
    (outputs,) = run(peer, samples)
    return {
        "model": network.name,
        "method": method,
        "measure": network.measure,
        "float": report["float_quality"],
        "sdann": report["quantized_quality"],
        "onnxruntime": network.quality(outputs),
        "codes": int(expected.size),
        "codes_differing": differing,
    }


def swept(sdann: str, network: Network) -> list[dict]:
    """What fewer bits cost, by the plainest options and by those that lose less."""
    careful = ["--weight-range", "mse", "--activation-range", "mse", "--quantization-correct", "on"]
    rows = []
    for bits in range(8, 0, -1):
        row = {"bits": bits}
        for what in ("weight", "activation"):
            for name, options in (("plain", []), ("careful", careful)):
                report = ours(sdann, network, f"--{what}-bits", str(bits), *options)
                row[f"{what}s_{name}"] = report["quantized_quality"]
        rows.append(row)
    return rows


def shown(measure: str, value: float) -> str:
    if measure == "accuracy":
        return f"{value:.1%}".replace("%", " %")
    return f"{value:.2f} dB" if measure == "psnr" else f"{value:.4f}"


def page(rows: list[dict], sweep: list[dict]) -> str:
    text = "\n## Held against ONNX Runtime\n\n"
    text += "Test data of the gallery; accuracy, mean PSNR (dB) or RMSE (smaller is better). *Differing* are\n"
    text += "output codes that ONNX Runtime computes otherwise when it runs the file that `sdann quantize` wrote.\n\n"
    text += "| network | range | float | `sdann` | `quantize_static` | codes | differing |\n"
    text += "|---|---|---|---|---|---|---|\n"
    for row in rows:
        values = (shown(row["measure"], row[key]) for key in ("float", "sdann", "onnxruntime"))
        text += f"| `{row['model']}` | {row['method']} | {' | '.join(values)} | {row['codes']} | {row['codes_differing']} |\n"
    text += "\n## What fewer bits cost\n\n"
    text += "Accuracy of `mnist-cnn`, input and output at 8 bits. *Plain* are the defaults; *careful* adds\n"
    text += "`--weight-range mse --activation-range mse --quantization-correct on`.\n\n"
    text += (
        "| bits | weights, plain | weights, careful | activations, plain | activations, careful |\n"
    )
    text += "|---|---|---|---|---|\n"
    for row in sweep:
        keys = ("weights_plain", "weights_careful", "activations_plain", "activations_careful")
        values = (shown("accuracy", row[key]) for key in keys)
        text += f"| {row['bits']} | {' | '.join(values)} |\n"
    return text


def main() -> None:
    sdann = program()
    networks = [Network(entry) for entry in json.loads(GALLERY.read_text())["models"]]
    rows = []
    for network in networks:
        for method in METHODS:
            rows.append(compared(sdann, network, method))
            print(rows[-1])
    sweep = swept(sdann, networks[0])
    RESULT.write_text(json.dumps({"compared": rows, "sweep": sweep}, indent=2) + "\n")
    head = PAGE.read_text().split(MARK)[0]
    PAGE.write_text(head + MARK + page(rows, sweep))


if __name__ == "__main__":
    main()
