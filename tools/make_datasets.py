"""Writes `assets/datasets/`: what the networks are tested and calibrated with, as gzipped IDX.

Arguments are names of data sets; without any, all are made. `vowels` needs the package aeon.
"""

import sys

from sdann_tools import datasets, denoiser, sine, vowels


def write_images(source: datasets.Source) -> None:
    parts = datasets.split(source)
    datasets.write_part(f"{source.name}-test", parts.test)
    datasets.write_part(f"{source.name}-calibration", parts.calibration)
    if len(parts.test.labels) < datasets.ENOUGH:
        datasets.write_part(f"{source.name}-training", parts.training)
    print(
        f"{source.name}: {len(parts.test.labels)} test, {len(parts.training.labels)} training,"
        f" {len(parts.calibration.labels)} of these for calibration"
    )


DATASETS = {
    "mnist": lambda: write_images(datasets.mnist()),
    "digits": lambda: write_images(datasets.digits()),
    "mnist-noisy": denoiser.write_dataset,
    "sine": sine.write_dataset,
    "vowels": vowels.write_datasets,
}


def main() -> None:
    for name in sys.argv[1:] or DATASETS:
        DATASETS[name]()


if __name__ == "__main__":
    main()
