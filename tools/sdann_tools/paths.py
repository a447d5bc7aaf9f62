"""Where the scripts read and write, relative to the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "assets" / "datasets"
MODELS = ROOT / "assets" / "models"
GALLERY = ROOT / "assets" / "gallery.json"
FIXTURES = ROOT / "tests" / "fixtures"
CORPUS = ROOT / "tests" / "corpus"
BAD_CORPUS = ROOT / "tests" / "corpus-bad"

# Models that the page doesn't offer yet, and the cases of their operators, wait in folders of their own.
# With "" here they are made beside the others; what is in the waiting folders then moves there.
WAITING = "-next"
NEXT_MODELS = ROOT / "assets" / f"models{WAITING}"
NEXT_FIXTURES = ROOT / "tests" / f"fixtures{WAITING}"
NEXT_CORPUS = ROOT / "tests" / f"corpus{WAITING}"
