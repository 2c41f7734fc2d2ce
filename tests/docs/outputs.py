"""Checks that the outputs which the pages show are those of the program. One line a finding; exit 1 if there is one.

    outputs.py PROGRAM ROOT [PAGE...]
    outputs.py --update PROGRAM ROOT [PAGE...]    writes what is printed now in place of what is shown; read the diff
    outputs.py --built [--update] PROGRAM ROOT [PAGE...]    the same for blocks that need the installed package

A block whose first line is "$ hearsay ..." is run: each of its commands in turn, in a folder of the page's own that has
the tree's scenarios and docs, with `hearsay` on the path (build/NAME/bin/hearsay is the same program); so is a "$ grep"
in what a run left there. Each line below a command is one of its output, and they are in the output's order. "..."
stands for what is left out. What differs from run to run or from machine to machine (the speed, the run folder) is not
compared. A block that opens with ```text unchecked needs a program that the reader has changed. One that opens with
```text built compiles against an installed hearsay: with --built those alone are run, where PROGRAM is in the bin folder
of such a prefix, and all their commands. Without PAGE every page of the tree is checked.

An update keeps the choice of what is shown: each line becomes the line of the output that is most like it, in order.
What has none that is like it stays as it is and is a finding; what is new in the output is not added.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pages import FENCE, pages

DEADLINE_S = 250
VARYING = re.compile(r"^Run folder |^\S+ events in \S+ s, \S+ events/s$")
COMMAND = re.compile(r"^\$ ((build/[\w-]+/bin/)?hearsay|grep)\b")
MARK = re.compile(r"^ *```\w* +(unchecked|built)\b")
BUILT = re.compile(r"^build/[\w-]+/bin/hearsay\b")


def blocks(text: str, built: bool = False) -> list[tuple[int, list[str]]]:
    """The blocks that show a command: the number of their first line, and their lines."""
    found = []
    for block in FENCE.finditer(text):
        mark = MARK.match(block.group(0))
        lines = block.group(2).splitlines()
        if (mark.group(1) == "built") if mark else not built:
            if built == bool(mark) and lines and (built or COMMAND.match(lines[0])):
                found.append((text.count("\n", 0, block.start(2)) + 1, lines))
    return found


def commands(number: int, lines: list[str]):
    """Each command of a block with the lines that it is said to print, by number."""
    shown: list[tuple[int, str]] = []
    command = ""
    for at, line in enumerate(lines, start=number):
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = BUILT.sub("hearsay", line[2:]), []
        elif line.strip() not in ("", "...") and not VARYING.match(line):
            shown.append((at, line.rstrip()))
    yield command, shown


def output_of(command: str, program: Path, folder: Path) -> list[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("HEARSAY_")}
    env |= {"PATH": f"{program.parent}{os.pathsep}{env.get('PATH', '')}", "NO_COLOR": "1"}
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=DEADLINE_S)
    return [line.rstrip() for line in done.stdout.decode(errors="replace").splitlines()]


def missing(shown: list[tuple[int, str]], printed: list[str]) -> list[tuple[int, str]]:
    """What is shown and not printed after what was found before it."""
    lost = []
    at = 0
    for number, line in shown:
        try:
            at = printed.index(line, at) + 1
        except ValueError:
            lost.append((number, line))
    return lost


def likeness(shown: str, printed: str) -> float:
    """2 for the same, and nothing for lines of which hardly anything is the same: their first word, or half of them."""
    if shown == printed:
        return 2.0
    if not printed:
        return 0.0
    words = shown.split(), printed.split()
    score = difflib.SequenceMatcher(None, shown, printed, autojunk=False).ratio() + 0.5 * (words[0][:1] == words[1][:1])
    return score if score >= 0.7 else 0.0


def closest(shown: list[tuple[int, str]], printed: list[str]) -> dict[int, str]:
    """Of each number the printed line to show, in order, as much alike as possible in sum; none where nothing is like it."""
    best = [[0.0] * (len(printed) + 1) for _ in range(len(shown) + 1)]  # of the rest of both, from here
    score = [[likeness(line, candidate) for candidate in printed] for _, line in shown]
    for i in reversed(range(len(shown))):
        for j in reversed(range(len(printed))):
            both = score[i][j] + best[i + 1][j + 1] if score[i][j] > 0 else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], both)
    found = {}
    i = j = 0
    while i < len(shown) and j < len(printed):
        if score[i][j] > 0 and best[i][j] == score[i][j] + best[i + 1][j + 1]:
            found[shown[i][0]] = printed[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            i += 1
    return found


def runs(program: Path, root: Path, page: Path, built: bool):
    """Each command of a page with the lines that it is said to print, by number, and those that it prints."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for shared in ("scenarios", "docs"):
            if (root / shared).exists():
                (folder / shared).symlink_to(root / shared)
        for block in blocks(page.read_text(encoding="utf-8"), built):
            for command, shown in commands(*block):
                yield command, shown, output_of(command, program.resolve(), folder)


def check(program: Path, root: Path, chosen: list[Path], built: bool = False) -> list[str]:
    root = root.resolve()
    found = []
    ran = 0
    for page in chosen or pages(root):
        for command, shown, printed in runs(program, root, page, built):
            ran += 1
            for number, line in missing(shown, printed):
                found.append(f"{page.resolve().relative_to(root)}:{number}: not printed by '{command}': {line}")
    return found if ran else [f"{root}: no command is shown, so nothing was checked"]


def update(program: Path, root: Path, chosen: list[Path], built: bool = False) -> list[str]:
    root = root.resolve()
    found = []
    for page in chosen or pages(root):
        lines = page.read_text(encoding="utf-8").split("\n")
        before = list(lines)
        for command, shown, printed in runs(program, root, page, built):
            news = closest(shown, printed)
            for number, line in shown:
                if number in news:
                    lines[number - 1] = news[number]
                else:
                    found.append(f"{page.resolve().relative_to(root)}:{number}: nothing like it from '{command}': {line}")
        if lines != before:
            page.write_text("\n".join(lines), encoding="utf-8")
    return found


if __name__ == "__main__":
    arguments = sys.argv[1:]
    do = check
    built = False
    while arguments and arguments[0].startswith("--"):
        if arguments[0] == "--update":
            do = update
        elif arguments[0] == "--built":
            built = True
        else:
            break
        arguments.pop(0)
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    findings = do(Path(arguments[0]), Path(arguments[1]), [Path(page) for page in arguments[2:]], built)
    print("\n".join(findings))
    sys.exit(1 if findings else 0)
