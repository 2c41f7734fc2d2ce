"""Rings that are not in the catalogue: a Python file, and what is no plug-in."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

PROGRAM = str(Path(sys.argv.pop(1)).resolve())
PLUGINS = Path(PROGRAM).parent / "plugins"
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

    def test_it_imports_what_is_beside_it(self):
        (self.dir / "ring").mkdir()
        self.file("ring/names_of.py", "def names_of(members):\n    return [name for name, weight, zone in members]\n")
        self.file("ring/mine.py", "from names_of import names_of\n" + RENDEZVOUS.replace(
            "[name for name, weight, zone in members]", "names_of(members)"))
        self.file("socket.py", "raise ImportError('not this one')")  # where it is run
        done = self.hearsay("ring", "check", "ring/mine.py", "--trials", "2")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_files_of_one_name(self):
        for folder in ("a", "b"):
            (self.dir / folder).mkdir()
            self.file(f"{folder}/mine.py", RENDEZVOUS)
        options = ("--nodes", "3", "--keys", "1000", "--sets", "1", "--no-times", "--json")
        self.file("mine.py", RENDEZVOUS)
        done = self.hearsay("ring", "compare", "a/mine.py", "b/mine.py", "mine.py", *options)
        self.assertEqual({row["ring"] for row in json.loads(done.stdout)}, {"a/mine.py", "b/mine.py", "mine.py"})
        self.refuses("ring", "compare", "a/mine.py", "b/mine.py", "a/mine.py", *options, saying="a/mine.py: is given twice")

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
        self.refuses("ring", "compare", path, "--scenario", "any.toml", saying="mine.py: a ring of Python is too slow")

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

    def test_it_may_print_and_must_answer(self):
        lookup = ("ring", "lookup")
        rest = ("--members", "a,b", "k")
        done = self.hearsay(*lookup, self.file("loud.py", "print('hello')\ndef update(m): print(m)\n"
                                                          "def lookup(h):\n  print(h)\n  return 'b'\n"), *rest)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "k\tb\n", ""))
        for n, answer in enumerate(("b'garbage that is long'", "struct.pack('<qI', 4, 999999999)", "struct.pack('<qI', 1, 0)",
                                    "struct.pack('<q', 0)", "struct.pack('<q', -2**63)")):
            writer = self.file(f"writer-{n}.py", "import os, struct\ndef update(m): pass\n"
                               f"def lookup(h):\n    os.write(3, {answer})\n    return 0\n")
            self.refuses(*lookup, writer, *rest, code=1, saying="something else wrote to descriptor 3")
        slow = self.file("slow.py", "import os, struct, time\nTIME_LIMIT_S = 1\ndef update(m): pass\n"
                         "def lookup(h):\n    os.write(3, struct.pack('<q', 100))\n"
                         "    while True:\n        os.write(3, b'x')\n        time.sleep(0.05)\n")
        self.refuses(*lookup, slow, *rest, code=1, saying="slow.py: no answer within 1 s")
        sleepy = self.file("sleepy.py", "import time\nTIME_LIMIT_S = 1\ndef update(m): pass\ndef lookup(h): time.sleep(60)\n")
        self.refuses(*lookup, sleepy, *rest, code=1, saying="sleepy.py: no answer within 1 s; TIME_LIMIT_S = ")
        for value in ("0", "-3", "10**9"):
            self.refuses(*lookup, self.file("limit.py", f"{RENDEZVOUS}\nTIME_LIMIT_S = {value}\n"), *rest, saying="TIME_LIMIT_S")
        self.refuses(*lookup, self.file("word.py", f"{RENDEZVOUS}\nTIME_LIMIT_S = 'long'\n"), *rest, saying="ValueError")
        (self.dir / "bytes.py").write_bytes(b"# \xe4\n")
        self.refuses(*lookup, "bytes.py", *rest, saying="UnicodeDecodeError")
        (self.dir / "folder.py").mkdir()
        self.refuses(*lookup, "folder.py", *rest, saying="folder.py: is a folder")

    def test_without_python(self):
        path = self.file("mine.py", RENDEZVOUS)
        done = subprocess.run([PROGRAM, "ring", "lookup", path, "--members", "a", "k"], cwd=self.dir, env={"PATH": str(self.dir)},
                              capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertEqual(done.stderr, "hearsay: there is no python3 in PATH\n")

    def test_a_check_says_what_it_raises(self):
        done = self.hearsay("ring", "check", self.file("zero.py", "def update(m): pass\ndef lookup(h): return 1 // 0\n"),
                            "--trials", "3")
        self.assertEqual((done.returncode, done.stderr), (3, ""), done.stdout)
        self.assertIn("zero.py:2: ZeroDivisionError", done.stdout)

    # ---- plug-ins ----

    def test_what_is_no_plugin(self):
        self.refuses("--plugin", "none.so", "list", saying="--plugin none.so: there is no such file")
        self.refuses("--plugin", self.file("text.so", "hello"), "list", saying="is no library that can be loaded")
        whole = (PLUGINS / "libmy-ring.so").read_bytes()
        for size in (3000, len(whole) // 2):
            (self.dir / "cut.so").write_bytes(whole[:size])
            self.refuses("--plugin", "cut.so", "list", saying="is cut off")
        self.refuses("--plugin", saying="the file of a plug-in is missing")
        self.refuses("--plugin", "/dev/null", "list", saying="--plugin /dev/null: is no file; expected a library")
        self.refuses("--plugin", self.file("a:b.so", "hello"), "list", saying="the ':' in its path would part it")
        with mock.patch.dict(ENVIRONMENT, HEARSAY_PLUGIN="none.so"):
            self.refuses("list", saying="HEARSAY_PLUGIN none.so: there is no such file")
        libc = next(p for p in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6")
                    if Path(p).exists())
        self.refuses(f"--plugin={libc}", "list", saying="lacks HEARSAY_PLUGIN")
        self.refuses("--plugin", ".", "list", saying="--plugin .: is a folder")
        for name, says in (("something-else", "is no plug-in of hearsay"), ("throws", "threw: no descriptor today")):
            with self.subTest(plugin=name):
                self.refuses("--plugin", PLUGINS / f"lib{name}.so", "list", saying=says)

    def test_a_plugin_of_another_interface(self):
        self.refuses("--plugin", PLUGINS / "libother-version.so", "list",
                     saying="was built against version 2 of the interface, and this program has version 1: build it again")
        self.refuses("--plugin", PLUGINS / "libother-layout.so", "list",
                     saying="was built with other layouts than this program")

    def test_a_plugin_twice(self):
        ring = PLUGINS / "libmy-ring.so"
        self.refuses("--plugin", ring, "--plugin", ring, "list", saying="my-ring")

    def test_a_ring_of_a_plugin(self):
        ring = ("--plugin", PLUGINS / "libmy-ring.so")
        done = self.hearsay(*ring, "ring", "compare", "my-ring", "karger", "jump", "--nodes", "10", "--keys", "1000",
                            "--sets", "2", "--no-times")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.hearsay(*ring, "ring", "check", "my-ring", "--trials", "30").returncode, 0)
        self.file("small.toml", 'duration = "5s"\nnodes.count = 4\nring.strategy = "my-ring"\n'
                                '[[client]]\nname = "c"\nrate = "20/s"\n')
        done = self.hearsay(*ring, "run", "small.toml", "--quiet", "--out", "runs")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("my-ring", done.stdout)
        self.refuses("run", "small.toml", saying="my-ring")

    FAULTS = (("build", "build fell over"), ("place", "place fell over"), ("nothing", "made no placement"),
              ("lookup", r"lookup\x0afell over"), ("nobody", "names a member that does not exist"))

    def test_what_a_ring_throws_ends_in_one_line(self):
        faulty = ("--plugin", PLUGINS / "libfaulty.so")
        self.file("small.toml", 'duration = "5s"\nnodes.count = 4\n[[client]]\nname = "c"\nrate = "20/s"\n')
        for where, says in self.FAULTS:
            with self.subTest(where=where):
                ring = f"faulty:where={where}"
                self.refuses(*faulty, "ring", "lookup", ring, "--members", "a,b", "k", code=1, saying=says)
                self.refuses(*faulty, "ring", "compare", "karger", ring, "--nodes", "5", "--keys", "1000", "--sets", "1",
                             "--no-times", code=1, saying=says)
                self.refuses(*faulty, "run", "small.toml", "--quiet", "--out", "runs", "--set", "ring.strategy=faulty",
                             "--set", f"ring.where={where}", code=1, saying=says)
        self.refuses(*faulty, "ring", "lookup", "faulty:where=twice", "--members", "a,b", "--replicas", "2", "k", code=1,
                     saying="the same replica twice")

    def test_a_check_says_what_a_ring_throws(self):
        faulty = ("--plugin", PLUGINS / "libfaulty.so", "ring", "check", "--trials", "3")
        for where, says in (*self.FAULTS[1:], ("twice", "the same replica twice")):
            with self.subTest(where=where):
                done = self.hearsay(*faulty, f"faulty:where={where}")
                self.assertEqual((done.returncode, done.stderr), (3, ""), done.stdout)
                self.assertRegex(done.stdout, r"broken +answers")
                self.assertIn(says, done.stdout)

    def test_a_skeleton_overwrites_nothing(self):
        done = self.hearsay("new", "ring", "my-ring", "made")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(p.name for p in (self.dir / "made").iterdir()), ["CMakeLists.txt", "README.md", "my-ring.cpp"])
        self.assertIn("struct MyRing final", (self.dir / "made/my-ring.cpp").read_text())
        self.assertLess(len((self.dir / "made/my-ring.cpp").read_text().splitlines()), 50)
        self.refuses("new", "ring", "my-ring", "made", saying="is not an empty folder")
        self.refuses("new", "ring", "-x", "other", saying="there is no option '-x'")
        for name in ("Mine", "", "9", "a b", "x" * 50, "karger"):
            with self.subTest(name=name):
                self.refuses("new", "ring", name, "other", saying="NAME")


if __name__ == "__main__":
    unittest.main()
