"""`hearsay ring compare`, `check` and `lookup` as a user meets them."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop(1)).resolve())
# Three of eight die at once, and half the others cannot reach the rest for a while.
SCENARIO = """
duration = "40s"
[nodes]
count = 8
[membership]
warm_start = true
[ring]
strategy = "karger"
points = 20
[[event]]
at = "5s"
kind = "crash"
nodes = "n6..n7"
[[event]]
at = "20s"
kind = "partition"
sides = ["n0..n2", "n3..n5"]
"""


def hearsay(*arguments, stdin=""):
    return subprocess.run([PROGRAM, "ring", *arguments], input=stdin, capture_output=True, text=True, timeout=120)


class Ring(unittest.TestCase):
    def refuses(self, *arguments, saying, stdin=""):
        done = hearsay(*arguments, stdin=stdin)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Ahearsay: [^\n]+\n\Z")
        self.assertIn(saying, done.stderr)

    # ---- lookup ----

    def test_where_keys_belong(self):
        done = hearsay("lookup", "stathat", "--members", "abcdefg,hijklmn,opqrstu", "ggg", "hhh", "iiiii")
        self.assertEqual((done.returncode, done.stdout), (0, "ggg\tabcdefg\nhhh\topqrstu\niiiii\thijklmn\n"))

    def test_replicas_as_json(self):
        done = hearsay("lookup", "stathat", "--members", "abcdefg,hijklmn,opqrstu", "--replicas", "3", "--json", "9999999")
        self.assertEqual(json.loads(done.stdout), {"key": "9999999", "owner": "opqrstu",
                                                   "replicas": ["opqrstu", "abcdefg", "hijklmn"]})

    def test_members_of_a_file_and_keys_of_standard_input(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("# three\nabcdefg\nhijklmn\n\nopqrstu=1\n")
            file.flush()
            done = hearsay("lookup", "stathat", "--members-file", file.name, stdin="ggg\nhhh\n")
        self.assertEqual((done.returncode, done.stdout), (0, "ggg\tabcdefg\nhhh\topqrstu\n"))

    def test_weights_count(self):
        keys = [f"key-{i}" for i in range(2000)]
        done = hearsay("lookup", "karger", "--members", "heavy:1=3,light:1=1", stdin="\n".join(keys))
        heavy = sum(line.endswith("heavy:1") for line in done.stdout.splitlines())
        self.assertTrue(1300 < heavy < 1700, heavy)

    def test_what_is_no_set_of_members(self):
        self.refuses("lookup", "karger", "k", saying="--members or --members-file is required")
        self.refuses("lookup", "karger", "--members", "a,b,a", "k", saying="two members are called 'a'")
        for text in ("a=0", "a=-1", "a=nan", "a=1e308", "=3"):
            with self.subTest(member=text):
                self.refuses("lookup", "karger", "--members", text, "k", saying=text)
        self.refuses("lookup", "karger", "--members", "a,b", "--replicas", "3", "k", saying="there are 2 members")
        self.refuses("lookup", "karger", "--members-file", "/nowhere", "k", saying="/nowhere")
        self.refuses("lookup", "kagrer", "--members", "a", "k", saying="did you mean 'karger'?")
        self.refuses("lookup", "karger:pionts=3", "--members", "a", "k", saying="did you mean 'points'?")
        self.refuses("lookup", "karger:points=0", "--members", "a", "k", saying="out of range")
        self.refuses("lookup", "karger:", "--members", "a", "k", saying="karger:: expected a parameter at its end")
        self.refuses("lookup", "karger:strategy=jump", "--members", "a", "k", saying="karger has no parameter 'strategy'")
        self.refuses("lookup", "karger:points=9,points=8", "--members", "a", "k", saying="'points' is given twice")
        self.refuses("lookup", "karger:points=9,", "--members", "a", "k", saying="expected a parameter at its end")
        self.refuses("lookup", "", "--members", "a", "k", saying="a ring's name is empty")
        for text in ("a,,b", ",a", "a,"):
            self.refuses("lookup", "karger", "--members", text, "k", saying="--members: one of its values is empty")
        self.refuses("lookup", "karger", "--members-file", "-", stdin="a", saying="keys must be given")
        self.refuses("lookup", "karger", "--members-file", "-", "k", stdin="a\na", saying="two members are called 'a'")

    def test_members_of_standard_input(self):
        done = hearsay("lookup", "stathat", "--members-file", "-", "ggg", "hhh", stdin="abcdefg\nhijklmn\nopqrstu\n")
        self.assertEqual((done.returncode, done.stdout), (0, "ggg\tabcdefg\nhhh\topqrstu\n"))

    def test_weights_that_do_not_count_are_said(self):
        done = hearsay("lookup", "jump", "--members", "a=2,b", "k")
        self.assertEqual((done.returncode, done.stderr), (0, "hearsay: jump ignores weights\n"))
        for ring, members in (("jump", "a=1,b"), ("karger", "a=2,b")):
            self.assertEqual(hearsay("lookup", ring, "--members", members, "k").stderr, "")

    def test_files_that_are_no_members(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "members.txt"
            lookup = ("lookup", "karger", "--members-file", str(path))
            path.write_bytes(b"a\r\nb=2\r\nc")
            done = hearsay(*lookup, "k", "--replicas", "3")
            self.assertEqual(sorted(done.stdout.split()), ["a", "b", "c", "k"])
            path.write_bytes(b"\xef\xbb\xbfa\t# the first\n  b=2  \n  # none\nc#1\n")
            done = hearsay(*lookup, "k", "--replicas", "3")
            self.assertEqual(sorted(done.stdout.split()), ["a", "b", "c#1", "k"])
            for content, saying in ((b"", "no member in it"), (b"# none\n\n", "no member in it"), (b"a\nb\na\n", "'a'"),
                                    (b"a\nb=nan\n", "line 2"), (b"a\0b\n", "no control characters"),
                                    (b"x" * 256, "at most 255 bytes")):
                with self.subTest(content=content[:10]):
                    path.write_bytes(content)
                    self.refuses(*lookup, "k", saying=saying)
            self.refuses("lookup", "karger", "--members-file", folder, "k", saying="is a folder")

    def test_it_ends_when_its_reader_does(self):
        looking = subprocess.Popen([PROGRAM, "ring", "lookup", "karger", "--members", "a,b"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        looking.stdin.write(b"k\n")
        looking.stdin.flush()
        self.assertEqual(looking.stdout.readline()[:2], b"k\t")
        looking.stdout.close()
        with self.assertRaises(BrokenPipeError):  # it reads no more
            while True:
                looking.stdin.write(b"k\n" * 1000)
        try:
            looking.stdin.close()
        except BrokenPipeError:
            pass
        self.assertEqual(looking.wait(timeout=60), 0)

    def test_keys_that_cannot_be_read(self):
        folder = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        done = subprocess.run([PROGRAM, "ring", "lookup", "karger", "--members", "a,b"], stdin=folder, capture_output=True,
                              text=True, timeout=60)
        os.close(folder)
        self.assertEqual((done.returncode, done.stderr), (2, "hearsay: standard input: cannot be read\n"))

    def test_keys_of_any_kind(self):
        long = "k" * 1_000_000
        done = hearsay("lookup", "karger", "--members", "a,b", "--json", stdin=f"\n{long}\r\nlast")
        self.assertEqual([json.loads(line)["key"] for line in done.stdout.splitlines()], ["", long, "last"])
        done = hearsay("lookup", "karger", "--members", "a", "", "two\nlines")
        self.assertEqual(done.stdout, "\ta\ntwo\\x0alines\ta\n")

    # ---- check ----

    def test_each_ring_keeps_its_promises(self):
        done = hearsay("check", "--trials", "10", "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        rings = json.loads(done.stdout)
        self.assertTrue(all(ring["passed"] for ring in rings))
        self.assertIn("karger", [ring["ring"] for ring in rings])

    def test_a_promise_that_is_not_made_is_shown(self):
        done = hearsay("check", "stathat")
        self.assertEqual(done.returncode, 0)
        self.assertIn("stathat: keeps what it promises", done.stdout)
        self.assertRegex(done.stdout, r"not promised +weights +shares")

    # ---- compare ----

    def test_figures_do_not_depend_on_the_machine(self):
        arguments = ("compare", "karger", "stathat", "--nodes", "10", "--keys", "5000", "--sets", "3", "--no-times", "--json")
        first, second = hearsay(*arguments), hearsay(*arguments)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(first.stdout, second.stdout)
        rows = json.loads(first.stdout)
        found = {(row["ring"], row["figure"]): row["value"] for row in rows}
        self.assertEqual(found["karger", "leave_moved"], 1)
        self.assertGreater(found["stathat", "share_cv"], found["karger", "share_cv"])
        self.assertNotIn("batch_ns", [row["figure"] for row in rows])

    def test_a_table_has_a_line_a_ring_and_number(self):
        done = hearsay("compare", "karger", "karger:points=10", "--nodes", "5,10", "--keys", "2000", "--sets", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("    ")]
        self.assertEqual(lines[:4], [["karger", "5"], ["karger", "10"], ["karger:points=10", "5"], ["karger:points=10", "10"]])
        self.assertEqual(len(lines), 4 * 5)

    def test_rings_under_gossip(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(SCENARIO)
            file.flush()
            arguments = ("compare", "karger:points=20", "memento", "--nodes", "5", "--keys", "1000", "--sets", "1", "--no-times",
                         "--scenario", file.name)
            table, rows = hearsay(*arguments), hearsay(*arguments, "--json")
            self.assertEqual((table.returncode, rows.returncode), (0, 0), table.stderr + rows.stderr)
            lines = table.stdout[table.stdout.index("Under gossip"):].splitlines()
            self.assertEqual([line.split()[:2] for line in lines[1:]], [["karger:points=20", "8"], ["memento", "8"]])
            found = {(row["ring"], row["figure"]): row["value"] for row in json.loads(rows.stdout) if row["nodes"] == 8}
            self.assertGreater(found["memento", "ring_misrouted_share"], found["karger:points=20", "ring_misrouted_share"])
            self.assertGreater(found["memento", "quorum_miss_across_share"], 0)
            self.assertNotIn(("karger:points=20", "availability_share"), found)  # nobody asked for anything
            without = hearsay(*arguments[:-2])
            self.assertNotIn("Under gossip", without.stdout)
        done = hearsay("compare", "karger", "--scenario", "/nowhere.toml")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("/nowhere.toml", done.stderr)

    def test_all_of_them_where_none_is_named(self):
        done = hearsay("compare", "--nodes", "5", "--keys", "1000", "--sets", "1", "--no-times", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        listed = subprocess.run([PROGRAM, "list", "ring", "--json"], capture_output=True, text=True, timeout=120)
        self.assertEqual(list(dict.fromkeys(row["ring"] for row in json.loads(done.stdout))),
                         [ring["name"] for ring in json.loads(listed.stdout)])

    def test_a_ring_twice(self):
        self.refuses("compare", "karger", "jump", "karger", saying="karger: is given twice")

    def test_interrupted_it_shows_what_it_has(self):
        # The second number of members would take minutes. A progress line wants a terminal.
        screen, terminal = os.openpty()
        with subprocess.Popen([PROGRAM, "ring", "compare", "karger", "--nodes", "100,5000", "--keys", "1000", "--sets", "300",
                               "--no-times", "--json"], stdout=subprocess.PIPE, stderr=terminal, text=True) as running:
            os.close(terminal)
            shown = b""
            while b"2 of 2: karger, 5000 members" not in shown:
                shown += os.read(screen, 1000)
            running.send_signal(signal.SIGINT)
            out, _ = running.communicate(timeout=60)
        self.assertIn(b"hearsay: interrupted: 1 of 2 measured", os.read(screen, 1000))
        os.close(screen)
        self.assertEqual(running.returncode, 130)
        self.assertEqual({row["nodes"] for row in json.loads(out)}, {100})

    def test_numbers_that_are_none(self):
        for nodes in ("0", "x", "1000001", "-1", ""):
            with self.subTest(nodes=nodes):
                self.refuses("compare", "karger", f"--nodes={nodes}", saying="--nodes")


if __name__ == "__main__":
    unittest.main()
