"""Wrong and right usage: verbs, options, the environment, what is listed."""
import json

import cli

LAST_SEED = 2**64 - 1


class Verbs(cli.CliTest):
    def test_no_verb(self):
        self.refuses(saying=["verb", "run, check, list"])

    def test_unknown_verb_names_the_nearest(self):
        self.refuses("lst", saying=["'lst'", "did you mean 'list'?"])
        self.refuses("help", "nope", saying="'nope'")

    def test_help_is_data(self):
        for arguments in (["--help"], ["help"]):
            done = self.succeeds(*arguments)
            self.assertIn("hearsay run scenarios/partition-heal.toml", done.stdout)
            self.assertEqual(done.stderr, "")
        run_help = self.succeeds("run", "--help").stdout
        self.assertEqual(run_help, self.succeeds("help", "run").stdout)
        self.assertIn("Example", run_help)
        for option in ("--seed", "--runs", "--jobs", "--set", "--out", "--json", "--wire", "--quiet", "--color"):
            self.assertIn(option, run_help)

    def test_version(self):
        self.assertRegex(self.succeeds("--version").stdout, r"\Ahearsay \d+\.\d+\.\d+ \(.*\)\n\Z")


class Options(cli.CliTest):
    def test_a_misspelt_option_comes_before_what_is_missing(self):
        self.refuses("run", "--sede", "4", saying=["'--sede'", "did you mean '--seed'?"])
        self.refuses("run", "small.toml", "--sede=4", saying="did you mean '--seed'?")

    def test_a_missing_file_argument(self):
        self.refuses("run", saying="FILE is required")
        self.refuses("check", saying="FILE is required")

    def test_too_many_arguments(self):
        self.refuses("run", "small.toml", "other.toml", saying="'other.toml' was not expected")
        self.refuses("list", "ring", "karger", "more", saying="'more' was not expected")

    def test_values_out_of_range(self):
        for option, value in [("--seed", "-1"), ("--seed", str(LAST_SEED + 1)), ("--seed", "abc"), ("--seed", "1.5"),
                              ("--seed", ""), ("--runs", "0"), ("--runs", "-1"), ("--runs", "100001"),
                              ("--jobs", "99999"), ("--color", "blue")]:
            with self.subTest(option=option, value=value):
                self.refuses("run", "small.toml", f"{option}={value}", saying=option)
        self.refuses("run", "small.toml", "--seed", str(LAST_SEED), "--runs", "2", saying="beyond the last seed")
        self.refuses("run", "small.toml", "--out", "", saying="--out")
        self.assertEqual(self.run_folders(), [])

    def test_wrong_values_in_the_environment_are_named(self):
        for name, value in [("SEED", "abc"), ("RUNS", "0"), ("JOBS", "-1"), ("COLOR", "blue"), ("QUIET", "maybe")]:
            with self.subTest(name=name):
                self.refuses("run", "small.toml", env={f"HEARSAY_{name}": value},
                             saying=[f"from HEARSAY_{name}", f"--{name.lower()}", value])
        self.refuses("run", "small.toml", env={"HEARSAY_QUIET": "maybe"}, saying="--quiet: 'maybe' is neither true nor")
        self.succeeds("run", "small.toml", "--seed", "3", "--quiet", env={"HEARSAY_SEED": ""})


class Lists(cli.CliTest):
    def test_roles_and_strategies(self):
        everything = self.succeeds("list").stdout
        for name in ("membership", "swim", "announce", "static", "publish", "push", "anti-entropy", "karger", "stathat"):
            self.assertIn(name, everything)
        ring = self.succeeds("list", "ring").stdout
        self.assertIn("karger", ring)
        self.assertNotIn("swim", ring)

    def test_a_strategy_shows_every_parameter_with_its_default(self):
        text = self.succeeds("list", "membership", "swim").stdout
        (strategy,) = json.loads(self.succeeds("list", "membership", "swim", "--json").stdout)
        self.assertGreater(len(strategy["parameters"]), 10)
        for parameter in strategy["parameters"]:
            self.assertIn(f"{parameter['name']} = {parameter['default']}", text)
            self.assertTrue(parameter["doc"])

    def test_the_default_and_what_presets_set_are_shown(self):
        self.assertRegex(self.succeeds("list", "ring").stdout, r"(?m)^  karger .*\(the default\)$")
        text = self.succeeds("list", "membership", "swim").stdout
        self.assertTrue(text.startswith("membership swim (the default)\n"))
        self.assertRegex(text, r"(?m)^  lan .*\n +the defaults$")
        self.assertIn("probe_interval = 5s, probe_timeout = 3s, suspicion_mult = 6", text)
        self.assertIn("(hearsay's own)", text)
        (swim,) = json.loads(self.succeeds("list", "membership", "swim", "--json").stdout)
        self.assertEqual((swim["default"], swim["presets"][0]["sets"]), (True, {}))
        self.assertEqual(swim["presets"][1]["sets"]["probe_interval"], "5s")

    def test_no_line_ends_in_a_blank(self):
        for arguments in (["list"], ["list", "membership", "swim"], ["list", "metrics"]):
            self.assertNotRegex(self.succeeds(*arguments).stdout, r"(?m) $")

    def test_unknown_names(self):
        self.refuses("list", "rings", saying=["'rings'", "did you mean 'ring'?"])
        self.refuses("list", "ring", "karge", saying=["'karge'", "did you mean 'karger'?"])
        self.refuses("list", "metrics", "x", saying="takes no name")

    def test_colour_is_for_terminals_unless_asked_for(self):
        self.assertNotIn("\x1b", self.succeeds("list").stdout)
        self.assertIn("\x1b[1m", self.succeeds("list", "--color", "always").stdout)
        self.assertNotIn("\x1b", self.succeeds("list", "--color=never", env={"HEARSAY_COLOR": "always"}).stdout)


if __name__ == "__main__":
    cli.main()
