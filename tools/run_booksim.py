"""Writes tests/fixtures/booksim-mesh.json: latency and accepted traffic of an 8 x 8 mesh in BookSim 2.

Uniform random traffic, dimension-ordered routing, one flit a packet, one virtual channel, by the open-loop
experiment of BookSim itself. BookSim comes as compiled code inside SANA-FE's Python package
(requirements-sanafe.txt), which builds it from a fork; a few lines of C++ start its experiment, so g++ is
needed. Takes some minutes.
"""

import ctypes
import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = Path(__file__).parent
FIXTURE = TOOLS.parent / "tests/fixtures/booksim-mesh.json"

# The fork and its commit are those that the CMakeLists.txt of sanafe 2.2.9 names.
SIMULATOR = {
    "name": "BookSim 2",
    "repository": "https://github.com/SLAM-Lab/booksim2-sanafe",
    "commit": "a495f7ec69a4865a6b960513fc5920bfad29dfad",
}
# Lookahead routing and speculative allocation: two cycles in a router, one on the channel behind it.
CONFIGURATION = {
    "topology": "mesh",
    "k": 8,
    "n": 2,
    "routing_function": "dor",
    "routing_delay": 0,
    "speculative": 1,
    "vc_alloc_delay": 1,
    "sw_alloc_delay": 1,
    "st_final_delay": 1,
    "credit_delay": 0,
    "num_vcs": 1,
    "packet_size": 1,
    "traffic": "uniform",
    "injection_process": "bernoulli",
    "sample_period": 10000,
    "warmup_periods": 3,
    "max_samples": 10,
    "latency_thres": 2000.0,
    "sim_count": 1,
    "seed": 1,
}
BUFFERS = {4: 0.2, 8: 0.35, 16: 0.35}
RATES = [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35]
OVERLOAD = 0.6


def simulate_here(text: str) -> None:
    """Runs BookSim in this process, which it does only once."""
    from importlib.util import find_spec

    module = Path(find_spec("sanafecpp").origin)
    import sanafecpp  # noqa: F401, loads it with the libraries that it needs

    with tempfile.TemporaryDirectory() as folder:
        shim = Path(folder) / "shim.so"
        command = ["g++", "-O1", "-shared", "-fPIC", TOOLS / "booksim_shim.cpp", "-o", shim]
        command += [f"-L{module.parent}", f"-l:{module.name}", f"-Wl,-rpath,{module.parent}"]
        subprocess.run(command, check=True)
        ctypes.CDLL(str(shim)).run_booksim(text.encode())


def simulate(**settings) -> tuple[float, float]:
    """Mean packet latency in cycles and accepted flits per node and cycle."""
    text = "".join(f"{name} = {value}\n" for name, value in (CONFIGURATION | settings).items())
    done = subprocess.run(
        [sys.executable, __file__, text], capture_output=True, text=True, check=True
    )

    def last(what: str) -> float:
        return float(re.findall(what + r" ?= ([\d.]+)", done.stdout)[-1])

    return last("Packet latency average"), last("Accepted flit rate average")


def main() -> None:
    points, saturation = [], []
    for buffer, most in BUFFERS.items():
        for rate in (rate for rate in RATES if rate <= most):
            latency, accepted = simulate(
                vc_buf_size=buffer, injection_rate=rate, sim_type="latency"
            )
            points.append(
                {"buffer": buffer, "offered": rate, "accepted": accepted, "latency": latency}
            )
            print(points[-1], flush=True)
        _, accepted = simulate(vc_buf_size=buffer, injection_rate=OVERLOAD, sim_type="throughput")
        saturation.append({"buffer": buffer, "offered": OVERLOAD, "accepted": accepted})
        print(saturation[-1], flush=True)
    package = f"sanafe {importlib.metadata.version('sanafe')}"
    fixture = {
        "simulator": SIMULATOR | {"package": package},
        "configuration": CONFIGURATION,
        "points": points,
        "saturation": saturation,
    }
    FIXTURE.write_text(json.dumps(fixture, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        simulate_here(sys.argv[1])
    else:
        main()
