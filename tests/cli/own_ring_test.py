"""Rings that are not in the catalogue: a Python file, and what is no plug-in."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop(1)).resolve())
# This interpreter comes first: what is called python3 may be a script that looks for one.
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

RENDEZVOUS = """
MASK = 2**64 - 1

def update(members):
    global names
    names = [name for name, weight, zone in members]

def score(name, key_hash):
    h = key_hash
    for c in name.encode():
        h = ((h ^ c) * 0x9e3779b97f4a7c15 + 1) & MASK
        h ^= h >> 29
    return h

def lookup(key_hash):
    return max(names, key=lambda name: (score(name, key_hash), name))
"""


class OwnRing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)

    def hearsay(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.dir, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)

    def file(self, name, text):
        (self.dir / name).write_text(text)
        return name

    def refuses(self, *arguments, code=2, saying):
        done = self.hearsay(*arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Ahearsay: [^\n]+\n\Z")
        self.assertIn(saying, done.stderr)

    # ---- Python ----

    def test_a_python_file_is_a_ring(self):
        path = self.file("mine.py", RENDEZVOUS)
        done = self.hearsay("ring", "compare", path, "karger", "--nodes", "5", "--keys", "1000", "--sets", "1", "--no-times",
                            "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = {(row["ring"], row["figure"]): row["value"] for row in json.loads(done.stdout)}
        self.assertEqual(found["mine.py", "leave_moved"], 1)
        self.assertLess(found["mine.py", "share_max"], 1.3)
        done = self.hearsay("ring", "check", path, "--trials", "2")
        self.assertEqual(done.returncode, 0, done.stdout)
        done = self.hearsay("ring", "lookup", path, "--members", "a,b,c", "--replicas", "3", "--json", "k")
        self.assertEqual(sorted(json.loads(done.stdout)["replicas"]), ["a", "b", "c"])

    def test_what_is_wrong_with_it_is_found(self):
        path = self.file("modulo.py", "def update(m):\n  global n\n  n = len(m)\ndef lookup(h):\n  return h % n\n")
        done = self.hearsay("ring", "check", path, "--trials", "3")
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertRegex(done.stdout, r"broken +minimal disruption")
        self.file("honest.py", (self.dir / path).read_text() + "PROMISES = {'set-pure'}\n")
        done = self.hearsay("ring", "check", "honest.py", "--trials", "3")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"not promised +minimal disruption")

    def test_files_that_are_none(self):
        lookup = ("ring", "lookup")
        rest = ("--members", "a,b", "k")
        self.refuses(*lookup, "none.py", *rest, saying="none.py")
        self.refuses(*lookup, self.file("a.py", "def update(m:\n"), *rest, saying="a.py:1: SyntaxError")
        self.refuses(*lookup, self.file("b.py", "def update(m): pass\n"), *rest, saying="it has no function lookup(...)")
        self.refuses(*lookup, self.file("c.py", RENDEZVOUS + "PROMISES = {'speed'}\n"), *rest, saying="'speed' is none of")
        for name, body, says in (("d.py", "return 'x'", "returned 'x', which is no member"),
                                 ("e.py", "return 7", "returned 7"), ("f.py", "return None", "returned None"),
                                 ("g.py", "return 1 // 0", "g.py:2: ZeroDivisionError"),
                                 ("h.py", "import os; os._exit(3)", "ended with exit code 3")):
            with self.subTest(file=name):
                self.refuses(*lookup, self.file(name, f"def update(m): pass\ndef lookup(h): {body}\n"), *rest, code=1, saying=says)

    # ---- plug-ins ----

    def test_what_is_no_plugin(self):
        self.refuses("--plugin", "none.so", "list", saying="--plugin none.so: there is no such file")
        self.refuses("--plugin", self.file("text.so", "hello"), "list", saying="is no library that can be loaded")
        self.refuses("--plugin", saying="the file of a plug-in is missing")
        libc = next(p for p in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6")
                    if Path(p).exists())
        self.refuses(f"--plugin={libc}", "list", saying="lacks HEARSAY_PLUGIN")

    def test_a_skeleton_overwrites_nothing(self):
        done = self.hearsay("new", "ring", "my-ring", "made")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(p.name for p in (self.dir / "made").iterdir()), ["CMakeLists.txt", "README.md", "my-ring.cpp"])
        self.assertIn("class MyRing final", (self.dir / "made/my-ring.cpp").read_text())
        self.assertLess(len((self.dir / "made/my-ring.cpp").read_text().splitlines()), 60)
        self.refuses("new", "ring", "my-ring", "made", saying="is not an empty folder")
        self.refuses("new", "ring", "-x", "other", saying="there is no option '-x'")
        for name in ("Mine", "", "9", "a b", "x" * 50, "karger"):
            with self.subTest(name=name):
                self.refuses("new", "ring", name, "other", saying="NAME")


if __name__ == "__main__":
    unittest.main()
