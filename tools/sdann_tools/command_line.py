"""The program `sdann`, for scripts that compare what it says."""

import json
import os
import subprocess
from pathlib import Path

from sdann_tools.paths import ROOT


def program() -> str:
    """The path that SDANN names; without it, that of a release build made here."""
    if "SDANN" in os.environ:
        return os.environ["SDANN"]
    subprocess.run(["cargo", "build", "--release", "--bin", "sdann"], cwd=ROOT, check=True)
    described = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return str(Path(json.loads(described.stdout)["target_directory"]) / "release" / "sdann")
