"""Writes the shipped models: each network trained, as float ONNX and as quantized ONNX.

Arguments are names of networks; without any, all are made.
"""

import sys

import onnx

from sdann_tools import gallery


def main() -> None:
    for network in gallery.chosen(sys.argv[1:]):
        data = network.data()
        for ending, model in network.make(data).items():
            onnx.save(model, network.file(ending))
            score = network.measure(gallery.outputs(model, data.test), data.expected)
            print(f"{network.name}{ending}: {score:.4f}", flush=True)


if __name__ == "__main__":
    main()
