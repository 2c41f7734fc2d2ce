"""hearsay bench as a user meets it: short runs, of which the counts must add up. How long anything took is not asked."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

import cli


class Lookup(cli.CliTest):
    def lookup(self, *arguments):
        done = self.succeeds("bench", "lookup", "--json", "--seconds", "30ms", "--keys", "200", *arguments)
        document = json.loads(done.stdout)
        return {entry["name"].rpartition("/")[2]: entry for entry in document["benchmarks"]}

    def check(self, entry):
        for key in ("name", "run_name", "run_type", "iterations", "real_time", "cpu_time", "time_unit", "threads"):
            self.assertIn(key, entry)
        self.assertEqual(entry["items"], entry["hits"] + entry["misses"] + entry["errors"])
        if entry["iterations"]:
            self.assertLessEqual(entry["p50_ns"], entry["p99_ns"])
            self.assertLessEqual(entry["p99_ns"], entry["p99_9_ns"])
            self.assertLessEqual(entry["p99_9_ns"], entry["max_ns"])

    def test_gets_and_puts_add_up(self):
        found = self.lookup("--backend", "memory", "--read-share", "0.5", "--miss-share", "0.5", "--threads", "2")
        for entry in found.values():
            self.check(entry)
        gets, puts, both = found["gets"], found["puts"], found["all"]
        for key in ("items", "hits", "misses", "iterations"):
            self.assertEqual(both[key], gets[key] + puts[key], key)
        for count in (gets["hits"], gets["misses"], puts["hits"]):
            self.assertGreater(count, 0)
        self.assertEqual((puts["misses"], both["errors"]), (0, 0))

    def test_shares_of_none_and_all(self):
        found = self.lookup("--backend", "memory", "--read-share", "1")
        self.assertEqual((found["puts"]["items"], found["gets"]["misses"]), (0, 0))
        found = self.lookup("--backend", "memory", "--read-share", "1", "--miss-share", "1", "--popularity", "zipf")
        self.assertEqual(found["gets"]["hits"], 0)
        self.assertGreater(found["gets"]["misses"], 0)
        found = self.lookup("--backend", "memory", "--read-share", "0", "--batch", "7")
        self.assertEqual(found["gets"]["items"], 0)
        self.assertEqual(found["puts"]["items"], 7 * found["puts"]["iterations"])
        self.assertGreater(found["puts"]["items"], 0)

    def test_a_rate_bounds_the_calls_of_both_loops(self):
        # 100/s: at most 3 are due in 30 ms of a closed loop; of an open one, as many as chance says.
        found = self.lookup("--backend", "memory", "--rate", "100")
        self.assertIn(found["all"]["iterations"], (1, 2, 3))
        self.assertGreaterEqual(found["all_corrected"]["iterations"], found["all"]["iterations"])
        found = self.lookup("--backend", "memory", "--rate", "100", "--loop", "open")
        self.assertLess(found["all"]["iterations"], 50)
        self.assertNotIn("all_corrected", found)

    def test_calls_that_an_open_loop_had_no_time_for_are_counted(self):
        found = self.lookup("--backend", "memory", "--loop", "open", "--rate", "10000000")["all"]
        self.assertGreater(found["calls_not_made"], 0)
        # 30 ms at ten million a second, give or take what chance says.
        self.assertAlmostEqual(found["iterations"] + found["calls_not_made"], 300_000, delta=10_000)
        done = self.succeeds("bench", "lookup", "--seconds", "10ms", "--keys", "10", "--backend", "memory", "--loop", "open",
                             "--rate", "10000000")
        self.assertIn("more were due and not made", done.stdout)
        self.assertNotIn("calls_not_made", self.lookup("--backend", "memory")["all"])

    def test_gossip_tells_own_keys_from_others(self):
        found = self.lookup("--nodes", "2")
        for name in ("gets_of_own_keys", "gets_of_others'_keys"):
            self.check(found[name])
            self.assertGreater(found[name]["hits"], 0)
            self.assertEqual((found[name]["misses"], found[name]["errors"]), (0, 0))
        self.assertGreater(found["bare_round_trip"]["iterations"], 0)
        self.assertGreater(found["remote_to_bare"]["ratio"], 0)

    def test_a_node_alone_has_all_keys(self):
        found = self.lookup()
        self.assertIn("gets_of_own_keys", found)
        self.assertNotIn("gets_of_others'_keys", found)

    def test_service_starts_its_own(self):
        self.assertEqual(self.lookup("--backend", "service")["all"]["errors"], 0)

    def test_the_table(self):
        done = self.succeeds("bench", "lookup", "--seconds", "10ms", "--keys", "10", "--backend", "memory", "--pin", "0")
        for word in ("ops/s", "p99.9 us", "KB/s", "gets", "puts", "all", "on core 0"):
            self.assertIn(word, done.stdout)

    def test_what_makes_no_sense(self):
        self.refuses("bench", "lookup", "--loop", "open", saying="--rate is missing")
        self.refuses("bench", "lookup", "--read-share", "2", saying="--read-share")
        self.refuses("bench", "lookup", "--backend", "redis", "--servers", "127.0.0.1:1", code=4)
        self.refuses("bench", "lookup", "--backend", "memory", "--zipf", "0.99", saying=["--zipf", "--popularity zipf"])
        self.refuses("bench", "lookup", "--backend", "memory", "--nodes", "1", saying="--nodes: memory has none")
        self.refuses("bench", "lookup", "--nodes", "2", "--servers", "tcp://127.0.0.1:1", saying=["--nodes", "--servers"])

    @unittest.skipUnless(shutil.which("prlimit"), "there is no prlimit")
    @unittest.skipIf(os.geteuid() == 0, "root may have any number of threads")
    def test_too_few_threads(self):
        done = subprocess.run(["prlimit", "--nproc=1", cli.PROGRAM, "bench", "lookup", "--backend", "memory", "--threads", "9"],
                              env=self.environment(), capture_output=True, text=True, timeout=cli.DEADLINE_S)
        self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)


class Startup(cli.CliTest):
    def startup(self, *arguments, **options):
        done = self.succeeds("bench", "startup", "--json", "--repeats", "2", *arguments, **options)
        found = {}
        for entry in json.loads(done.stdout)["benchmarks"]:
            self.assertGreater(entry["real_time"], 0)
            found.setdefault(entry["name"].rpartition("/")[2], []).append(entry["repetition_index"])
        for name, indexes in found.items():
            self.assertEqual(indexes, [0, 1], name)
        return set(found)

    STORE = {"store_ready", "store_first_put", "store_first_get"}
    PROCESS = {"process_ready", "process_first_put", "process_first_get"}

    def test_threads(self):
        self.assertEqual(self.startup("--nodes", "2,3"),
                         self.STORE | self.PROCESS | {"2_nodes_all_see_all", "3_nodes_all_see_all"})

    def test_processes(self):
        self.assertEqual(self.startup("--nodes", "2", "--processes"),
                         self.STORE | self.PROCESS | {"2_nodes_all_see_all_of_processes"})

    def test_nodes_are_given_what_the_store_is(self):
        for name in ("cluster", "mine"):
            self.succeeds("keygen", name)
        self.write("allowed", (self.dir / "mine.pub").read_text() + (self.dir / "cluster.pub").read_text())
        keys = ("--key-file", "cluster.key", "--server-key", "cluster.pub", "--allow-file", "allowed")
        # The environment's are for this process: a node that took its --name would have another's.
        self.assertEqual(self.startup("--nodes", "2", "--processes", "--namespace", "bench", *keys,
                                      env={"HEARSAY_SET": "membership.preset=none", "HEARSAY_NAME": "x" * 1000}),
                         self.STORE | self.PROCESS | {"2_nodes_all_see_all_of_processes"})

    def test_an_interrupt(self):
        running = self.start("bench", "startup", "--processes", "--nodes", "20", "--repeats", "100",
                             start_new_session=True)
        self.addCleanup(running.kill)
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        deadline = time.monotonic() + cli.DEADLINE_S
        while not children.read_text():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: all of them hear it
        out, err = running.communicate(timeout=cli.DEADLINE_S)
        self.assertEqual((running.returncode, out, err), (130, "", ""))

    def test_another_backend_has_neither_process_nor_cluster(self):
        self.assertEqual(self.startup("--backend", "memory"), self.STORE)

    def test_what_makes_no_sense(self):
        self.refuses("bench", "startup", "--nodes", "2,1", saying="--nodes")
        self.refuses("bench", "startup", "--backend", "service", saying="--servers is missing")
        self.refuses("bench", "startup", "--backend", "memory", "--nodes", "2", saying="--nodes: clusters are started of gossip")
        self.refuses("bench", "startup", "--processes", "--servers", "tcp://127.0.0.1:1", saying="--processes")


class Expiry(cli.CliTest):
    def test_all_go_after_their_time(self):
        done = self.succeeds("bench", "expiry", "--json", "--keys", "500", "--ttl", "400ms")
        (entry,) = json.loads(done.stdout)["benchmarks"]
        self.assertEqual(entry["gone"], 500)
        self.assertGreaterEqual(entry["all_gone_ms"], entry["first_gone_ms"])
        # No item goes before its deadline; the clock that says so is the one that it goes by.
        self.assertGreaterEqual(entry["first_gone_ms"], 0)
        self.assertGreater(entry["gets"], 0)

    def test_a_deadline_before_the_last_put(self):
        self.refuses("bench", "expiry", "--keys", "200000", "--ttl", "1ms", saying="--ttl: over before all was put")


if __name__ == "__main__":
    cli.main()
