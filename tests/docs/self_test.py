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


# What an update makes of a stale page, and the lines that it has to leave.
TABLE = """#!/bin/sh
echo "head    of the table"
echo "    20 s  split      15 s     > 20 s"
echo "    40 s  heal      1.6 s      2.1 s"
echo "Mistakes     31 wrong declarations about 1 member"
echo "Run folder   runs/$$"
echo "  held   convergence_s[heal] <= 60s  2.1 s"
"""
STALE = """Text
```text
$ hearsay run
head of the table
...
    40 s  heal      1.5 s    2 min
Mistakes     31 live members declared dead
Run folder   runs/1

  held   convergence_s[heal] <= 30s  2 s
```
  split
"""
FRESH = """Text
```text
$ hearsay run
head    of the table
...
    40 s  heal      1.6 s      2.1 s
Mistakes     31 wrong declarations about 1 member
Run folder   runs/1

  held   convergence_s[heal] <= 60s  2.1 s
```
  split
"""


def with_page(do, page: str, text: str = PROGRAM) -> tuple[list[str], str]:
    """The findings of outputs.check or outputs.update, and the page as it is afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "bin", "hearsay")
        program.parent.mkdir()
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        readme = Path(folder, "README.md")
        readme.write_text(page, encoding="utf-8")
        return do(program, Path(folder), []), readme.read_text(encoding="utf-8")


def unfaithful(page: str) -> list[str]:
    return with_page(outputs.check, page)[0]


wrong = [f"a faithful page is accused: {finding}" for finding in unfaithful(FAITHFUL)]
wrong += [f"not seen: {name}" for name, page in UNFAITHFUL.items() if len(unfaithful(page)) != 1]
wrong += [f"a good tree is accused: {finding}" for finding in findings(GOOD)]
wrong += [f"not seen: {name}" for name, files in BAD.items() if len(findings(GOOD | files)) != 1]
wrong += [] if findings({}) else ["an empty tree passes"]
wrong += [] if len(with_page(outputs.check, STALE, TABLE)[0]) == 4 else ["a stale page passes"]
wrong += [] if with_page(outputs.update, STALE, TABLE) == ([], FRESH) else ["a stale page is not brought up to date"]
wrong += [] if with_page(outputs.update, FAITHFUL) == ([], FAITHFUL) else ["an update changes a faithful page"]
gone = STALE.replace("...\n", "...\nwhat is printed no more\n")
left, page = with_page(outputs.update, gone, TABLE)
wrong += [] if len(left) == 1 and page == FRESH.replace("...\n", "...\nwhat is printed no more\n") else ["a line that is gone is not told"]
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
