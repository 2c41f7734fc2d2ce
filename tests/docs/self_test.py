"""Sees the check of the pages fail: a tree with each fault that it looks for, and one without any."""
import sys
import tempfile
from pathlib import Path

from pages import check

GOOD = {
    "README.md": "# A page\n[a](docs/b.md) [c](docs/b.md#the-part-of-c) [web](https://example.org/x) `[code](nowhere.md)`\n",
    "docs/b.md": "# B\n\n## The part of `C`\n[up](../README.md) [here](#b)\n```cpp\nint f();\n...\n```\n```sh\n[x](nowhere.md)\n```\n",
    "docs/examples/f.hpp": "  int f();\n",
}
BAD = {
    "a link to no file": {"README.md": "[a](docs/none.md)"},
    "a link out of the tree": {"README.md": "[a](../../etc)"},
    "a link to no heading": {"README.md": "[a](docs/b.md#none)"},
    "a link to no heading of its own": {"docs/c.md": "[a](#none)"},
    "code that nobody compiles": {"docs/c.md": "```cpp\nint g();\n```\n"},
    "a fault in a folder below": {"docs/deep/c.md": "[a](b.md)"},
}


def findings(files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_text(text, encoding="utf-8")
        return check(Path(folder))


wrong = [f"a good tree is accused: {finding}" for finding in findings(GOOD)]
wrong += [f"not seen: {name}" for name, files in BAD.items() if len(findings(GOOD | files)) != 1]
wrong += [] if findings({}) else ["an empty tree passes"]
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
