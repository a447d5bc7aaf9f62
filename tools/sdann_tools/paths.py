"""Where the scripts read and write, relative to the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "assets" / "datasets"
MODELS = ROOT / "assets" / "models"
GALLERY = ROOT / "assets" / "gallery.json"
FIXTURES = ROOT / "tests" / "fixtures"
FIXTURES_TFLITE = ROOT / "tests" / "fixtures-tflite"
CORPUS = ROOT / "tests" / "corpus"
BAD_CORPUS = ROOT / "tests" / "corpus-bad"
