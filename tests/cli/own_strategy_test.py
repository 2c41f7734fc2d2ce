"""`hearsay new membership` and its like: what they write is what the suite compiles, and does what its check asks."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(sys.argv.pop(1)).resolve()
PLUGINS = PROGRAM.parent / "plugins"
SKELETONS = Path(__file__).parents[2] / "cli/skeletons"
ROLES = ("membership", "dissemination", "replication")


class OwnStrategy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)

    def hearsay(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.dir, capture_output=True, text=True, timeout=120)

    def run_check(self, role, *more, plugin=True):
        plugins = ("--plugin", PLUGINS / f"libmy-{role}.so") if plugin else ()
        return self.hearsay(*plugins, "run", SKELETONS / f"{role}.toml", "--quiet", "--out", "runs", *more)

    def test_what_is_written_is_what_is_tested(self):
        for role in ("ring", *ROLES):
            with self.subTest(role=role):
                done = self.hearsay("new", role, f"my-{role}", role)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                made = self.dir / role
                self.assertEqual((made / f"my-{role}.cpp").read_text(), (SKELETONS / f"{role}.cpp").read_text())
                if role != "ring":
                    self.assertEqual((made / "check.toml").read_text(), (SKELETONS / f"{role}.toml").read_text())
                for file in made.iterdir():
                    self.assertNotRegex(file.read_text(), "@[A-Z]+@")

    def test_names_become_types_that_no_header_has(self):
        for role, name, kind in (("ring", "nearest", "NearestRing"), ("ring", "ring", "RingRing"),
                                 ("membership", "view-2", "View2Membership"), ("replication", "raft", "RaftReplication")):
            with self.subTest(name=name):
                self.assertEqual(self.hearsay("new", role, name, f"{role}-{name}").returncode, 0)
                code = (self.dir / f"{role}-{name}" / f"{name}.cpp").read_text()
                self.assertRegex(code, rf"(class|struct) {kind} final")
                self.assertIn(f'kName = "{name}"', code)
                self.assertNotRegex(code, "(?i)my-?" + role)

    def test_each_does_what_its_role_has_to_do(self):
        for role in ROLES:
            with self.subTest(role=role):
                done = self.run_check(role)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout, "(?m)^  held ")

    def test_the_checks_can_fail(self):
        for role, setting, broken in (("membership", "membership.strategy=static", r"failed convergence_s\[crash\]"),
                                      ("replication", "replication.strategy=none", "failed values_agree_at_end")):
            with self.subTest(role=role):
                done = self.run_check(role, "--set", setting, plugin=False)
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertRegex(done.stdout, broken)
        done = self.run_check("dissemination", "--set", "dissemination.fanout=1")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)

    def test_a_name_is_taken_in_its_role_alone(self):
        done = self.hearsay("new", "membership", "swim", "other")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is a membership 'swim' already", done.stderr)
        self.assertEqual(self.hearsay("new", "ring", "swim", "other").returncode, 0)

    def test_a_plugin_is_listed_with_its_parameters(self):
        done = self.hearsay("--plugin", PLUGINS / "libmy-membership.so", "list", "membership", "my-membership")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, re.compile("^  fail_after = 5s", re.MULTILINE))


if __name__ == "__main__":
    unittest.main()
