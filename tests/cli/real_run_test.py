"""The same scenario on real sockets: faults that bite, figures that hold, and nothing that stays behind."""
import json
import os
import resource
import signal
import subprocess
import time
import unittest

import cli

# Six nodes, fast timers, a load; what happens is added by each test.
CLUSTER = """\
name = "small"
question = "Does it work on real sockets?"
seed = 3
duration = "{duration}"
[nodes]
count = 6
[membership]
strategy = "{membership}"
{parameters}
[dissemination]
strategy = "push"
[replication]
strategy = "anti-entropy"
n = 3
[network]
latency = "500us"
[measure]
sample_interval = "250ms"
[[client]]
name = "load"
nodes = "all"
rate = "10/s"
put = 1
get = 3
keys = 20
ttl = "3s"
"""
QUICK = """\
probe_interval = "200ms"
probe_timeout = "80ms"
suspicion_mult = 2
gossip_interval = "50ms"
push_pull_interval = "1s"
reconnect_interval = "500ms"
rejoin = "push-pull"
"""
HEALS = """
[[expect]]
metric = "convergence_s[{label}]"
max = "{bound}"
[[expect]]
invariant = "views_agree_at_end"
[[expect]]
invariant = "never_early"
"""


def cluster(duration="5s", membership="swim", parameters=QUICK):
    return CLUSTER.format(duration=duration, membership=membership, parameters=parameters)


def event(at, label, kind, *more):
    return f'[[event]]\nat = "{at}"\nlabel = "{label}"\nkind = "{kind}"\n' + "".join(f"{line}\n" for line in more)


class RealRunTest(cli.CliTest):
    def ran(self, text, *arguments, code=0):
        """The results, and what was said on stderr."""
        self.write("small.toml", text)
        done = self.run_cli("run", "small.toml", "--on", "zmq", "--json", *arguments)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout[:2000])
        return json.loads(done.stdout), done.stderr

    def effect(self, results, label):
        (found,) = [event for event in results["timeline"] if event["label"] == label]
        return found["effect"]

    def workers(self, of):
        """Processes of nodes that a run has started, zombies included."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[1:3] == [b"node-worker", str(of).encode()]:
                found.append(int(entry))
        return found

    def wait_until(self, condition, running):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertIsNone(running.poll(), "it has ended")
            self.assertLess(time.monotonic(), deadline, "it does not get under way")
            time.sleep(0.02)

    def gone(self, of):
        deadline = time.monotonic() + 20
        while self.workers(of):
            self.assertLess(time.monotonic(), deadline, "a node's process outlived its run")
            time.sleep(0.02)


SPLIT = (cluster("5s") + event("1s", "split", "partition", 'sides = ["n0..n2", "n3..n5"]') +
         event("2500ms", "heal", "heal") + HEALS.format(label="heal", bound="2s"))


class Faults(RealRunTest):
    def check_split(self, *arguments):
        results, _ = self.ran(SPLIT, *arguments)
        self.assertGreater(self.effect(results, "split").get("dropped", 0), 20)
        self.assertEqual(self.effect(results, "heal"), {"healed": 1})
        self.assertEqual((results["on"], results["fingerprint"], results["passed"]), ("zmq", None, True))
        self.assertEqual(results["processes"], "--processes" in arguments)
        self.assertEqual((results["not_honoured"], results["remarks"]), ([], []))
        metrics = {name: metric["value"] for name, metric in results["metrics"].items()}
        # Each half sees the other go, and come back; the load goes on.
        self.assertGreater(metrics["requests_count"], 200)
        self.assertGreater(metrics["availability_share"], 0.5)
        self.assertGreater(metrics["messages_count"], 1000)
        self.assertGreater(metrics["dropped_cut_count"], 20)
        disagreement = [value for _, value in results["series"]["view_disagreement_share"]]
        self.assertGreater(max(disagreement), 0.3)
        self.assertEqual(disagreement[-1], 0)
        manifest = json.loads((self.run_folders()[0] / "manifest.json").read_text())
        self.assertEqual((manifest["on"], manifest["processes"], manifest["status"]),
                         ("zmq", "--processes" in arguments, "complete"))
        self.assertIn(manifest["machine"]["cores"], (os.cpu_count(), len(os.sched_getaffinity(0))))

    def test_a_split_heals_in_one_process(self):
        self.check_split()

    def test_a_split_heals_between_processes(self):
        self.check_split("--processes")

    LIVES = (cluster("6500ms") + event("1s", "kill", "crash", 'nodes = "n4"', 'for = "1700ms"') +
             event("1500ms", "halt", "pause", 'nodes = "n1"', 'for = "200ms"') +
             event("3500ms", "go", "leave", 'nodes = "n5"', 'grace = "300ms"') +
             event("4500ms", "come", "join", 'nodes = "n5"') + HEALS.format(label="come", bound="1600ms"))

    def check_lives(self, *arguments):
        results, _ = self.ran(self.LIVES, *arguments)
        self.assertEqual(self.effect(results, "kill"), {"nodes": 1, "returned": 1})
        self.assertEqual(self.effect(results, "halt"), {"nodes": 1, "returned": 1})
        self.assertEqual(self.effect(results, "go"), {"nodes": 1})
        self.assertEqual(self.effect(results, "come"), {"nodes": 1})
        # The dead node's clients were refused.
        self.assertGreater(results["metrics"]["errors_count[unanswered]"]["value"], 10)
        lines = [json.loads(line) for line in (self.run_folders()[0] / "events.jsonl").read_text().splitlines()]
        kinds = {line["kind"] for line in lines}
        self.assertLessEqual({"crash", "restart", "pause", "resume", "leave", "stop", "join", "put", "stored"}, kinds)
        # A dead node sees nothing; a new life of it does.
        ((down,), (back,)) = ([line["t_s"] for line in lines if line["kind"] == kind] for kind in ("crash", "restart"))
        seen = [line["t_s"] for line in lines if line["kind"].startswith("member_") and line["node"] == "n4"]
        self.assertEqual([t for t in seen if down < t < back], [])
        self.assertTrue(any(t > back for t in seen), seen)
        dead = [line for line in lines if line["kind"] == "member_dead" and line.get("peer") == "n4"]
        self.assertTrue(dead and all(1 < line["t_s"] < 3.5 for line in dead), dead)

    def test_nodes_die_halt_leave_and_come_in_one_process(self):
        self.check_lives()

    def test_nodes_die_halt_leave_and_come_as_processes(self):
        self.check_lives("--processes")

    def test_static_members_know_each_other_from_the_start(self):
        for arguments in ((), ("--processes",)):
            with self.subTest(arguments):
                results, _ = self.ran(cluster("1s", "static", ""), *arguments)
                self.assertGreater(results["metrics"]["availability_share"]["value"], 0.95)


class Honesty(RealRunTest):
    def test_what_cannot_be_done_is_said_and_fails_the_run(self):
        text = cluster("1s") + '[[clock]]\nnodes = "n1"\noffset = "2s"\n' + event("300ms", "jump", "clock", 'nodes = "n0"',
                                                                                'step = "5s"')
        results, said = self.ran(text, code=3)
        self.assertEqual(len(results["not_honoured"]), 2)
        self.assertIn("'jump'", results["not_honoured"][1])
        self.assertIn("hearsay: not honoured on zmq: event 'jump'", said)
        self.assertIn("event 'jump' had no effect", said)
        done = self.run_cli("run", "small.toml", "--on", "zmq")
        self.assertIn("Not done", done.stdout)
        self.assertIn("none: a real run has none", done.stdout)

    def test_bounds_are_widened_by_the_tolerance_alone(self):
        expect = '[[expect]]\nmetric = "requests_count"\nmin = {least}\n{more}'
        steady = cluster("1s").replace('rate = "10/s"', 'rate = "10/s"\nsteady = true')
        # 6 clients for 1 s at 10 requests a second: 60, or a few less on a busy machine.
        for least, more, arguments, held, widened in ((70, "", (), True, 0.2), (70, "", ("--tolerance", "0%"), False, 0),
                                                      (120, 'tolerance = "60%"', ("--tolerance", "1%"), True, 0.6)):
            with self.subTest(least=least, arguments=arguments):
                results, _ = self.ran(steady + expect.format(least=least, more=more), *arguments, code=0 if held else 3)
                (one,) = results["expectations"]
                self.assertEqual((one["held"], one["tolerance"]), (held, widened))
                self.assertEqual(one["text"], f"requests_count >= {least}")

    def test_options_that_do_not_go_together(self):
        for arguments, saying in ((("--on", "zmq", "--runs", "2"), "--runs"), (("--on", "zmq", "--jobs", "2"), "--jobs"),
                                  (("--on", "zmq", "--wire"), "--wire"), (("--processes",), "--on zmq"),
                                  (("--tolerance", "5%"), "--on zmq"), (("--on", "zmq", "--tolerance", "5"), "--tolerance"),
                                  (("--on", "paper"), "--on")):
            with self.subTest(arguments):
                self.refuses("run", "small.toml", *arguments, saying=saying)
                self.assertEqual(self.run_folders(), [])

    def test_an_invariant_has_no_tolerance(self):
        self.write("small.toml", cluster() + '[[expect]]\ninvariant = "never_early"\ntolerance = "5%"\n')
        self.refuses("check", "small.toml", saying="tolerance", code=2)

    def test_a_real_run_is_compared_with_a_simulated_one(self):
        self.write("small.toml", cluster("2s") + event("500ms", "split", "partition", 'sides = ["n0", "rest"]') +
                   event("1s", "heal", "heal"))
        self.succeeds("run", "small.toml", "--quiet")
        simulated = self.run_folders()[0]
        self.succeeds("run", "small.toml", "--on", "zmq", "--quiet")
        (real,) = [folder for folder in self.run_folders() if folder != simulated]
        found = json.loads(self.succeeds("compare", str(simulated), str(real), "--json").stdout)
        self.assertEqual((found["left"]["on"], found["right"]["on"]), ("simulated", "zmq"))
        self.assertEqual([event["label"] for event in found["events"]], ["split", "heal"])


class Ending(RealRunTest):
    LONG = cluster("60s") + event("50s", "split", "partition", 'sides = ["n0", "rest"]')

    def begin(self, *arguments):
        """A run under way: its nodes have joined, and observations are in its log."""
        self.write("small.toml", self.LONG)
        running = self.start("run", "small.toml", "--on", "zmq", *arguments)
        self.addCleanup(running.communicate)
        self.addCleanup(running.kill)
        self.wait_until(lambda: any(folder.joinpath("events.jsonl").stat().st_size > 10_000
                                    for folder in self.run_folders() if folder.joinpath("events.jsonl").exists()), running)
        return running

    def test_it_ends_cleanly_when_interrupted(self):
        for arguments, processes in (((), 0), (("--processes",), 6)):
            with self.subTest(arguments):
                running = self.begin(*arguments)
                self.assertEqual(len(self.workers(running.pid)), processes)
                running.send_signal(signal.SIGINT)
                out, err = running.communicate(timeout=cli.DEADLINE_S)
                self.assertEqual(running.returncode, 130, err)
                self.assertIn("Interrupted at", out)
                self.assertEqual(self.workers(running.pid), [])
                self.assertTrue(self.results()["interrupted"])
                for folder in self.run_folders():
                    subprocess.run(["rm", "-r", str(folder)], check=True)

    def test_no_process_of_a_node_outlives_a_killed_run(self):
        running = self.begin("--processes")
        self.assertEqual(len(self.workers(running.pid)), 6)
        os.kill(self.workers(running.pid)[0], signal.SIGSTOP)  # nor one that stands still
        running.kill()
        running.wait()
        self.gone(running.pid)

    def test_a_node_that_dies_by_itself_fails_the_run(self):
        running = self.begin("--processes")
        os.kill(self.workers(running.pid)[2], signal.SIGKILL)
        _, err = running.communicate(timeout=cli.DEADLINE_S)
        self.assertEqual(running.returncode, 1)
        self.assertRegex(err, r"\Ahearsay: n\d: its process was killed by signal 9 \(Killed\)\n\Z")
        self.gone(running.pid)
        self.assertEqual(self.run_folders(), [])

    def test_a_restarted_process_does_not_read_the_user_s_file_again(self):
        self.write("small.toml", cluster("3s") + event("2s", "kill", "crash", 'nodes = "n4"', 'for = "300ms"'))
        running = self.start("run", "small.toml", "--on", "zmq", "--processes", "--json")
        self.addCleanup(running.kill)
        self.wait_until(lambda: any((folder / "scenario.toml").exists() and len(self.workers(running.pid)) == 6
                                    for folder in self.run_folders()), running)
        self.write("small.toml", "no scenario")
        out, err = running.communicate(timeout=cli.DEADLINE_S)
        self.assertEqual(running.returncode, 0, err)
        self.assertEqual(self.effect(json.loads(out), "kill"), {"nodes": 1, "returned": 1})

    def test_it_hears_an_interrupt_while_nodes_come_up(self):
        self.write("small.toml", cluster("60s").replace("count = 6", "count = 60"))
        running = self.start("run", "small.toml", "--on", "zmq", "--processes")
        self.addCleanup(running.kill)
        self.wait_until(lambda: self.workers(running.pid), running)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=cli.DEADLINE_S)
        self.assertEqual(running.returncode, 130, err)
        self.gone(running.pid)

    def test_what_the_machine_does_not_grant(self):
        self.write("small.toml", cluster("1s").replace("count = 6", "count = 100"))
        running = self.start("run", "small.toml", "--on", "zmq", "--processes",
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)))
        out, err = running.communicate(timeout=cli.DEADLINE_S)
        self.assertEqual((running.returncode, out), (4, ""), err)
        self.assertRegex(err, r"\Ahearsay: [^\n]*open files[^\n]*\n\Z")
        self.assertEqual(self.run_folders(), [])

    def test_more_events_than_a_process_can_be_told_of(self):
        self.write("small.toml", cluster("3s") + "".join(event(f"{1000 + i}ms", f"e{i}", "pause", 'nodes = "n1"', 'for = "100us"')
                                                    for i in range(1025)))
        self.refuses("run", "small.toml", "--on", "zmq", "--processes", "--quiet", saying="1025 events are too many")
        self.assertEqual(self.run_folders(), [])

    def test_a_node_s_process_is_no_verb_for_users(self):
        self.assertNotIn("node-worker", self.succeeds("--help").stdout)
        self.refuses("node-worker", saying="starts this verb itself")


if __name__ == "__main__":
    cli.main()
