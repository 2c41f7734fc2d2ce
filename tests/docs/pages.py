"""Checks the Markdown pages of the tree. One line a finding; exit 1 if there is one.

    pages.py ROOT

A relative link leads to a file or folder of the tree, and its fragment to a heading of that page. C++ that is shown in
docs/ is in docs/examples, tests/examples or cli/skeletons, line by line, where it is compiled and tested;
'...' stands for what is left out.
"""
import re
import sys
from pathlib import Path

SKIPPED = ("build", "runs", ".git", ".cache")
FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def pages(root: Path) -> list[Path]:
    return [p for p in sorted(root.rglob("*.md"))
            if not any(part in SKIPPED or part.startswith("build") for part in p.relative_to(root).parts[:-1])]


def prose(text: str) -> str:
    """The page with its code blanked, its lines where they were."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))
    return CODE.sub(blank, FENCE.sub(blank, text))


def anchors(page: Path) -> set[str]:
    """The fragments that a reader of the page can be sent to, as the usual renderers name them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


def broken_links(root: Path, page: Path) -> list[str]:
    found = []
    text = prose(page.read_text(encoding="utf-8"))
    for link in LINK.finditer(text):
        if re.match(r"[a-z]+:", link.group(1)):
            continue
        path, _, fragment = link.group(1).partition("#")
        target = (page.parent / path).resolve() if path else page
        where = f"{page.relative_to(root)}:{text.count(chr(10), 0, link.start()) + 1}"
        if not target.is_relative_to(root) or not target.exists():
            found.append(f"{where}: {link.group(1)} leads nowhere")
        elif fragment and fragment not in anchors(target):
            found.append(f"{where}: {path or 'the page'} has no heading #{fragment}")
    return found


def unknown_code(root: Path, page: Path, known: set[str]) -> list[str]:
    text = page.read_text(encoding="utf-8")
    found = []
    for block in FENCE.finditer(text):
        if block.group(1) != "cpp":
            continue
        first = text.count("\n", 0, block.start(2)) + 1
        for number, line in enumerate(block.group(2).splitlines(), start=first):
            if line.strip() not in known | {"", "..."}:
                found.append(f"{page.relative_to(root)}:{number}: in no file of docs/examples, tests/examples or cli/skeletons: {line.strip()}")
    return found


def check(root: Path) -> list[str]:
    root = root.resolve()
    every = pages(root)
    examples = [p for folder in ("docs/examples", "tests/examples", "cli/skeletons")
                for p in sorted((root / folder).glob("*.[ch]pp"))]
    known = {line.strip() for p in examples for line in p.read_text(encoding="utf-8").splitlines()}
    found = [finding for page in every for finding in broken_links(root, page)]
    found += [finding for page in every if page.is_relative_to(root / "docs") for finding in unknown_code(root, page, known)]
    return found if every else [f"{root}: no page found, so nothing was checked"]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    findings = check(Path(sys.argv[1]))
    print("\n".join(findings))
    sys.exit(1 if findings else 0)
