"""Runs every scenario of the tree and compares its fingerprint with the golden one in fingerprints.txt.

    fingerprints.py PROGRAM SCENARIO...      checks the named files, each directly and with --wire
    fingerprints.py --update PROGRAM         writes fingerprints.txt anew; read its diff before you commit it

A fingerprint is the same for every compiler, level, machine and number of threads, so one golden holds for all builds.
It changes when the protocols decide otherwise, or the scenario does, and then the change is on purpose.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

GOLDENS = Path(__file__).with_name("fingerprints.txt")
SCENARIOS = Path(__file__).parents[2] / "scenarios"


class RunFailed(Exception):
    pass


def fingerprint(program: str, scenario: Path, *options: str) -> str:
    with tempfile.TemporaryDirectory() as out:
        command = [program, "run", str(scenario), "--json", "--quiet", "--out", out, *options]
        run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode != 0:
        raise RunFailed(f"exit {run.returncode}: {' '.join(command)}\n{run.stdout}{run.stderr}")
    return json.loads(run.stdout)["fingerprint"]


def read_goldens() -> dict[str, str]:
    lines = (line.split() for line in GOLDENS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: value for name, value in lines}


def check(program: str, scenario: Path) -> list[str]:
    golden = read_goldens().get(scenario.stem)
    if golden is None:
        return [f"{scenario.stem}: no golden; tests/golden/fingerprints.py --update PROGRAM writes one"]
    try:
        found = {way: fingerprint(program, scenario, *options) for way, options in (("direct", []), ("--wire", ["--wire"]))}
    except RunFailed as error:
        return [str(error)]
    return [f"{scenario.stem}, {way}: {value}, golden {golden}" for way, value in found.items() if value != golden]


def update(program: str) -> None:
    lines = ["# scenario fingerprint; written by tests/golden/fingerprints.py --update"]
    lines += [f"{path.stem} {fingerprint(program, path)}" for path in sorted(SCENARIOS.glob("*.toml"))]
    GOLDENS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    os.environ["NO_COLOR"] = "1"
    if len(arguments) == 2 and arguments[0] == "--update":
        update(arguments[1])
        return 0
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    wrong = [line for scenario in arguments[1:] for line in check(arguments[0], Path(scenario))]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
