"""Writes `tests/corpus-bad/`: files an importer must refuse with a helpful message, never a panic."""

import json
import shutil

import numpy as np
import onnx
import onnxruntime

from sdann_tools import runtime
from sdann_tools.breakages import BREAKAGES
from sdann_tools.cases import stack_case
from sdann_tools.paths import BAD_CORPUS
from sdann_tools.quantizer import quantized

INTRODUCTION = """\
# Models to refuse

Written by `tools/make_bad_corpus.py`, each from the same good network with one thing broken. An
importer refuses each with an error that says what is wrong and where; it never panics, hangs or
reserves memory for what a header claims. `cases.json` holds this table with the names that a useful
error mentions. The last column is whether ONNX Runtime {version} opens the file: it opens some,
since what can run as floats need not be able to run as spikes.

| file | what is wrong | ONNX Runtime |
|---|---|---|
"""


def good_models() -> tuple[bytes, bytes]:
    """The float and the quantized network that everything is broken from, serialized."""
    rng = np.random.default_rng(0)
    case = stack_case("good", "the network before it is broken")
    model = case.build(rng)
    samples = rng.uniform(-1, 1.5, (32, *case.sample)).astype(np.float32)
    return model.SerializeToString(), quantized(model, samples).SerializeToString()


def opens(data: bytes) -> bool:
    """Whether ONNX Runtime makes a session of these bytes."""
    try:
        runtime.session_of_bytes(data)
    except Exception:  # its errors share no base class
        return False
    return True


def main() -> None:
    shutil.rmtree(BAD_CORPUS, ignore_errors=True)
    BAD_CORPUS.mkdir(parents=True)
    good = good_models()
    rows, cases = [], []
    for breakage in BREAKAGES:
        models = (onnx.load_from_string(data) for data in good)
        data = breakage.make(*models)
        file = f"{breakage.name}.onnx"
        (BAD_CORPUS / file).write_bytes(data)
        rows.append(f"| `{file}` | {breakage.about} | {'opens' if opens(data) else 'refuses'} |\n")
        cases.append(
            {
                "file": file,
                "about": breakage.about,
                "mentions": list(breakage.mentions),
            }
        )
    introduction = INTRODUCTION.format(version=onnxruntime.__version__)
    (BAD_CORPUS / "README.md").write_text(introduction + "".join(rows))
    text = json.dumps({"cases": cases}, indent=2, ensure_ascii=False)
    (BAD_CORPUS / "cases.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
