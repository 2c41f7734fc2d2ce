"""Sees the architecture's checks fail: a tree that breaks every rule of rules.py, and one that breaks none.

    self_test.py COMPILER
"""
import subprocess
import sys
import tempfile
from pathlib import Path

from check import area_of, check_source, check_symbols
from rules import ARROWS, RULES

CLEAN = """// std::hash and steady_clock in a comment are words.
#include "core/base/clean.hpp"
#include <string>
std::string clean(int n) { return std::to_string(n); }
"""


def write(root: Path, path: str, text: str):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def archive(compiler: str, root: Path, source: str) -> Path:
    library = root / "library.a"
    library.unlink(missing_ok=True)
    subprocess.run([compiler, "-std=c++20", "-w", f"-I{root}", "-c", str(root / source), "-o", str(root / "code.o")], check=True)
    subprocess.run(["ar", "rcs", str(library), str(root / "code.o")], check=True)
    return library


def clean_tree(root: Path, compiler: str) -> list[str]:
    write(root, "core/base/clean.hpp", "#pragma once\n#include <string>\nstd::string clean(int n);\n")
    write(root, "core/ring/clean.cpp", CLEAN)
    found = check_source(root) + check_symbols("core", archive(compiler, root, "core/ring/clean.cpp"))
    return [f"a clean tree is accused: {finding}" for finding in found]


def broken_rules(root: Path, compiler: str) -> list[str]:
    silent = []
    for rule in RULES:
        path = f"{rule.areas[0]}/ring/bad.cpp"
        write(root, path, f"#include <{rule.headers}>\nvoid bad(int n) {{ (void)n; {rule.bad} }}\n")
        if not any(f" {rule.name}: " in finding for finding in check_source(root)):
            silent.append(f"rule '{rule.name}' does not see its words in: {rule.bad}")
        if rule.symbols:
            found = check_symbols(rule.areas[0], archive(compiler, root, path))
            if not any(f" {rule.name}: " in finding for finding in found):
                silent.append(f"rule '{rule.name}' does not see its symbols in: {rule.bad}")
        (root / path).unlink()
    return silent


def broken_arrows(root: Path) -> list[str]:
    silent = []
    for target in ARROWS:
        write(root, f"{target}/here.hpp", "#pragma once\n")
    for area, sees in ARROWS.items():
        for target in ARROWS:
            path = f"{area}/arrow.cpp"
            write(root, path, f'#include "{target}/here.hpp"\n')
            forbidden = target != area and target not in sees
            if forbidden != bool(check_source(root)):
                silent.append(f"{area}/ -> {target}/ should be {'refused' if forbidden else 'allowed'}")
            (root / path).unlink()
    for bad in ['#include "here.hpp"', '#include "../sim/world/here.hpp"', '#include "hearsay_version.hpp"']:
        write(root, "core/arrow.cpp", bad + "\n")
        if not check_source(root):
            silent.append(f"core/ may write {bad}")
        (root / "core/arrow.cpp").unlink()
    return silent


def broken_headers(root: Path) -> list[str]:
    write(root, "core/base/has.hpp", "#pragma once\n#include <vector>\n")
    cases = {'#include <vector>\nstd::vector<int> f();': True, '#include "core/base/has.hpp"\nstd::vector<int> f();': True,
             "std::vector<int> f();": False, '#include "core/base/has.hpp"\nstd::string f();': False,
             "// std::vector": True, "fmt::memory_buffer f();": False, "#include <fmt/format.h>\nfmt::memory_buffer f();": True}
    silent = []
    for code, fine in cases.items():
        write(root, "core/ring/uses.hpp", f"#pragma once\n{code}\n")
        if fine == bool(check_source(root)):
            silent.append(f"a header should be {'allowed' if fine else 'refused'}: {code}")
    return silent


def main(compiler: str) -> int:
    assert area_of("core/base/time.hpp") == "core/base" and area_of("core/ring/ring.hpp") == "core"
    with tempfile.TemporaryDirectory() as clean, tempfile.TemporaryDirectory() as broken, \
            tempfile.TemporaryDirectory() as arrows, tempfile.TemporaryDirectory() as headers, \
            tempfile.TemporaryDirectory() as empty:
        wrong = clean_tree(Path(clean), compiler) + broken_rules(Path(broken), compiler) + broken_arrows(Path(arrows))
        wrong += broken_headers(Path(headers))
        if not check_source(Path(empty)):
            wrong.append("an empty tree passes")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
