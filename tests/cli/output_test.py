"""Output that cannot be written, and runs that are interrupted."""
import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

import cli

FULL = Path("/dev/full")


class Stdout(cli.CliTest):
    @unittest.skipUnless(FULL.exists(), "there is no /dev/full")
    def test_full(self):
        for arguments in (["list"], ["list", "--json"], ["check", "small.toml"], ["--help"], ["--version"],
                          ["run", "small.toml"], ["run", "small.toml", "--json"]):
            with self.subTest(arguments=arguments), FULL.open("w") as full:
                self.refuses(*arguments, stdout=full, code=1, saying="cannot write to standard output: No space")
        self.assertEqual(self.results()["seed"], 1)  # the run is not lost

    def test_closed(self):
        for arguments in ("list", "run small.toml"):
            done = subprocess.run(["sh", "-c", f'"$0" {arguments} >&-', cli.PROGRAM], cwd=self.dir, env=self.environment(),
                                  stderr=subprocess.PIPE, text=True, timeout=cli.DEADLINE_S)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot write to standard output", done.stderr)
        (folder,) = self.run_folders()
        json.loads((folder / "manifest.json").read_text())  # no file got the descriptor that was free

    def test_closed_stderr_does_not_go_into_a_file(self):
        done = subprocess.run(["sh", "-c", '"$0" run small.toml 2>&-', cli.PROGRAM], cwd=self.dir, env=self.environment(),
                              stdout=subprocess.DEVNULL, timeout=cli.DEADLINE_S)
        self.assertEqual(done.returncode, 0)
        json.loads((self.run_folders()[0] / "manifest.json").read_text())

    def test_a_reader_that_has_read_enough_is_no_error(self):
        for arguments in (["list", "metrics"], ["run", "small.toml", "--json"]):
            reading, writing = os.pipe()
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                done = self.run_cli(*arguments, stdout=pipe)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.results()["seed"], 1)


class Out(cli.CliTest):
    def tree(self):
        return sorted(str(p.relative_to(self.dir)) for p in self.dir.rglob("*"))

    def test_a_file_in_the_way(self):
        self.write("file", "")
        before = self.tree()
        for out in ("file", "file/below", "/dev/null"):
            self.refuses("run", "small.toml", "--out", out, code=1, saying=["cannot create", "--out"])
        self.assertEqual(self.tree(), before)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_read_only(self):
        (self.dir / "locked").mkdir(mode=0o555)
        self.refuses("run", "small.toml", "--out", "locked", code=1, saying="Permission denied")

    def limited(self, kib, *arguments):
        # A limit on the size of a file stands for the full disk. SIGXFSZ is ignored, as a disk sends none.
        script = 'trap "" XFSZ; ulimit -f $(( $1 * 1024 / 512 )); shift; exec "$0" "$@"'
        return subprocess.run(["sh", "-c", script, cli.PROGRAM, str(kib), "run", "small.toml", *arguments], cwd=self.dir,
                              env=self.environment(), capture_output=True, text=True, timeout=cli.DEADLINE_S)

    def test_of_a_full_disk_the_log_goes_and_the_figures_stay(self):
        self.succeeds("run", "small.toml", "--out", "whole")
        sizes = {p.name: p.stat().st_size for p in self.run_folders("whole")[0].iterdir()}
        figures = max(sizes["results.json"], sizes["rows.csv"], sizes["manifest.json"])
        self.assertGreater(sizes["events.jsonl"], figures + 8192)
        done = self.limited(figures // 1024 + 4)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Ahearsay: cannot write runs/small/\S+/events.jsonl: File too large; .*--out; "
                                      r"without events.jsonl the run is in runs/small/\S+\n\Z")
        self.assertIn("Fingerprint", done.stdout)
        (folder,) = self.run_folders()
        self.assertEqual(sorted(p.name for p in folder.iterdir()),
                         ["manifest.json", "results.json", "rows.csv", "scenario.toml"])
        manifest = json.loads((folder / "manifest.json").read_text())
        self.assertEqual((manifest["status"], manifest["missing"]), ("complete", ["events.jsonl"]))
        self.assertEqual(self.results()["seed"], 1)

    def test_where_nothing_fits_there_is_no_folder_and_the_older_runs_stay(self):
        self.succeeds("run", "small.toml", "--seed", "4")
        before = self.tree()
        for out, arguments in (("runs", []), ("new/deep", ["--out", "new/deep"])):
            done = self.limited(2, *arguments)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"\Ahearsay: cannot write {out}/small/\S+: File too large; .*--out\n\Z")
            self.assertEqual(self.tree(), before)
        self.assertEqual(self.results()["seed"], 4)


class Interrupted(cli.CliTest):
    def started(self, *arguments):
        # Ten years of simulated time end by the signal alone. There is something to interrupt when the event log has a block.
        run = self.start("run", "small.toml", "--set", "duration=3000d", *arguments)
        self.addCleanup(run.kill)
        deadline = time.monotonic() + cli.DEADLINE_S
        while not any(p.stat().st_size > 0 for p in self.dir.glob("runs/small/2*/events.jsonl")):
            self.assertIsNone(run.poll(), "the run ended by itself")
            self.assertLess(time.monotonic(), deadline)
            os.sched_yield()
        return run

    def interrupt(self, number, *arguments):
        run = self.started(*arguments)
        run.send_signal(number)
        out, errors = run.communicate(timeout=cli.DEADLINE_S)
        self.assertEqual(run.returncode, 130, errors)
        return out, errors

    def test_what_was_measured_is_written(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                out, errors = self.interrupt(number)
                self.assertIn("Interrupted at", out)
                self.assertIn("interrupted; what was measured is in runs/small/", errors)
                results = self.results()
                self.assertTrue(results["interrupted"])
                self.assertGreater(results["duration_s"], 0)
                for line in (self.dir / "runs/small/latest/events.jsonl").read_text().splitlines():
                    json.loads(line)
                for folder in self.run_folders():
                    self.assertTrue((folder / "rows.csv").exists())
                    self.assertEqual(json.loads((folder / "manifest.json").read_text())["status"], "interrupted")
                    (folder / "events.jsonl").unlink(missing_ok=True)  # so that the next run's is waited for

    def test_an_event_that_never_came_is_not_without_effect(self):
        out, errors = self.interrupt(signal.SIGINT, "--set", "event.heal.at=2999d")
        self.assertRegex(out, r"(?m) heal .*  not reached$")
        self.assertNotIn("had no effect", out + errors)
        self.assertNotIn("failed ", out)
        self.assertIn("Expectations, as far as the run went", out)
        results = self.results()
        self.assertIsNone(results["passed"])
        self.assertEqual([event["reached"] for event in results["timeline"]][1:], [False])

    def test_a_run_that_was_killed_says_that_it_is_not_whole(self):
        run = self.started()
        run.kill()
        run.communicate(timeout=cli.DEADLINE_S)
        (folder,) = self.run_folders()
        self.assertEqual(json.loads((folder / "manifest.json").read_text())["status"], "running")
        self.assertFalse((folder.parent / "latest").is_symlink())

    def test_the_second_signal_ends_it_at_once(self):
        # A world that takes a while to look at the first: the second one comes while it does, or finds it gone already.
        run = self.started()
        run.send_signal(signal.SIGSTOP)
        run.send_signal(signal.SIGINT)
        run.send_signal(signal.SIGTERM)
        run.send_signal(signal.SIGCONT)
        run.communicate(timeout=cli.DEADLINE_S)
        self.assertEqual(run.returncode, 130)
        self.assertEqual(json.loads((self.run_folders()[0] / "manifest.json").read_text())["status"], "running")

    def test_of_several_runs(self):
        _, errors = self.interrupt(signal.SIGINT, "--runs", "3", "--jobs", "2", "--quiet")
        self.assertEqual(errors, "")
        self.assertEqual(len(self.run_folders()), 1)
        self.results()


if __name__ == "__main__":
    cli.main()
