"""Where a value comes from: the flag, the environment, the file of --config, the default, in this order."""
import re

import cli


class Layers(cli.CliTest):
    def table(self, *arguments, **options):
        """What --print-config says: the value and the place of each option."""
        lines = self.succeeds(*arguments, "--print-config", **options).stdout.splitlines()
        self.assertRegex(lines[0], r"\A\[\w+\]\Z")
        rows = {}
        for line in lines[1:]:
            setting, place = line.rsplit("  # ", 1)
            name, _, value = setting.partition(" = ")
            rows[name.strip().removeprefix("# ")] = (value.strip(), place)
        return rows

    def test_each_layer_beats_those_below_it(self):
        self.write("c.toml", "[run]\nruns = 3\njobs = 1\nout = 'there'\n")
        env = {"HEARSAY_CONFIG": "c.toml", "HEARSAY_RUNS": "4", "HEARSAY_JOBS": "2"}
        rows = self.table("run", "small.toml", "--runs", "5", env=env)
        self.assertEqual(rows["runs"], ("5", "--runs"))
        self.assertEqual(rows["jobs"], ("2", "HEARSAY_JOBS"))
        self.assertEqual(rows["out"], ('"there"', "c.toml:4:7"))
        self.assertEqual(rows["color"], ('"auto"', "default"))
        self.assertEqual(rows["seed"], ("", "default: not set"))
        self.succeeds("run", "small.toml", "--quiet", "--runs", "1", env=env)
        self.assertEqual(len(self.run_folders("there")), 1)

    def test_what_is_printed_is_a_file_that_says_the_same(self):
        arguments = ["run", "--seed", str(2**64 - 1), "--set", 'a="x"', "--set", "b=[1, 2]", "--wire", "--out", 'a"b\\c']
        first = self.succeeds(*arguments, "--print-config").stdout
        self.write("again.toml", first)
        again = self.succeeds("run", "--config", "again.toml", "--print-config").stdout
        values = [line.rsplit("  # ", 1)[0].rstrip() for line in first.splitlines()]
        self.assertEqual(values, [line.rsplit("  # ", 1)[0].rstrip() for line in again.splitlines()])

    VERBS = ("run", "check", "list", "compare", "node", "serve", "broker", "status", "keygen", "kv put", "kv get", "kv del",
             "kv list", "kv watch", "bench startup", "bench lookup", "bench expiry", "ring compare", "ring check",
             "ring lookup", "new ring", "new membership", "new dissemination", "new replication")
    ENDPOINT = "tcp://127.0.0.1:9"
    # What is no default, where its form does not say how one looks; in TOML.
    OTHERS = {"on": '"zmq"', "color": '"never"', "log-level": '"warn"', "tolerance": '"5%"', "popularity": '"zipf"',
              "loop": '"open"', "bind": f'"{ENDPOINT}"', "frontend": f'"{ENDPOINT}"', "broker": f'"{ENDPOINT},{ENDPOINT}"',
              "servers": f'["{ENDPOINT}"]', "seed-node": f'["{ENDPOINT}"]', "set": '["a.b=1"]', "backend": '"memory"',
              ("bench startup", "nodes"): '["3"]', ("ring compare", "nodes"): '["3"]', "members": '["m"]',
              ("broker", "backend"): f'"{ENDPOINT}"', "max-bytes": '"2GiB"'}

    def other(self, verb, name, value):
        if found := self.OTHERS.get((verb, name)) or self.OTHERS.get(name):
            return found
        if value == "false":
            return "true"
        if value.startswith('"'):
            return '"7s"' if re.fullmatch(r'"[0-9]+m?s"', value) else '"other"'
        return str(int(value or 0) + 1) if "." not in value else "0.5"

    def test_every_option_has_a_variable_and_a_key(self):
        listed = re.findall(r"^  (\w+) ", self.succeeds("--help").stdout.partition("Subcommands:")[2], re.MULTILINE)
        self.assertEqual(sorted({verb.split()[0] for verb in self.VERBS}), sorted(set(listed) - {"hearsay"}))
        for verb in self.VERBS:
            with self.subTest(verb=verb):
                rows = self.table(*verb.split())
                others = {name: self.other(verb, name, value) for name, (value, _) in rows.items()}
                variables = {name: "HEARSAY_" + name.upper().replace("-", "_") for name in rows}
                again = self.table(*verb.split(), env={variables[name]: value.strip('[]"') for name, value in others.items()})
                self.assertEqual(again, {name: (value, variables[name]) for name, value in others.items()})
                for name, value in others.items():
                    self.assertNotEqual(value, rows[name][0], name)
                self.write("c.toml", f"[{verb.split()[0]}]\n" + "".join(f"{name} = {value}\n" for name, value in others.items()))
                again = self.table(*verb.split(), "--config", "c.toml")
                self.assertEqual({name: value for name, (value, _) in again.items()}, others)
                for line, (name, (_, place)) in enumerate(again.items(), 2):
                    self.assertTrue(place.startswith(f"c.toml:{line}:"), (name, place))

    def test_lists_and_flags(self):
        self.write("c.toml", "[run]\nset = ['a=1', 'b=2']\nwire = true\n")
        rows = self.table("run", "--config", "c.toml")
        self.assertEqual((rows["set"][0], rows["wire"][0]), ('["a=1", "b=2"]', "true"))
        rows = self.table("run", "--config", "c.toml", env={"HEARSAY_SET": "c=3; d=4", "HEARSAY_WIRE": "false"})
        self.assertEqual((rows["set"], rows["wire"]), (('["c=3", "d=4"]', "HEARSAY_SET"), ("false", "HEARSAY_WIRE")))
        rows = self.table("run", "--config", "c.toml", "--set", "e=[1,2]", "--wire=no")
        self.assertEqual((rows["set"][0], rows["wire"][0]), ('["e=[1,2]"]', "false"))

    def test_an_empty_variable_counts_for_none(self):
        self.assertEqual(self.table("run", env={"HEARSAY_RUNS": "", "HEARSAY_CONFIG": ""})["runs"], ("1", "default"))

    def test_print_config_does_nothing_else(self):
        self.table("run", "small.toml")
        self.assertEqual(self.run_folders(), [])


class Wrong(cli.CliTest):
    def says(self, text, *saying, verb="run"):
        self.write("c.toml", text)
        self.refuses(verb, "small.toml", "--config", "c.toml", saying=saying)
        self.assertEqual(self.run_folders(), [])

    def test_what_is_not_known(self):
        self.says("[run]\nsede = 3\n", "c.toml:2:1: [run] has no option 'sede'; did you mean 'seed'?")
        self.says("[rnu]\nseed = 3\n", "c.toml:1:", "there is no verb 'rnu'", "did you mean 'run'?")
        self.says("seed = 3\n", "c.toml:1:1: there is no verb 'seed'")
        self.says("run = 3\n", "c.toml:1:1: run is an integer; expected a section, [run]")
        # Of another verb, too: a file is right or wrong as a whole.
        self.says("[list]\njsno = true\n", "c.toml:2:1: [list] has no option 'jsno'; did you mean 'json'?")

    def test_values_are_named_with_their_place(self):
        self.says("[run]\nruns = 0\n", "c.toml:2:8: --runs: '0' is not a whole number from 1 to 100000")
        self.says("[run]\n\nout = 3\n", "c.toml:3:7: out: an integer is no value for it; expected a string")
        self.says("[run]\nwire = 'yes'\n", "c.toml:2:8: wire: a string is no value for it; expected true or false")
        self.says("[run]\nset = [true]\n", "c.toml:2:7: set: expected a list of strings")
        self.says("[run]\ncolor = 'blue'\n", "c.toml:2:9: --color: 'blue' is none of auto, always, never")
        self.says("[run]\nruns = 1979-05-27\n", "c.toml:2:8: runs: a date or time is no value for it; expected a number")

    def test_a_file_that_is_none(self):
        self.says("[run\n", "c.toml:1:")
        self.refuses("run", "small.toml", "--config", "none.toml", saying="none.toml")
        self.refuses("run", "small.toml", "--config", ".", saying=".")
        self.refuses("run", "small.toml", env={"HEARSAY_CONFIG": "none.toml"}, saying="none.toml")

    def test_what_is_wrong_later_is_told_with_where_else_values_are_from(self):
        self.refuses("kv", "get", "a", "--backend", "redis", env={"HEARSAY_SERVERS": "redis:1:2"},
                     saying="(also given: HEARSAY_SERVERS)")
        self.write("c.toml", "[run]\nset = ['nodes.count=0']\n")
        self.refuses("run", "small.toml", "--config", "c.toml", saying="(also given: c.toml:2:7 (set))")

    def test_a_flag_of_the_command_line_saves_no_wrong_file(self):
        self.write("c.toml", "[run]\nruns = 0\nsede = 1\n")
        self.refuses("run", "small.toml", "--runs", "1", "--config", "c.toml", saying="c.toml:3:1")


if __name__ == "__main__":
    cli.main()
