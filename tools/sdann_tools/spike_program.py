"""Reads the spike programs that `sdann map --program` writes (`docs/SPIKE-PROGRAM.md`).

Wirings are worked out anew in NumPy, from the file's own numbers, so that what is built of them is
independent of the engine.
"""

import base64
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TYPES = {
    "i8": "<i1",
    "i16": "<i2",
    "i32": "<i4",
    "u32": "<u4",
    "i64": "<i8",
    "f32": "<f4",
    "f64": "<f8",
}
NOTHING = 0xFFFF_FFFF  # in a view's map: nothing is connected


@dataclass(frozen=True)
class Synapses:
    """Synapses of one dendrite: neuron `source` of `tensor` feeds neuron `target` of the layer."""

    tensor: np.ndarray
    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray


class Program:
    def __init__(self, file: Path):
        self.document = json.loads(file.read_text())
        assert self.document["format"] == "sdann-program" and self.document["version"] == 1
        lists = self.document["lists"]
        self.bytes = base64.b64decode(lists["base64"])
        assert len(self.bytes) == lists["bytes"] and zlib.crc32(self.bytes) == lists["crc32"]
        self.layers = self.document["network"]["layers"]
        self.tensors = self.document["network"]["tensors"]
        self.cores = self.document["cores"]
        self.topology = self.document["chip"]["topology"]

    def numbers(self, stored) -> np.ndarray:
        """A list, wherever it stands."""
        if isinstance(stored, list):
            return np.array(stored) if stored else np.zeros(0, int)
        return np.frombuffer(self.bytes, TYPES[stored["type"]], stored["count"], stored["offset"])

    def length(self, tensor: int) -> int:
        return int(np.prod(self.tensors[tensor]["shape"], dtype=int))

    def core_of(self, tensor: int) -> np.ndarray:
        """The core where each neuron of a tensor fires."""
        volume = self.document["chip"]["tilings"][tensor]["volume"]
        index = np.arange(self.length(tensor)).reshape(
            volume["channels"], volume["height"], volume["width"]
        )
        cores = np.full(index.size, -1)
        assert self.document["chip"]["tilings"][tensor]["parts"] == 1, (
            "partial sums aren't replayed"
        )
        for core in self.cores:
            for held in core["holds"]:
                if held["tensor"] == tensor and held["part"] == 0:
                    box = (slice(*held[axis]) for axis in ("channels", "rows", "columns"))
                    cores[index[tuple(box)]] = core["core"]
        assert (cores >= 0).all()
        return cores

    def slices(self) -> list[int]:
        """The core of each slice, tensor by tensor."""
        held = [
            (each["tensor"], each["slice"], core["core"])
            for core in self.cores
            for each in core["holds"]
        ]
        return [core for _, _, core in sorted(held)]

    def synapses(self, layer: int, dendrite: int) -> Synapses:
        """Every synapse of a dendrite that is no padding."""
        dendrite = self.layers[layer]["dendrites"][dendrite]
        wiring = dendrite["connections"]
        source, target, index = wired(wiring)
        rows, stride = self.numbers(dendrite["synapses"]["rows"]), dendrite["synapses"]["stride"]
        if dendrite["reduce"] == "sum":
            fan_in = weights_of_a_neuron(wiring)
            weight = rows[index // fan_in * stride + index % fan_in]
        else:
            weight = np.ones(len(index), int)
        view = dendrite["view"]
        if view["map"] is None:
            return Synapses(np.full(len(source), view["tensors"][0]), source, target, weight)
        seen = self.numbers(view["map"]).astype(np.int64)[source]
        tensor = np.full(len(seen), -1)
        first = 0
        neuron = seen.copy()
        for each in view["tensors"]:
            inside = (first <= seen) & (seen < first + self.length(each)) & (seen != NOTHING)
            tensor[inside], neuron[inside] = each, seen[inside] - first
            first += self.length(each)
        exists = tensor >= 0
        return Synapses(tensor[exists], neuron[exists], target[exists], weight[exists])


def weights_of_a_neuron(wiring) -> int:
    taps = wiring["rows"]["kernel"] * wiring["columns"]["kernel"]
    return wiring["input"]["channels"] // wiring["groups"] * taps


def wired(wiring) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Input element, output neuron and weight index of each synapse of a wiring."""
    inputs, outputs = wiring["input"], wiring["output"]
    groups = wiring["groups"]
    kernel = (wiring["rows"]["kernel"], wiring["columns"]["kernel"])
    out_channel, channel, row, column, row_tap, column_tap = np.meshgrid(
        np.arange(outputs["channels"]),
        np.arange(inputs["channels"] // groups),
        np.arange(outputs["height"]),
        np.arange(outputs["width"]),
        np.arange(kernel[0]),
        np.arange(kernel[1]),
        indexing="ij",
        sparse=True,
    )

    def seen(window, output, tap):
        return output * window["stride"] + tap * window["dilation"] - window["pad_before"]

    in_row = seen(wiring["rows"], row, row_tap)
    in_column = seen(wiring["columns"], column, column_tap)
    in_channel = (
        out_channel // (outputs["channels"] // groups) * (inputs["channels"] // groups) + channel
    )
    exists = (
        (in_row >= 0)
        & (in_row < inputs["height"])
        & (in_column >= 0)
        & (in_column < inputs["width"])
    )
    source = (in_channel * inputs["height"] + in_row) * inputs["width"] + in_column
    target = (out_channel * outputs["height"] + row) * outputs["width"] + column
    tap = (channel * kernel[0] + row_tap) * kernel[1] + column_tap
    index = out_channel * weights_of_a_neuron(wiring) + tap
    shape = np.broadcast_shapes(source.shape, target.shape, index.shape, exists.shape)
    chosen = np.broadcast_to(exists, shape)
    return tuple(np.broadcast_to(array, shape)[chosen] for array in (source, target, index))
