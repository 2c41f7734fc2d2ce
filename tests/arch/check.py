"""Checks the tree, or a compiled library of it, against rules.py. One line a finding; exit 1 if there is one.

    check.py source ROOT             the include graph and the forbidden words of every source file, and whether headers
                                     include what they use of the standard library
    check.py symbols AREA ARCHIVE    what the archive of an area (core, sim/plan, ...) asks the linker for
"""
import re
import subprocess
import sys
from pathlib import Path

from rules import ARROWS, GENERATED, OTHERS, PROVIDERS, RULES

COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*")', re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def area_of(path: str) -> str | None:
    """The area a root-relative path belongs to: the longest that is a prefix of it."""
    prefixes = [area for area in ARROWS if path.startswith(area + "/")]
    return max(prefixes, key=len, default=None)


def holds_in(rule, area: str) -> bool:
    return any(area == a or area.startswith(a + "/") for a in rule.areas)


def without_comments(text: str) -> str:
    """The code with comments blanked, its lines where they were."""
    return COMMENT_OR_STRING.sub(lambda m: m.group(1) or re.sub(r"[^\n]", " ", m.group(0)), text)


def check_include(root: Path, area: str, quote: str, target: str) -> str | None:
    if quote == "<":
        return None
    if target in GENERATED:
        return None if area == GENERATED[target] else f'only {GENERATED[target]}/ includes "{target}"'
    if not (root / target).is_file():
        return f'"{target}" is not a path from the root of the tree'
    other = area_of(target)
    if other != area and other not in ARROWS[area]:
        return f'{area}/ must not include "{target}": it sees {", ".join(ARROWS[area]) or "itself"} alone'
    return None


def check_file(root: Path, path: str) -> list[str]:
    area = area_of(path)
    code = without_comments((root / path).read_text(encoding="utf-8"))
    found = []

    def report(offset: int, message: str):
        line = code.count("\n", 0, offset) + 1
        found.append(f"{path}:{line}: {message}")

    for include in INCLUDE.finditer(code):
        wrong = check_include(root, area, *include.groups())
        if wrong:
            report(include.start(2), wrong)
    for rule in RULES:
        if holds_in(rule, area):
            for use in re.finditer(rule.words, code):
                report(use.start(), f"{rule.name}: {use.group(0).strip()!r} in {area}/; use {rule.instead}")
    return found


class Headers:
    """What a header of the tree uses that is not ours, and whether it or a header that it includes includes that."""

    def __init__(self, root: Path):
        self.root = root
        self.reached = {}

    def reach(self, path: str) -> frozenset[str]:
        if path not in self.reached:
            self.reached[path] = frozenset()  # of a circle, which the compiler finds
            if (self.root / path).is_file():
                includes = INCLUDE.findall(without_comments((self.root / path).read_text(encoding="utf-8")))
                own = {target for quote, target in includes if quote == "<"}
                self.reached[path] = frozenset(own.union(*(self.reach(target) for quote, target in includes if quote == '"')))
        return self.reached[path]

    def check(self, path: str) -> list[str]:
        code = without_comments((self.root / path).read_text(encoding="utf-8"))
        providers = {f"std::{name}": headers for name, headers in PROVIDERS.items()} | OTHERS
        used = set(re.findall(r"\bstd::\w+|\b\w+(?=::)", code))
        return [f"{path}: uses {name}, and includes none of <{'>, <'.join(sorted(headers))}>"
                for name, headers in providers.items() if name in used and not headers & self.reach(path)]


def check_source(root: Path) -> list[str]:
    paths = [p.relative_to(root).as_posix() for area in ARROWS for p in sorted((root / area).rglob("*.[ch]pp"))]
    if not paths:
        return [f"{root}: no source file found, so nothing was checked"]
    headers = Headers(root)
    found = [finding for path in dict.fromkeys(paths) for finding in check_file(root, path)]
    return found + [finding for path in dict.fromkeys(paths) if path.endswith(".hpp") for finding in headers.check(path)]


def check_symbols(area: str, archive: Path) -> list[str]:
    nm = subprocess.run(["nm", "--undefined-only", "--demangle", "--format=posix", str(archive)],
                        check=True, capture_output=True, text=True)
    found = {}
    member, lines = "", 0
    for line in nm.stdout.splitlines():
        if line.endswith("]:"):  # archive.a[member.o]:
            member = line[line.rindex("[") + 1:-2]
            continue
        symbol = re.sub(r" [UwVv](?: +\w+)*\s*$", "", line).split("@")[0].strip()
        lines += 1
        for rule in RULES:
            if rule.symbols and holds_in(rule, area) and re.fullmatch(rule.symbols, symbol):
                found[f"{archive.name}({member}): {rule.name}: imports {symbol}; use {rule.instead}"] = None
    return list(found) if lines else [f"{archive}: no undefined symbol at all, so nothing was checked"]


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "source":
        found = check_source(Path(arguments[1]))
    elif len(arguments) == 3 and arguments[0] == "symbols":
        found = check_symbols(arguments[1], Path(arguments[2]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
