"""Runs the hash functions that the wire protocol's page shows, and compares them with the values in its tables.

    hashes.py ROOT

The values are held to the program's own by tests/transport/wire_page_test.cpp. One line a finding; exit 1 if there is one.
"""
import re
import sys
from pathlib import Path

PAGE = "docs/reference/wire-protocol.md"
ROW = re.compile(r"^\| `([^`]+)` \| `([0-9a-f]+)` \|$", re.MULTILINE)


def functions(root: Path) -> dict:
    """What the page defines."""
    defined: dict = {}
    exec(re.search(r"```python\n(.*?)```", (root / PAGE).read_text(encoding="utf-8"), re.DOTALL).group(1), defined)
    return defined


def check(root: Path) -> list[str]:
    part = re.search(r"<!-- hashes -->\n(.*?)<!-- end -->", (root / PAGE).read_text(encoding="utf-8"), re.DOTALL).group(1)
    defined = functions(root)
    found = []
    lengths = set()
    for name, shown in ROW.findall(part):
        data = name.encode()
        is_id = len(shown) == 16
        value = f"{defined['xxh3_64'](data):016x}" if is_id else f"{defined['fnv1a_32'](data):08x}"
        if is_id:
            lengths.add(len(data))
        if value != shown:
            found.append(f"{PAGE}: '{name}' hashes to {value}, not {shown}")
    # XXH3 has a way of its own for each of these lengths.
    for low, high in ((1, 3), (4, 8), (9, 16), (17, 32), (33, 64), (65, 96), (97, 128), (129, 240)):
        if not any(low <= length <= high for length in lengths):
            found.append(f"{PAGE}: no name of {low} to {high} bytes is shown")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    findings = check(Path(sys.argv[1]))
    print("\n".join(findings))
    sys.exit(1 if findings else 0)
