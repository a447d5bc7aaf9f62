"""Replays mapped networks in SANA-FE, on the Loihi that it ships, and compares what both simulators count.

For each case `sdann map` writes the spike program of a network on that chip, with the spikes of some samples, and
a report. From the program the same neurons, synapses and places are built in SANA-FE 2.2.9; there every neuron
fires in the very steps in which it fires here. Spikes, packets, hops and synaptic operations must be equal, in all,
step by step and core by core; energies of the same kind must be within 1 %. Where no register scales or overflows,
the membranes that SANA-FE sums up with the real weights must be the engine's, too.

Writes `tests/fixtures/sanafe.json`, which the engine's tests hold its own counts against. How the two models
differ stands in `docs/SANA-FE.md`.

Needs `requirements-sanafe.txt`. `SDANN` may name the program; without it, it is built.
"""

import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sanafe

from sdann_tools import command_line
from sdann_tools.paths import FIXTURES, MODELS, ROOT
from sdann_tools.spike_program import Program

RESULT = FIXTURES / "sanafe.json"
PAGE = ROOT / "docs" / "SANA-FE.md"
MARK = "<!-- The table is written by tools/check_sanafe.py. -->\n"
CHIP = "loihi-sana-fe"
TILES = (8, 4)  # of `loihi.yaml`, which numbers them column by column
CORES = TILES[0] * TILES[1] * 4  # four to a tile
SYNAPSE = "loihi_dense_synapse"
CLOSE = 0.01
# What a replayed neuron's bias is while it fires: far above the threshold, which no sum reaches.
THRESHOLD, BIAS = 1e7, 2e7


@dataclass(frozen=True)
class Case:
    model: str
    data: str
    divide_by: int
    samples: int
    settings: tuple[str, ...] = ()
    weighs: bool = False  # whether membranes are compared, too


MNIST = ("mnist-test-images.idx3-ubyte.gz", 255)
CASES = {
    "digits-mlp": Case("digits-mlp", "digits-test-images.idx3-ubyte.gz", 16, 3, (), True),
    "digits-mlp, 16 neurons a core": Case(
        "digits-mlp",
        "digits-test-images.idx3-ubyte.gz",
        16,
        1,
        ("--neurons-per-core", "16", "--order", "lsb"),
        True,
    ),
    "mnist-cnn": Case("mnist-cnn", *MNIST, 2, (), True),
    "mnist-cnn, tiles, Y before X": Case(
        "mnist-cnn",
        *MNIST,
        1,
        ("--partition", "tiles", "--routing", "yx", "--placement", "hilbert"),
    ),
    "mnist-residual": Case("mnist-residual", *MNIST, 2),
}


def mapped(sdann: str, case: Case, folder: Path) -> tuple[Program, dict]:
    """The spike program and the report of a case."""
    chip = folder / "chip.toml"
    known = subprocess.run(
        [sdann, "chips", CHIP, "--toml"], check=True, capture_output=True, text=True
    ).stdout
    # SANA-FE's numbers have no width.
    chip.write_text(
        re.sub(
            r"^((?:membrane|bias|bias-exponent)-bits) = .*", r'\1 = "unknown"', known, flags=re.M
        )
    )
    file = folder / "program.json"
    command = [
        sdann,
        "map",
        str(MODELS / f"{case.model}.onnx"),
        "--chip-file",
        str(chip),
        *case.settings,
    ]
    command += ["--data", str(ROOT / "assets" / "datasets" / case.data)]
    command += ["--divide-by", str(case.divide_by), "--samples", str(case.samples)]
    command += ["--program", str(file), "--json"]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Program(file), json.loads(report)


class Replay:
    """A program built in SANA-FE. Weights are 0, or those of the network.

    A tensor that two layers listen to fires in the window of each for that layer alone, but SANA-FE's neurons always
    fire for all. So layers that share a tensor are synapses of different networks of the same neurons, and each
    step runs in the network of the layer that listens.
    """

    def __init__(self, program: Program, weighs: bool):
        self.program = program
        self.weighs = weighs
        self.network_of = apart([self.sources(layer) for layer in range(len(program.layers))])
        self.chips = [self.build(index) for index in range(max(self.network_of) + 1)]

    def sources(self, layer: int) -> set[int]:
        dendrites = self.program.layers[layer]["dendrites"]
        return {tensor for dendrite in dendrites for tensor in dendrite["view"]["tensors"]}

    def build(self, index: int) -> sanafe.SpikingChip:
        architecture = sanafe.load_loihi()
        cores = architecture.cores()
        network = sanafe.Network()
        attributes = {
            "threshold": THRESHOLD,
            "reset_mode": "hard",
            "leak_decay": 0.0,  # the potential is the current of the step before
            "bias": 0.0,
        }
        groups = []
        for tensor in range(len(self.program.tensors)):
            group = network.create_neuron_group(
                name(tensor),
                self.program.length(tensor),
                attributes,
                default_synapse_hw_name=SYNAPSE,
                soma_hw_name="loihi_lif",
                log_spikes=True,
                log_potential=self.weighs,
            )
            for neuron, core in zip(group, self.program.core_of(tensor)):
                neuron.map_to_core(cores[theirs(core)])
            groups.append(group)
        for layer in np.flatnonzero(np.array(self.network_of) == index):
            self.connect(int(layer), groups)
        chip = sanafe.SpikingChip(architecture)
        chip.load(network)
        return chip

    def connect(self, layer: int, groups: list) -> None:
        for dendrite in range(len(self.program.layers[layer]["dendrites"])):
            synapses = self.program.synapses(layer, dendrite)
            for tensor in np.unique(synapses.tensor):
                chosen = synapses.tensor == tensor
                pairs = zip(synapses.source[chosen].tolist(), synapses.target[chosen].tolist())
                weights = synapses.weight[chosen].astype(float) * self.weighs
                groups[tensor].connect_neurons_sparse(
                    groups[layer + 1], {"weight": weights.tolist()}, list(pairs)
                )

    def step(self, layer: int, fired) -> dict:
        """One time step in which these neurons, (group, index), fire for a layer."""
        chip = self.chips[self.network_of[layer]]
        neurons = chip.mapped_neuron_groups
        for group, neuron in fired:
            neurons[group][neuron].set_attributes({"bias": BIAS})
        with contextlib.redirect_stdout(io.StringIO()):
            result = chip.sim(
                1,
                timing_model="simple",
                spike_trace=True,
                potential_trace=self.weighs or None,
                perf_trace=True,
                message_trace=True,
            )
        for group, neuron in fired:
            neurons[group][neuron].set_attributes({"bias": 0.0})
        return result

    def run(self, sample: dict) -> list[dict]:
        """All steps; where weights count, with a silent one behind each window, in which its last currents show."""
        results = []
        before = 0
        for step in sample["steps"]:
            layer = step["layer"]
            if self.weighs and layer != before:
                results.append(self.step(before, []))
            before = layer
            fired = [
                (name(each["tensor"]), int(neuron))
                for each in step["fired"]
                for neuron in self.program.numbers(each["neurons"])
            ]
            result = self.step(layer, fired)
            expected = sorted(f"{group}.{neuron}" for group, neuron in fired)
            assert sorted(map(str, result["spike_trace"][0])) == expected, "other neurons fired"
            results.append(result)
        if self.weighs:
            results.append(self.step(before, []))
        return results

    def neurons(self) -> int:
        return sum(len(group) for group in self.chips[0].mapped_neuron_groups.values())


def apart(sources: list[set[int]]) -> list[int]:
    """For each layer a number that no other layer has which shares a source with it."""
    numbers: list[int] = []
    for layer, own in enumerate(sources):
        taken = {numbers[other] for other in range(layer) if sources[other] & own}
        numbers.append(next(number for number in range(layer + 1) if number not in taken))
    return numbers


def name(tensor: int) -> str:
    return f"t{tensor:03}"


def theirs(core: int) -> int:
    """SANA-FE's number of a core."""
    router, within = divmod(int(core), 4)
    y, x = divmod(router, TILES[0])
    return (x * TILES[1] + y) * 4 + within


def ours(tile: int, within: int) -> int:
    x, y = divmod(tile, TILES[1])
    return (y * TILES[0] + x) * 4 + within


def counted(program: Program, sample: dict, results: list[dict]) -> dict:
    """What SANA-FE counts, step by step and core by core."""
    cores = np.zeros((len(results), CORES, 4), np.uint32)  # spikes, sent, received, operations
    steps = []
    east_west = north_south = 0
    energy = dict.fromkeys(("synapse", "dendrite", "soma", "network", "total"), 0.0)
    place = {tensor: program.core_of(tensor) for tensor in range(len(program.tensors))}
    for index, (result, firing) in enumerate(zip(results, sample["steps"])):
        for each in firing["fired"]:
            np.add.at(
                cores[index, :, 0], place[each["tensor"]][program.numbers(each["neurons"])], 1
            )
        for message in result["message_trace"][0]:
            if message["placeholder"]:
                continue
            source = ours(message["src_tile_id"], message["src_core_offset"])
            target = ours(message["dest_tile_id"], message["dest_core_offset"])
            cores[index, source, 1] += 1
            cores[index, target, 2] += 1
            cores[index, target, 3] += message["spikes"]
            x, y = (
                abs(a - b)
                for a, b in zip(tile(message["src_tile_id"]), tile(message["dest_tile_id"]))
            )
            assert x + y == message["hops"]
            east_west, north_south = east_west + x, north_south + y
        perf = {key: values[0] for key, values in result["perf_trace"].items()}
        packets = result["packets_sent"]
        steps.append([perf["fired"], packets, perf["hops"], perf["spikes"], perf["updated"]])
        assert perf["fired"] == cores[index, :, 0].sum()
        assert packets == cores[index, :, 1].sum() == cores[index, :, 2].sum()
        assert perf["spikes"] == cores[index, :, 3].sum()
        for kind in energy:
            energy[kind] += perf[f"{kind}_energy"]
    totals = cores.sum(axis=0, dtype=int)
    return {
        "steps": steps,
        "cores": {str(core): totals[core].tolist() for core in np.flatnonzero(totals.any(axis=1))},
        # Of the counts of each core in each step, as 32-bit numbers in this order.
        "crc32": zlib.crc32(cores.astype("<u4").tobytes()),
        "hops": {"east_west": east_west, "north_south": north_south},
        "energy": energy,
    }


def tile(index: int) -> tuple[int, int]:
    return divmod(index, TILES[1])


def check_membranes(program: Program, sample: dict) -> int:
    """Holds the sums of SANA-FE's potentials against the membranes; returns how many."""
    replay = Replay(program, weighs=True)
    results = replay.run(sample)
    logged = [tensor for tensor in range(len(program.tensors))]
    first = np.cumsum([0, *(program.length(tensor) for tensor in logged)])
    compared = step = 0
    for layer, described in enumerate(program.layers):
        window = sum(each["layer"] == layer for each in sample["steps"])
        dendrite = described["dendrites"][0]
        can_compare = len(described["dendrites"]) == 1 and dendrite["reduce"] == "sum"
        scale = dendrite["scale"]
        if can_compare and scale["numerator"] == scale["denominator"]:
            neurons = slice(first[layer + 1], first[layer + 2])
            start = program.numbers(dendrite["start"])
            membrane = np.zeros(program.length(layer + 1))
            if len(start) and not dendrite["doubling"]:
                membrane += start
            for offset in range(window):
                current = np.array(results[step + offset + 1]["potential_trace"][0])[neurons]
                weight = dendrite["steps"][offset]["weight"]
                membrane = membrane * (2 if dendrite["doubling"] else 1) + weight * current
            assert (membrane == program.numbers(sample["membranes"][layer][0])).all(), (
                f"layer {layer}"
            )
            compared += len(membrane)
        step += window + 1
    return compared


def compare(report: dict, totals: list[dict]) -> list[str]:
    """What differs between the engine's report and SANA-FE's counts, both summed over all samples."""
    differences = []

    def expect(what, mine, their):
        if mine != their:
            differences.append(f"{what}: {mine} here, {their} there")

    columns = ("spikes", "packets", "hops", "synaptic_operations")
    for index, step in enumerate(report["steps"]):
        for column, key in enumerate(columns):
            expect(
                f"step {index}, {key}", step[key], sum(t["steps"][index][column] for t in totals)
            )
    for core in report["cores"]:
        for column, key in enumerate(("spikes", "sent", "received", "synaptic_operations")):
            there = (t["cores"].get(str(core["core"]), [0] * 4)[column] for t in totals)
            expect(f"core {core['core']}, {key}", core[key], sum(there))
    return differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="; ".join(CASES))
    chosen = parser.parse_args().cases
    sdann = command_line.program()
    fixture = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    fixture.setdefault("sanafe", "2.2.9")
    wrong = 0
    for title in chosen or CASES:
        case = CASES[title]
        with tempfile.TemporaryDirectory() as folder:
            program, report = mapped(sdann, case, Path(folder))
        totals = []
        for sample in program.document["samples"]:
            # A chip of its own for each sample: SANA-FE's neurons remember the last one's end.
            replay = Replay(program, weighs=False)
            totals.append(counted(program, sample, replay.run(sample)))
        neurons = replay.neurons()
        differences = compare(report, totals)
        sums = np.sum([np.sum(total["steps"], axis=0) for total in totals], axis=0)
        print(f"{title}: {case.samples} samples, {len(totals[0]['steps'])} steps")
        for what, number in zip(
            ("spikes", "packets", "hops", "synaptic operations", "updates"), sums
        ):
            print(f"  {what}: {number}")
        if case.weighs:
            compared = check_membranes(program, program.document["samples"][0])
            print(f"  {compared} membranes equal")
        differences += compare_energy(report, totals, neurons)
        for difference in differences[:10]:
            print(f"  DIFFERS {difference}")
        wrong += bool(differences)
        fixture.setdefault("cases", {})[title] = {
            "model": case.model,
            "data": case.data.split("-")[0],
            "divide_by": case.divide_by,
            "chip": {
                key: program.document["chip"][key]
                for key in ("topology", "routing", "delivery", "tilings")
            },
            "cores": program.slices(),
            "order": program.document["network"]["conversion"]["order"],
            "neurons": neurons,
            "samples": totals,
        }
        RESULT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    write_table(fixture["cases"])
    sys.exit(wrong > 0)


def write_table(cases: dict) -> None:
    """Writes what SANA-FE counted into the page."""
    rows = [
        "| case | samples | spikes | packets | hops | synaptic operations | energy |",
        "|---|---|---|---|---|---|---|",
    ]
    for title, case in cases.items():
        sums = np.sum([np.sum(each["steps"], axis=0) for each in case["samples"]], axis=0)
        energy = sum(each["energy"]["total"] for each in case["samples"])
        numbers = " | ".join(f"{number:,}" for number in sums[:4])
        rows.append(f"| {title} | {len(case['samples'])} | {numbers} | {energy * 1e6:.3f} µJ |")
    before, after = PAGE.read_text().split(MARK)
    behind = after.split("\n## ", 1)[1]
    PAGE.write_text(before + MARK + "\n" + "\n".join(rows) + "\n\n## " + behind)


def compare_energy(report: dict, totals: list[dict], neurons: int) -> list[str]:
    """Prints energies by kind beside SANA-FE's; returns those that must agree and don't."""
    parts = {part["kind"]: (part["count"], part["joules"]) for part in report["energy"]["parts"]}
    there = {kind: sum(total["energy"][kind] for total in totals) for kind in totals[0]["energy"]}
    # Synapses are all of the dense kind there, the dearest: the upper end of the range here.
    here = {kind: joules["high"] if joules else 0.0 for kind, (_, joules) in parts.items()}
    network = sum(
        here.get(kind, 0.0)
        for kind in ("packet", "packet-in", "tile", "hop-east-west", "hop-north-south")
    )
    # The figures of somas with SANA-FE's own counts: it reads every neuron in every step.
    steps = sum(len(total["steps"]) for total in totals)
    fired, _, _, _, updated = np.sum([np.sum(total["steps"], axis=0) for total in totals], axis=0)
    read = neurons * steps
    figures = tomllib.loads((ROOT / "assets" / "chips" / f"{CHIP}.toml").read_text())["energy"]
    inactive, active, spike = (
        figures[key]["value"] * 1e-12 for key in ("update-inactive", "update-active", "spike")
    )
    soma = (read - updated) * inactive + updated * active + fired * spike
    differences = []
    for what, mine, their in (
        ("synapses", here["synaptic-operation"], there["synapse"]),
        ("network", network, there["network"]),
        ("somas, with its counts of updates", soma, there["soma"]),
        (
            "total, with its counts of updates",
            here["synaptic-operation"] + network + soma,
            there["total"],
        ),
    ):
        print(f"  {what}: {mine * 1e9:.3f} nJ here, {their * 1e9:.3f} nJ there")
        if abs(mine - their) > CLOSE * their:
            differences.append(f"energy of {what}: {mine} here, {their} there")
    updates = parts["update"][0]
    print(f"  updates: {updates} here; there {read} neurons are read, {updated} of them updated")
    return differences


if __name__ == "__main__":
    main()
