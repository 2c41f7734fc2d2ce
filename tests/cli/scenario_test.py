"""Scenarios that are wrong, and --set: one line that says where, exit 2, and no run folder."""
import json
import os

import cli


class Files(cli.CliTest):
    def test_check_says_what_is_there(self):
        self.assertEqual(self.succeeds("check", "small.toml").stdout,
                         "small.toml: 8 nodes, 30s, 2 events, 1 expectations\n")
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
        os.mkfifo(self.dir / "pipe.toml")
        for name, saying in [("empty.toml", "empty"), ("binary.toml", "binary.toml:"), ("text.toml", "text.toml:1:"),
                             (".", "directory"), ("missing.toml", "no such file"), ("pipe.toml", "regular file")]:
            for verb in ("check", "run"):
                with self.subTest(name=name, verb=verb):
                    self.refuses(verb, name, saying=saying)
        self.assertFalse((self.dir / "runs").exists())

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
