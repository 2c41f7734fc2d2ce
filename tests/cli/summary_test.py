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
