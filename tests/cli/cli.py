"""What the tests of the command line share: running the program, and a small scenario."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = ""
DEADLINE_S = 120  # generous: sanitizers and busy machines; nothing waits for it to pass

# Eight nodes, half a minute, a split that heals. Keys the tests replace stand at the start of a line.
SCENARIO = """\
name = "small"
question = "Does a small cluster heal?"
seed = 1
duration = "30s"
[nodes]
count = 8
[membership]
strategy = "swim"
rejoin = "push-pull"
[dissemination]
strategy = "push"
[replication]
strategy = "anti-entropy"
n = 3
[ring]
strategy = "karger"
[network]
latency = "2ms"
[[client]]
name = "load"
nodes = "all"
rate = "2/s"
put = 1
get = 4
keys = 20
ttl = "5s"
[[event]]
at = "5s"
label = "split"
kind = "partition"
sides = ["n0..n3", "n4..n7"]
[[event]]
at = "10s"
label = "heal"
kind = "heal"
[[expect]]
invariant = "no_resurrection"
"""


class CliTest(unittest.TestCase):
    """Each test has a folder of its own, in which the program runs, with the scenario as small.toml."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)
        self.write("small.toml", SCENARIO)

    def write(self, name: str, text: str) -> str:
        (self.dir / name).write_text(text)
        return name

    def environment(self, extra=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith("HEARSAY_") and k not in ("NO_COLOR", "TERM")}
        return {**env, "TERM": "xterm", **(extra or {})}

    def run_cli(self, *arguments, env=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, given=None):
        """`given`: what is on standard input."""
        source = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
        return subprocess.run([PROGRAM, *arguments], cwd=self.dir, env=self.environment(env), stdout=stdout,
                              stderr=stderr, text=text, timeout=DEADLINE_S, **source)

    def start(self, *arguments, **options):
        return subprocess.Popen([PROGRAM, *arguments], cwd=self.dir, env=self.environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def succeeds(self, *arguments, **options):
        done = self.run_cli(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def refuses(self, *arguments, saying=(), code=2, **options):
        """Exit `code`, nothing on stdout, one line on stderr that has all of `saying`."""
        done = self.run_cli(*arguments, **options)
        self.assertEqual(done.returncode, code, (done.stdout, done.stderr))
        self.assertEqual(done.stdout or "", "")
        self.assertRegex(done.stderr, r"\Ahearsay: [^\n]+\n\Z")
        for words in [saying] if isinstance(saying, str) else saying:
            self.assertIn(words, done.stderr)
        return done

    def run_folders(self, out="runs", name="small"):
        return sorted(p for p in (self.dir / out / name).glob("*") if p.name != "latest")

    def results(self, out="runs", name="small"):
        return json.loads((self.dir / out / name / "latest" / "results.json").read_text())


def main():
    """Called by each test file: PROGRAM comes first, unittest's own arguments after it."""
    global PROGRAM
    PROGRAM = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(module="__main__")
