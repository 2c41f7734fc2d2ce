"""Two runs side by side: what is compared, what is said of it, and folders that are none."""
import json
import shutil

import cli


class CompareTest(cli.CliTest):
    def recorded(self, name, *arguments):
        """A run folder, called by name."""
        self.succeeds("run", "small.toml", "--quiet", "--out", "made", *arguments)
        (folder,) = self.run_folders("made")
        folder.rename(self.dir / name)
        return name

    def compared(self, left, right):
        return json.loads(self.succeeds("compare", left, right, "--json").stdout)

    def edit(self, folder, file, change):
        path = self.dir / folder / file
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))


class OneRun(CompareTest):
    def test_a_run_is_the_same_as_itself(self):
        self.recorded("a")
        found = self.compared("a", "a")
        self.assertEqual((found["remarks"], found["only_left"], found["only_right"]), ([], [], []))
        results = json.loads((self.dir / "a/results.json").read_text())
        shown = {metric["name"]: metric for metric in found["metrics"]}
        for name, metric in results["metrics"].items():
            if metric["value"] is not None or metric["censored"]:
                self.assertEqual(shown[name]["left"]["value"], metric["value"])
                self.assertEqual(shown[name]["left"]["censored"], metric["censored"])
        for metric in found["metrics"] + found["cost"]:
            self.assertEqual(metric["left"], metric["right"])
            if not metric["left"]["censored"]:
                self.assertIn(metric.get("ratio", 1), (1,))
                self.assertIn(metric.get("difference", 0), (0,))
        self.assertNotRegex(self.succeeds("compare", "a", "a").stdout, r"(?m) $|x\d")

    def test_the_relation_is_right_to_left(self):
        self.recorded("a")
        shutil.copytree(self.dir / "a", self.dir / "b")

        def change(results):
            results["metrics"]["get_latency_median_ms"]["value"] *= 2
            results["metrics"]["availability_share"]["value"] -= 0.25
            results["metrics"]["new_count"] = {"value": 4, "censored": False, "of": "nodes"}
            del results["metrics"]["messages_per_node_s"]
            results["cost"][0]["bytes"] *= 3

        self.edit("b", "results.json", change)
        self.edit("b", "manifest.json", lambda manifest: manifest.update({"on": "zmq", "commit": "abc"}))
        found = self.compared("a", "b")
        shown = {metric["name"]: metric for metric in found["metrics"]}
        self.assertEqual(shown["get_latency_median_ms"]["ratio"], 2)
        self.assertAlmostEqual(shown["availability_share"]["difference"], -0.25)
        self.assertEqual([metric["name"] for metric in found["only_left"]], ["messages_per_node_s"])
        self.assertEqual([(metric["name"], metric["right"]["value"]) for metric in found["only_right"]], [("new_count", 4)])
        self.assertEqual(max(cost["ratio"] for cost in found["cost"]), 3)
        self.assertEqual((found["left"]["on"], found["right"]["on"], found["right"]["commit"]), ("simulated", "zmq", "abc"))
        text = self.succeeds("compare", "a", "b").stdout
        self.assertRegex(text, r"(?m)^  on +simulated +zmq$")
        self.assertRegex(text, r"(?m)^  get_latency_median_ms .* x2$")
        self.assertRegex(text, r"(?m)^  availability_share .* -25 points$")
        self.assertIn("Only on the left", text)
        self.assertIn("Only on the right", text)

    def test_what_was_cut_off_is_never_shown_as_measured(self):
        self.recorded("a")  # the heal cuts off the split's convergence, after 5 s
        found = self.compared("a", "a")
        (metric,) = [metric for metric in found["metrics"] if metric["name"] == "convergence_s[split]"]
        self.assertEqual((metric["left"]["value"], metric["left"]["censored"], metric["left"]["at_least"]), (None, True, 5))
        self.assertTrue(metric.keys().isdisjoint({"ratio", "difference"}))
        (split,) = [event for event in found["events"] if event["label"] == "split"]
        (last,) = [figure for figure in split["figures"] if figure["name"] == "last_s"]
        self.assertEqual((last["left"]["value"], last["left"]["at_least"]), (None, 5))
        text = self.succeeds("compare", "a", "a").stdout
        self.assertRegex(text, r"(?m)^  convergence_s\[split\] +> 5 s +> 5 s +-$")
        self.assertRegex(text, r"(?m)^  split, last +> 5 s +> 5 s +-$")

    def test_links_to_a_folder(self):
        self.succeeds("run", "small.toml", "--quiet")
        self.assertEqual(self.compared("runs/small/latest", "runs/small/latest")["left"]["seed"], 1)

    def test_expectations_stand_beside_each_other(self):
        self.recorded("a")
        done = self.run_cli("run", "small.toml", "--quiet", "--out", "made", "--set", "expect=[{metric='requests_count', max=1}]")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.run_folders("made")[0].rename(self.dir / "b")
        compared = self.compared("a", "b")
        self.assertEqual([(one["left"] is None, one["right"] is None) for one in compared["expectations"]],
                         [(False, True), (True, False)])
        self.assertTrue(any("expect" in remark for remark in compared["remarks"]))


class Remarks(CompareTest):
    def test_of_different_scenarios_and_durations(self):
        self.recorded("a")
        self.write("small.toml", cli.SCENARIO.replace('"small"', '"other"').replace('"30s"', '"40s"'))
        self.succeeds("run", "small.toml", "--quiet", "--out", "made")
        self.run_folders("made", "other")[0].rename(self.dir / "b")
        remarks = self.compared("a", "b")["remarks"]
        self.assertEqual(remarks[0], "different scenarios: small and other")
        self.assertIn("different durations: 30 s and 40 s", remarks[1])
        self.assertIn("note: different scenarios", self.succeeds("compare", "a", "b").stdout)

    def test_of_one_scenario_with_another_setting(self):
        self.recorded("a")
        self.recorded("b", "--set", "membership.rejoin=none")
        self.assertEqual(self.compared("a", "b")["remarks"],
                         ["the scenario is not the same in /membership/parameters/rejoin"])

    def test_another_seed_is_no_other_scenario(self):
        self.recorded("a")
        self.recorded("b", "--seed", "2")
        self.assertEqual(self.compared("a", "b")["remarks"], [])


class SeveralRuns(CompareTest):
    def test_by_mean_and_interval(self):
        self.recorded("a", "--runs", "4")
        self.recorded("b", "--runs", "4", "--seed", "11")
        found = self.compared("a", "b")
        summary = json.loads((self.dir / "a/results.json").read_text())["summary"]["metrics"]
        shown = {metric["name"]: metric for metric in found["metrics"]}
        for name in ("get_latency_median_ms", "convergence_s[heal]"):
            left = shown[name]["left"]
            self.assertEqual((left["value"], left["ci95_low"], left["ci95_high"], left["runs"]),
                             (summary[name]["mean"], summary[name]["ci95_low"], summary[name]["ci95_high"], 4))
        split = shown["convergence_s[split]"]["left"]
        self.assertEqual((split["value"], split["censored"], split["censored_runs"]), (None, True, 4))
        self.assertEqual((found["left"]["runs"], found["right"]["seed"]), (4, 11))
        text = self.succeeds("compare", "a", "b").stdout
        self.assertRegex(text, r"(?m)^  seed +1 to 4 +11 to 14$")
        self.assertRegex(text, r"(?m)^  heal, last +[\d.]+ m?s \[[\d.]+ m?s, [\d.]+ m?s\]")
        self.assertRegex(text, r"(?m)^  convergence_s\[split\] +cut off +cut off +-$")

    def test_beside_one_run(self):
        self.recorded("a")
        self.recorded("b", "--runs", "2")
        self.assertIn("different numbers of runs: 1 and 2", self.compared("a", "b")["remarks"])


class NoRuns(CompareTest):
    def setUp(self):
        super().setUp()
        self.recorded("a")
        self.succeeds("compare", "a", "a")

    def broken(self, file, text, *saying):
        shutil.copytree(self.dir / "a", self.dir / "b", dirs_exist_ok=True)
        (self.dir / "b" / file).write_bytes(text)
        for arguments in (["a", "b"], ["b", "a"]):
            self.refuses("compare", *arguments, saying=[f"b/{file}", *saying])

    def changed(self, file, change, *saying):
        document = json.loads((self.dir / "a" / file).read_text())
        change(document)
        self.broken(file, json.dumps(document).encode(), *saying)

    def test_no_folder(self):
        self.refuses("compare", "a", "nope", saying=["nope", "no folder"])
        self.refuses("compare", "a", "small.toml", saying=["small.toml", "no folder"])
        self.refuses("compare", "a", ".", saying=["manifest.json", "no such file"])
        self.refuses("compare", "a", saying="RIGHT is required")

    def test_cut_off_at_every_length(self):
        for file in ("manifest.json", "results.json"):
            whole = (self.dir / "a" / file).read_bytes()
            for share in (0, 0.1, 0.5, 0.9):
                self.broken(file, whole[:int(share * len(whole))], "is no whole JSON", "line")
            (self.dir / "b" / file).write_bytes(whole)

    def test_files_of_something_else(self):
        for text in (b"{}", b"[]", b"3", b'"x"', b"null", b"\xff\xfe", b"[" * 100_000):
            for file in ("manifest.json", "results.json"):
                self.broken(file, text)
                shutil.copy(self.dir / "a" / file, self.dir / "b" / file)
        self.changed("manifest.json", lambda m: m.update(program="other"), "program", "another program")
        (self.dir / "b/results.json").unlink()
        shutil.copy(self.dir / "a/manifest.json", self.dir / "b/manifest.json")
        self.refuses("compare", "a", "b", saying=["b/results.json", "no such file"])
        (self.dir / "b/results.json").mkdir()
        self.refuses("compare", "a", "b", saying=["b/results.json", "is no file"])

    def test_values_of_the_wrong_kind_are_named(self):
        def metric(value):
            return lambda r: r["metrics"]["availability_share"].update(value=value)

        self.changed("results.json", metric("x"), "metrics.availability_share.value: is no number")
        self.changed("results.json", metric(-1), "metrics.availability_share.value: is no number from 0 on")
        self.changed("results.json", lambda r: r["timeline"][1].pop("label"), "timeline[1].label: is missing")
        self.changed("results.json", lambda r: r.update(timeline={}), "timeline: is no list")
        self.changed("results.json", lambda r: r["cost"][0].update(bytes=1.5), "cost[0].bytes: is no whole number")
        self.changed("results.json", lambda r: r.update(scenario="x"), "scenario: is not that of manifest.json")
        self.changed("results.json", lambda r: r.update(seed=9), "is of seed 9, and manifest.json of seed 1")
        self.changed("results.json", lambda r: r.update(runs=[]), "runs: is empty")

    def test_a_run_that_has_not_ended(self):
        self.changed("manifest.json", lambda m: m.update(status="running"), "status", "still \"running\"")
        self.changed("manifest.json", lambda m: m.update(status="x"), "status: is none of")
        self.changed("manifest.json", lambda m: m.update(on="paper"), "on: is neither")


if __name__ == "__main__":
    cli.main()
