"""A run: the same bytes each time, its folder, its exit code, what it says."""
import csv
import json
import os
import pty
import re
import subprocess

import cli


class Sameness(cli.CliTest):
    def test_json_is_the_same_each_time_and_with_wire(self):
        first = self.succeeds("run", "small.toml", "--json").stdout
        self.assertEqual(first, self.succeeds("run", "small.toml", "--json").stdout)
        wire = self.succeeds("run", "small.toml", "--json", "--wire").stdout
        self.assertEqual(json.loads(first)["fingerprint"], json.loads(wire)["fingerprint"])
        self.assertEqual(json.loads(first), self.results())

    def test_several_runs_do_not_depend_on_the_jobs(self):
        outputs = [self.succeeds("run", "small.toml", "--runs", "5", "--jobs", jobs, "--json").stdout
                   for jobs in ("1", "2", "1024")]
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])
        runs = json.loads(outputs[0])["runs"]
        self.assertEqual([run["seed"] for run in runs], [1, 2, 3, 4, 5])
        self.assertEqual(len({run["fingerprint"] for run in runs}), 5)
        one = json.loads(self.succeeds("run", "small.toml", "--seed", "3", "--json").stdout)
        self.assertEqual(runs[2], one)


class Settings(cli.CliTest):
    def seed_of(self, *arguments, **options):
        return json.loads(self.succeeds("run", "small.toml", "--json", *arguments, **options).stdout)["seed"]

    def test_flag_before_environment_before_file(self):
        self.assertEqual(self.seed_of(), 1)
        self.assertEqual(self.seed_of(env={"HEARSAY_SEED": "7"}), 7)
        self.assertEqual(self.seed_of("--seed", "9", env={"HEARSAY_SEED": "7"}), 9)
        self.assertEqual(self.seed_of("--seed", "9", env={"HEARSAY_SEED": "abc"}), 9)

    def test_seeds_are_decimal_and_have_64_bits(self):
        self.assertEqual(self.seed_of("--seed", "010"), 10)
        self.assertEqual(self.seed_of("--seed", "0"), 0)
        self.assertEqual(self.seed_of("--seed", str(2**64 - 1)), 2**64 - 1)

    def test_the_place_may_come_from_the_environment(self):
        self.succeeds("run", "small.toml", env={"HEARSAY_OUT": "elsewhere"})
        self.assertEqual(len(self.run_folders("elsewhere")), 1)
        self.assertFalse((self.dir / "runs").exists())

    def test_the_summary_repeats_the_run(self):
        done = self.succeeds("run", "small.toml", "--seed", "5", "--set", 'event.0.sides=["n0", "rest"]')
        self.assertIn("seed 5", done.stdout)
        (command,) = re.findall(r"Repeat +hearsay (.*)", done.stdout)
        again = subprocess.run(["sh", "-c", f'"$0" {command}', cli.PROGRAM], cwd=self.dir, env=self.environment(),
                               capture_output=True, text=True, timeout=cli.DEADLINE_S)
        fingerprint = re.compile(r"Fingerprint +[0-9a-f]{32}")
        self.assertEqual(fingerprint.findall(done.stdout), fingerprint.findall(again.stdout))
        self.assertEqual(len(fingerprint.findall(again.stdout)), 1)


class Folder(cli.CliTest):
    def test_what_is_in_it(self):
        self.succeeds("run", "small.toml", "--runs", "2")
        (folder,) = self.run_folders()
        self.assertEqual(sorted(p.name for p in folder.iterdir()),
                         ["events.jsonl", "manifest.json", "results.json", "rows.csv", "scenario.toml"])
        self.assertEqual((folder.parent / "latest").resolve(), folder.resolve())
        manifest = json.loads((folder / "manifest.json").read_text())
        self.assertEqual((manifest["seed"], manifest["runs"]), (1, 2))
        self.assertTrue(manifest["repeat"].endswith("--seed 1 --runs 2"))
        self.assertEqual((folder / "scenario.toml").read_text(), cli.SCENARIO)
        rows = list(csv.DictReader((folder / "rows.csv").read_text().splitlines()))
        self.assertEqual({row["run"] for row in rows}, {"0", "1"})
        self.assertEqual({row["censored"] for row in rows}, {"0", "1"})  # the split is cut off by the heal
        self.assertEqual({row["censored"] for row in rows if row["metric"] == "convergence_s[split]"}, {"1"})
        self.assertEqual(manifest["status"], "complete")
        self.assertIn("availability_share", {row["metric"] for row in rows})
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        self.assertGreater(len(events), 100)
        self.assertTrue(all("t_s" in event and "kind" in event for event in events))
        self.assertEqual([event for event in events if "event" in event],
                         [{"t_s": 5.0, "kind": "cut", "event": "split", "sides": [[f"n{i}" for i in range(4)],
                           [f"n{i}" for i in range(4, 8)]], "count": 8},
                          {"t_s": 10.0, "kind": "heal", "event": "heal"}])

    def test_the_log_says_what_the_time_line_did_to_whom(self):
        self.write("crash.toml", cli.SCENARIO + '[[event]]\nat = "15s"\nlabel = "down"\nkind = "crash"\n'
                   'nodes = "n1, n3"\nfor = "2s"\n[[event]]\nat = "20s"\nlabel = "tick"\nkind = "clock"\n'
                   'nodes = "n2"\nstep = "1s"\ndrift = "50ppm"\n')
        self.succeeds("run", "crash.toml", "--runs", "2")
        lines = [json.loads(line) for line in (self.dir / "runs/small/latest/events.jsonl").read_text().splitlines()]
        self.assertEqual([line["t_s"] for line in lines], sorted(line["t_s"] for line in lines))
        self.assertEqual([line for line in lines if line.get("event") in ("down", "tick")],
                         [{"t_s": 15.0, "kind": "crash", "event": "down", "nodes": ["n1", "n3"], "count": 2},
                          {"t_s": 17.0, "kind": "restart", "event": "down", "nodes": ["n1", "n3"], "count": 2},
                          {"t_s": 20.0, "kind": "clock", "event": "tick", "nodes": ["n2"], "count": 1}])

    def test_what_is_no_link_stays(self):
        latest = self.dir / "runs/small/latest"
        latest.parent.mkdir(parents=True)
        for make, gone in ((lambda: latest.write_text("mine"), latest.unlink), (latest.mkdir, latest.rmdir)):
            make()
            done = self.succeeds("run", "small.toml")
            self.assertRegex(done.stderr, r"\Ahearsay: runs/small/latest is no link and was left as it is; the run is "
                                          r"in runs/small/\S+\n\Z")
            self.assertFalse(latest.is_symlink())
            self.assertEqual([p.name for p in latest.parent.glob(".*")], [])
            gone()
        self.assertEqual(self.succeeds("run", "small.toml").stderr, "")

    def test_two_runs_at_once_have_folders_of_their_own(self):
        runs = [self.start("run", "small.toml", "--seed", str(seed)) for seed in (1, 2, 3)]
        for run in runs:
            _, errors = run.communicate(timeout=cli.DEADLINE_S)
            self.assertEqual(run.returncode, 0, errors)
        folders = self.run_folders()
        self.assertEqual(len(folders), 3)
        self.assertEqual({json.loads((f / "results.json").read_text())["seed"] for f in folders}, {1, 2, 3})
        self.assertIn((self.dir / "runs/small/latest").resolve(), [f.resolve() for f in folders])
        self.assertEqual([p.name for p in (self.dir / "runs/small").glob(".*")], [])


class Verdict(cli.CliTest):
    def test_an_expectation_that_failed(self):
        self.write("strict.toml", cli.SCENARIO + '[[expect]]\nmetric = "messages_count"\nmax = 1\n')
        done = self.run_cli("run", "strict.toml")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stdout, r"failed +messages_count <= 1 +\d")
        self.assertIn("'messages_count <= 1' failed", done.stderr)
        self.assertIn("to repeat: hearsay run strict.toml --seed 1", done.stderr)
        several = self.run_cli("run", "strict.toml", "--runs", "2")
        self.assertEqual(several.returncode, 3)
        self.assertIn("in 0 of 2 runs; not with seed 1 2", several.stdout)
        self.assertRegex(several.stderr, r"to repeat: hearsay run strict.toml --seed 1\n\Z")
        self.assertIn("messages_count ", several.stdout)

    def test_a_fault_without_effect(self):
        text = cli.SCENARIO.replace('[[expect]]\ninvariant = "no_resurrection"\n', "")
        self.write("idle.toml", text + '[[event]]\nat = "20s"\nlabel = "nothing"\nkind = "loss"\nloss = 0\n')
        done = self.run_cli("run", "idle.toml")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("event 'nothing' had no effect", done.stderr)
        self.assertRegex(done.stdout, r"failed +event nothing +had no effect")
        self.assertEqual(self.run_cli("run", "idle.toml", "--runs", "2").returncode, 3)


class Quietness(cli.CliTest):
    def test_stderr_is_for_remarks(self):
        self.assertEqual(self.succeeds("run", "small.toml").stderr, "")
        self.write("strict.toml", cli.SCENARIO + '[[expect]]\nmetric = "messages_count"\nmax = 1\n')
        for quiet in ({}, {"HEARSAY_QUIET": "true"}):
            done = self.run_cli("run", "strict.toml", *([] if quiet else ["--quiet"]), env=quiet)
            self.assertEqual((done.returncode, done.stderr), (3, ""))
        self.refuses("run", "missing.toml", "--quiet", saying="no such file")

    def on_a_terminal(self, *arguments, env=None):
        """What the program writes to stderr when that is a terminal."""
        ours, theirs = pty.openpty()
        run = subprocess.Popen([cli.PROGRAM, *arguments], cwd=self.dir, env=self.environment(env), stderr=theirs,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(theirs)
        seen = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # the other side was closed
                break
            if not some:
                break
            seen += some
        os.close(ours)
        self.assertEqual(run.wait(timeout=cli.DEADLINE_S), 0)
        return seen.decode()

    def test_a_progress_line_on_a_terminal_alone(self):
        line = r"small: \d+ of 30 s simulated, [\d.]+[kM]? events/s, \d+ s left"
        self.assertRegex(self.on_a_terminal("run", "small.toml"), line)
        self.assertRegex(self.on_a_terminal("run", "small.toml", "--runs", "2"), r"0 of 2 runs done, .* s left")
        self.assertEqual(self.on_a_terminal("run", "small.toml", "--quiet"), "")
        self.assertEqual(self.on_a_terminal("run", "small.toml", env={"TERM": "dumb"}), "")


if __name__ == "__main__":
    cli.main()
