"""Sees the checks of the pages fail: a tree with each fault that they look for, and one without any."""
import sys
import tempfile
from pathlib import Path

import outputs
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


# A program that prints its arguments and a few lines.
PROGRAM = """#!/bin/sh
echo "$@"
printf 'one\\ntwo\\n\\nthree   \\nRun folder   runs/%s\\n1k events in %s s, 2k events/s\\n' $$ $$
echo aside >&2
echo last > kept
"""
FAITHFUL = """```text
$ hearsay run
run
one
...

three
Run folder   runs/1
1k events in 0.5 s, 3M events/s
aside
$ build/release/bin/hearsay check
check
two
$ grep . kept
last
```
```text unchecked
$ hearsay run
four
```
```sh
$ rm kept
four
```
"""
UNFAITHFUL = {
    "another line": FAITHFUL.replace("three", "four"),
    "another order": FAITHFUL.replace("one\n...", "two\none"),
    "a line of another command": FAITHFUL.replace("check\ntwo", "run\ntwo"),
    "another spacing": FAITHFUL.replace("one", " one"),
    "a command of its own that prints otherwise": FAITHFUL.replace("last", "first"),
    "nothing shown": "# A page\n```sh\nhearsay\n```\n",
}


def unfaithful(page: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "bin", "hearsay")
        program.parent.mkdir()
        program.write_text(PROGRAM, encoding="utf-8")
        program.chmod(0o755)
        Path(folder, "README.md").write_text(page, encoding="utf-8")
        return outputs.check(program, Path(folder), [])


wrong = [f"a faithful page is accused: {finding}" for finding in unfaithful(FAITHFUL)]
wrong += [f"not seen: {name}" for name, page in UNFAITHFUL.items() if len(unfaithful(page)) != 1]
wrong += [f"a good tree is accused: {finding}" for finding in findings(GOOD)]
wrong += [f"not seen: {name}" for name, files in BAD.items() if len(findings(GOOD | files)) != 1]
wrong += [] if findings({}) else ["an empty tree passes"]
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
