"""Makes full-integer TensorFlow Lite models of random architectures and holds the engine against the reference kernels.

Writes cases as `make_tflite_corpus.py` does to a folder (first argument), for a first and a last seed (second and
third), and runs the engine's test on them.
"""

import os
import subprocess
import sys
from pathlib import Path

from make_tflite_corpus import write
from sdann_tools.paths import ROOT
from sdann_tools.tflite_unseen import random_case

TEST = ["cargo", "test", "--test", "engine", "the_cases_of_any_folder_give_tensorflow_lites", "--"]


def main() -> None:
    folder, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for seed in range(first, last + 1):
        case = random_case(seed)
        write(folder / case.name, case)
    environment = {**os.environ, "SDANN_TFLITE_CASES": str(folder.resolve())}
    subprocess.run([*TEST, "--ignored", "--nocapture"], cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    main()
