"""Scenarios that are wrong, and --set: one line that says where, exit 2, and no run folder."""
import json
import os
import re
import threading

import cli


class Files(cli.CliTest):
    def test_check_says_what_is_there(self):
        self.assertEqual(self.succeeds("check", "small.toml").stdout,
                         "small.toml: 8 nodes, 30s, 2 events, 1 expectation\n")
        (manifest,) = json.loads(self.succeeds("check", "small.toml", "--json").stdout)
        self.assertEqual(manifest["name"], "small")

    def test_check_goes_on_after_a_wrong_file(self):
        self.write("wrong.toml", "nodez = 3\n" + cli.SCENARIO)
        done = self.run_cli("check", "wrong.toml", "small.toml", "missing.toml")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout.count("\n"), 1)
        first, second = done.stderr.splitlines()
        self.assertIn("wrong.toml:1:1: unknown key 'nodez'", first)
        self.assertIn("did you mean 'nodes'?", first)
        self.assertIn("missing.toml: no such file", second)

    def test_what_is_no_scenario(self):
        self.write("empty.toml", "")
        (self.dir / "binary.toml").write_bytes(bytes(range(256)) * 8)
        self.write("text.toml", "this is not TOML\n")
        for name, saying in [("empty.toml", "empty"), ("binary.toml", "binary.toml:"), ("text.toml", "text.toml:1:"),
                             (".", "directory"), ("missing.toml", "no such file"), ("/dev/null", "empty"),
                             ("/dev/zero", "goes on after 16 MiB")]:
            for verb in ("check", "run"):
                with self.subTest(name=name, verb=verb):
                    self.refuses(verb, name, saying=saying)
        self.assertFalse((self.dir / "runs").exists())

    def test_a_scenario_may_come_through_a_pipe(self):
        for name in ("-", "/dev/stdin"):
            done = self.succeeds("check", name, given=cli.SCENARIO)
            self.assertEqual(done.stdout, f"{name}: 8 nodes, 30s, 2 events, 1 expectation\n")
        os.mkfifo(self.dir / "pipe.toml")
        writer = threading.Thread(target=lambda: (self.dir / "pipe.toml").write_text(cli.SCENARIO))
        writer.start()
        self.succeeds("check", "pipe.toml")
        writer.join()
        self.refuses("check", "-", given="nodez = 3\n", saying="stdin:1:1: unknown key 'nodez'")

    def test_a_piped_run_is_repeated_from_its_folder(self):
        piped = self.succeeds("run", "-", "--seed", "3", given=cli.SCENARIO)
        (command,) = re.findall(r"Repeat +hearsay run (.*)", piped.stdout)
        again = self.succeeds("run", *command.split())
        fingerprint = re.compile(r"Fingerprint +[0-9a-f]{32}")
        self.assertEqual(fingerprint.findall(piped.stdout), fingerprint.findall(again.stdout))
        self.assertEqual(len(fingerprint.findall(again.stdout)), 1)

    def test_what_a_file_says_does_not_reach_the_terminal_raw(self):
        self.write("evil.toml", cli.SCENARIO.replace("Does a small", "\\u001b]0;pwn\\u0007\\u009b31mDoes a small"))
        for verb in ("check", "run"):
            done = self.succeeds(verb, "evil.toml")
            for raw in ("\x1b", "\x07", "\x9b"):
                self.assertNotIn(raw, done.stdout + done.stderr)
        self.assertIn(r"\x1b]0;pwn\x07\u009b31mDoes a small", done.stdout)

    def test_an_event_that_can_do_nothing_is_refused_before_the_run(self):
        self.write("idle.toml", cli.SCENARIO + '[[event]]\nat = "20s"\nlabel = "nothing"\nkind = "heal"\n')
        for verb in ("check", "run"):
            self.refuses(verb, "idle.toml", saying=["idle.toml:38:1", "'nothing' can have no effect", "is healed by then"])
        self.assertFalse((self.dir / "runs").exists())

    def test_no_figure_can_meet_an_impossible_bound(self):
        self.write("never.toml", cli.SCENARIO + '[[expect]]\nmetric = "errors_count[timeuot]"\nmax = 0\n')
        self.refuses("check", "never.toml", saying=["unknown error 'timeuot'", "did you mean 'timeout'?"])

    def test_100_mb_of_brackets_are_not_even_read(self):
        with open(self.dir / "brackets.toml", "wb") as file:
            for _ in range(100):
                file.write(b"[" * 1_000_000)
        self.refuses("check", "brackets.toml", saying=["100000000 bytes", "at most"])
        self.write("nested.toml", "x = " + "[" * 1_000_000)
        self.refuses("check", "nested.toml", saying="nested.toml:")


class Set(cli.CliTest):
    def test_right(self):
        for setting, key in [("nodes.count=12", "12 nodes"), ("duration=40s", "40s")]:
            self.assertIn(key, self.succeeds("check", "small.toml", "--set", setting).stdout)
        self.succeeds("check", "small.toml", "--set", "membership.rejoin=none", "--set", "network.loss=5%",
                      "--set", "event.heal.at=12s", "--set", 'event.0.sides=["n0", "rest"]')

    def test_wrong(self):
        for setting, saying in [
                ("nodes.count=abc", "not an integer"), ("nodes.cuont=3", "did you mean 'count'?"), ("nodes.count", "no '='"),
                ("=3", "not a key"), ("duration=10", "lacks a unit"), ("duration=-1s", "duration"),
                ("event.9.at=1s", "no entry '9'"), ("membership.rejoin=nope", "expected one of none, push-pull"),
                ("network.loss=2", "network.loss"), ("name=../x", "not a name"), ("seed=-4", "seed"),
                ("event.split.sides=[\"n0..n3\",\"n3..n7\"]", "n3"), ("event.split.sides=[\"n0\",\"n99\"]", "n99")]:
            with self.subTest(setting=setting):
                self.refuses("run", "small.toml", "--set", setting, saying=saying)
        self.assertFalse((self.dir / "runs").exists())

    def test_an_event_after_the_end(self):
        self.refuses("run", "small.toml", "--set", "event.heal.at=31s", saying="31s")


if __name__ == "__main__":
    cli.main()
