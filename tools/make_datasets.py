"""Writes `assets/datasets/`: test and calibration images of both data sets, as gzipped IDX."""

from sdann_tools import datasets


def main() -> None:
    for source in (datasets.mnist(), datasets.digits()):
        parts = datasets.split(source)
        datasets.write_part(f"{source.name}-test", parts.test)
        datasets.write_part(f"{source.name}-calibration", parts.calibration)
        print(
            f"{source.name}: {len(parts.test.labels)} test, {len(parts.training.labels)} training,"
            f" {len(parts.calibration.labels)} of these for calibration"
        )


if __name__ == "__main__":
    main()
