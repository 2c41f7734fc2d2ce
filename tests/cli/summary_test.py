"""The summary: what a person sees lines up, has units, and leaves nothing important out."""
import re

import cli

LONG = "a-label-that-is-much-longer-than-its-column"


class OneRun(cli.CliTest):
    def lines(self, *arguments):
        text = self.succeeds("run", "small.toml", *arguments).stdout
        self.assertNotRegex(text, r"(?m) $")
        self.assertNotIn("0 ns", text)
        return text.splitlines()

    def after(self, lines, title):
        """The lines below a title, up to the next blank one."""
        begin = next(i for i, line in enumerate(lines) if line.startswith(title)) + 1
        return lines[begin:lines.index("", begin)]

    def test_the_time_line_is_a_table(self):
        self.write("small.toml", cli.SCENARIO.replace('label = "split"', f'label = "{LONG}"'))
        head, start, split, heal = self.after(self.lines(), "Time line")
        last = head.index("last") + len("last")
        what = head.index("what it did")
        self.assertRegex(start[:last], r"^ +0 s  start +[\d.]+ m?s$")
        self.assertEqual(start[what:], "8 nodes")
        self.assertRegex(split[:last], r"^ +5 s  a-label-that-is-\S*\.\.\. .*> 5 s$")
        self.assertRegex(split[what:], r"^\d\S* dropped \(then: heal\)$")
        self.assertRegex(heal[:last], r"[\d.]+ m?s$")
        self.assertTrue(heal[what:].startswith("1 partition healed"), heal)

    def test_series_have_one_time_axis_with_the_events_on_it(self):
        marks, *rows = self.after(self.lines(), "Over time")
        self.assertGreater(len(rows), 3)
        begin = max(len(row.split()[0]) for row in rows) + 1
        split, heal = marks.index("|split"), marks.index("|heal")
        width = 6 * (heal - split)  # 5 s of 30
        self.assertAlmostEqual(split, begin + width / 6, delta=2)
        dropped = next(row for row in rows if row.startswith("dropped_count"))
        high = [i for i, bar in enumerate(dropped[:begin + width]) if bar in "▂▃▄▅▆▇█"]
        self.assertTrue(high)
        # Messages are lost during the split alone; a sample, of two columns, is of the second before it.
        self.assertTrue(split <= high[0] <= split + 3 and high[-1] <= heal + 3, dropped)
        for row in rows:
            self.assertRegex(row, r"^\S+ [ ▁▂▃▄▅▆▇█]{20,} \S.* \.\. \S")
            self.assertLessEqual(len(row), 110)

    def test_figures_have_units(self):
        text = "\n".join(self.lines())
        self.assertRegex(text, r"Requests +\d+ made, [\d.]+% available")
        self.assertRegex(text, r"All +[\d.]+ messages, [\d.]+ k?B a node and second")
        self.assertRegex(text, r"(?m)^  held   no_resurrection$")

    def test_one_of_each_kind_to_look_at(self):
        lines = self.lines("--set", "duration=40s", "--set", "client.load.rate=20/s")
        kinds = [re.split(r"\s{2,}", line.strip())[0] for line in self.after(lines, "Look at")]
        self.assertGreater(len(kinds), 0)
        self.assertEqual(len(kinds), len(set(kinds)))


    def table(self, scenario, *arguments):
        """The time line by label: the figures (at most four, the last one over), and the words after them."""
        self.write("small.toml", scenario)
        head, *rows = self.after(self.run_cli("run", "small.toml", *arguments).stdout.splitlines(), "Time line")
        what = head.index("what it did")
        return {row.split()[2]: (row[:what].split()[3:], row[what:]) for row in rows if not row.startswith("  " * 5)}

    def test_what_was_cut_off_does_not_read_as_measured(self):
        events = cli.SCENARIO.index("[[event]]")
        scenario = cli.SCENARIO[:events] + '''
[[event]]
at = "10s"
label = "upgrade"
kind = "rolling-restart"
nodes = "all"
down = "500ms"
pause = "1s"
'''
        self.write("small.toml", scenario)
        text = self.succeeds("run", "small.toml").stdout
        self.assertRegex(text, r"(?m)^Deaths +noticed after \(median\) > 500 ms \(8 of 8 never\), by all after \(median\) > 500 ms, last > 500 ms$")
        metrics = self.results()["metrics"]
        self.assertIsNone(metrics["first_detection_median_s"]["value"])
        self.assertEqual(metrics["first_detection_median_s"]["at_least"], 0.5)
        self.assertEqual(metrics["first_detection_median_s"]["censored_count"], 8)

    def test_an_event_that_changes_no_target_has_figures_of_its_own(self):
        events = cli.SCENARIO.index("[[event]]")
        rows = self.table(cli.SCENARIO[:events] + '''
[[event]]
at = "5s"
label = "faster"
kind = "workload"
client = "load"
rate = "4/s"
[[event]]
at = "10s"
label = "slow"
kind = "slow"
nodes = "n3"
step = "3s"
for = "5s"
''')
        self.assertEqual(rows["faster"][0], ["0", "s"])
        self.assertRegex(rows["faster"][1], r"\(views undisturbed\)$")
        self.assertRegex(rows["slow"][1], r"agreement lost|undisturbed")

    def test_two_events_of_one_instant_are_one_change(self):
        scenario = cli.SCENARIO.replace('sides = ["n0..n3", "n4..n7"]', '''sides = ["n0..n3", "n4..n7"]
[[event]]
at = "5s"
label = "again"
kind = "partition"
sides = ["n0..n1", "n2..n7"]''')
        rows = self.table(scenario)
        self.assertEqual(rows["split"][0], ["-", "-", "-", "-"])
        self.assertRegex(rows["split"][1], r"\(one change with again\)$")
        text = self.run_cli("run", "small.toml").stdout
        self.assertRegex(text, r"(?m)^ +What two cuts block counts at both: \S+ messages were dropped by cuts in all\.$")

    def test_accusers_are_not_taken_for_the_accused(self):
        # Who stands still for half a minute is declared dead, by everybody else.
        events = cli.SCENARIO.index("[[event]]")
        self.write("small.toml", cli.SCENARIO[:events].replace('duration = "30s"', 'duration = "60s"') + '''
[[event]]
at = "5s"
label = "pause"
kind = "pause"
nodes = "n3"
for = "30s"
''')
        text = self.succeeds("run", "small.toml").stdout
        self.assertRegex(text, r"(?m)^Mistakes +\d+ wrong declarations about 1 member, \d+ wrong suspicions? about \d+ members?, "
                               r"\d+ refuted by the accused$")

    def test_where_nobody_lives_no_expectation_holds(self):
        events = cli.SCENARIO.index("[[event]]")
        self.write("small.toml", cli.SCENARIO[:events] + '''
[[event]]
at = "10s"
label = "end"
kind = "crash"
nodes = "all"
[[expect]]
invariant = "views_agree_at_end"
[[expect]]
metric = "convergence_s[end]"
max = "1s"
''')
        done = self.run_cli("run", "small.toml")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stdout, r"(?m)^  failed views_agree_at_end +no live node: not measured$")
        self.assertRegex(done.stdout, r"(?m)^  failed convergence_s\[end\] <= 1s +no value \(no live node\)$")

    def test_a_share_is_shown_in_one_way(self):
        self.write("small.toml", cli.SCENARIO + '[[expect]]\nmetric = "availability_share"\nmin = 0.125\n')
        self.assertRegex(self.succeeds("run", "small.toml").stdout, r"(?m)^  held   availability_share >= 12.5% +\S+%$")


class SeveralRuns(cli.CliTest):
    def test_a_chosen_table_in_the_order_of_the_time_line(self):
        text = self.succeeds("run", "small.toml", "--runs", "3").stdout
        self.assertNotRegex(text, r"(?m) $")
        lines = text.splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("metric"))
        names = [line.split()[0] for line in lines[begin + 1:lines.index("", begin)]]
        self.assertLess(len(names), 30)
        self.assertLess(names.index("convergence_s[split]"), names.index("convergence_s[heal]"))
        self.assertRegex(text, r"(?m)^and \d+ more in results.json$")
        self.assertRegex(text, r"(?m)^  held   no_resurrection  in 3 of 3 runs$")
        metrics = self.results()["summary"]["metrics"]
        self.assertTrue(set(names[:-1]) <= set(metrics))
        self.assertGreater(len(metrics), len(names))


if __name__ == "__main__":
    cli.main()
