"""Two nodes and a client, each a process of its own: the walk of README.md, "Real sockets", and what else clients do."""
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import zmq

import cluster
from cluster import wait_for


README = Path(__file__).resolve().parents[2] / "README.md"
# What differs from run to run: how long it took, and the second socket's port.
VARYING = re.compile(r"after \S+ \w+ |(?<=\d),\d+$")


class AsShown(cluster.ProcessTest):
    """The README's section, command by command, on free ports."""

    def test_the_readme(self):
        section = README.read_text().partition("## Real sockets\n")[2].partition("\n## ")[0]
        terminals = re.findall(r"```text unchecked\n(.*?)```", section, re.DOTALL)
        self.assertEqual(len(terminals), 3)
        (self.dir / "hearsay").symlink_to(cluster.PROGRAM)
        env = {"PATH": f"{self.dir}{os.pathsep}{os.environ['PATH']}"}
        ports = {}  # the README's, and those taken instead

        def said(line: str) -> str:
            for shown, taken in ports.items():
                line = line.replace(shown, taken)
            return VARYING.sub("", line.replace(",...", ""))

        for terminal in terminals[:2]:
            command, line = terminal.splitlines()
            shown = re.search(r"--bind tcp://[\d.]+:(\d+)", command).group(1)
            words = said(command.replace(f":{shown}", ":*", 1)).split()
            self.assertEqual(words[:3], ["$", "hearsay", "node"])
            node = self.process(*words[2:])
            printed = node.line()
            ports[shown] = re.search(r"ready at tcp://[\d.]+:(\d+)", printed).group(1)
            self.assertEqual(VARYING.sub("", printed.rstrip()), said(line))
        for part in re.split(r"^\$ ", terminals[2], flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            done = subprocess.run(["sh", "-c", said(command)], env=env, cwd=self.dir, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=cluster.DEADLINE_S)
            printed = [VARYING.sub("", line) for line in done.stdout.splitlines()]
            wanted = [said(line) for line in lines if line not in ("...", "")]
            if "..." in lines:
                printed = [line for line in printed if line in wanted]
            self.assertEqual(printed, wanted, command)
            self.assertEqual(done.returncode, 5 if "not found" in done.stdout else 0)


class ThreeTerminals(cluster.ProcessTest):
    def setUp(self):
        super().setUp()
        self.a = self.node("a").ready()
        self.b = self.node("b", seeds=[self.a]).ready()

    def kv(self, *arguments, of=None, **options):
        return self.succeeds("kv", *arguments, "--servers", (of or self.a).endpoint, **options)

    def no_kv(self, code, *arguments, **options):
        return self.refuses(code, "kv", *arguments, "--servers", self.a.endpoint, **options)

    def test_a_value_lives_for_its_time(self):
        ttl_s = 1.5
        with self.a.client() as client, self.b.client() as other:
            begun = time.monotonic()
            client.put("a", b"1", ttl_s=ttl_s)
            put = time.monotonic()
            self.assertEqual((client.get("a"), other.get("a")), (b"1", b"1"))

            def gone():
                try:
                    other.get("a", timeout_s=cluster.DEADLINE_S)
                    return False
                except cluster.Failed as failure:
                    return str(failure) == "not found"

            wait_for(gone, "a was to expire", every_s=0.01)
            # Not before its time by the first clock that may count, and, but for the turn of this loop, not after it.
            self.assertGreater(time.monotonic() - begun, ttl_s - 0.001)
            self.assertLess(time.monotonic() - put, ttl_s + 2)
        self.no_kv(5, "get", "a", saying=["not found", "'a'"])

    def test_list_del_and_json(self):
        for key in ("fruit-b", "fruit-a", "tree"):
            self.kv("put", key, f"value of {key}", of=self.b)
        self.assertEqual(self.kv("list", "fruit-").stdout, "fruit-a\nfruit-b\n")
        self.assertEqual(self.kv("list", of=self.b).stdout, "fruit-a\nfruit-b\ntree\n")
        self.assertEqual(self.kv("list", "t", "--json").stdout, '{"key":"tree"}\n')
        self.assertEqual(json.loads(self.kv("put", "timed", "xyz", "--ttl", "1h", "--json").stdout),
                         {"key": "timed", "bytes": 3, "ttl_s": 3600.0})
        found = json.loads(self.kv("get", "timed", "--json").stdout)
        self.assertEqual((found["key"], found["value"]), ("timed", "xyz"))
        self.assertTrue(3590 < found["ttl_left_s"] <= 3600, found)
        self.assertEqual(json.loads(self.kv("get", "tree", "--json").stdout)["ttl_left_s"], None)
        self.assertEqual(self.kv("del", "tree").stdout, "")
        self.no_kv(5, "get", "tree")
        self.kv("del", "tree")
        self.assertEqual(self.kv("list", "tree").stdout, "")

    def test_watch(self):
        watcher = self.process("kv", "watch", "w-", "--count", "3", "--json", "--servers",
                               f"{self.a.endpoint},{self.b.endpoint}")

        # A watch tells of what changes from then on: the first change is repeated until it was told.
        with self.a.client() as client:
            def told():
                client.put("w-0", b"first")
                return watcher.process.stdout in cluster.select.select([watcher.process.stdout], [], [], 0)[0]

            wait_for(told, "the watcher was to tell of a put", every_s=0.1)
        first = json.loads(watcher.line())
        self.assertEqual((first["change"], first["key"], first["value"]), ("put", "w-0", "first"))
        self.kv("put", "unseen", "x")
        self.kv("put", "w-1", "second")
        self.kv("del", "w-1")
        kinds = [json.loads(watcher.line())["change"] for _ in range(2)]
        self.assertLessEqual(set(kinds), {"put", "del"})
        self.assertEqual(watcher.wait(), 0)

    def test_exit_codes(self):
        self.assertEqual(self.run_cli("kv", "put", "k", "v", "--ttl", "soon", "--servers", self.a.endpoint).returncode, 2)
        self.no_kv(2, "put", "k" * 251, "v", saying="250")
        self.no_kv(5, "get", "nothing", saying="not found")
        self.refuses(124, "kv", "watch", "w", "--count", "1", "--for", "100ms", "--servers", self.a.endpoint)
        watcher = self.process("kv", "watch", "i-", "--servers", self.a.endpoint)
        with self.a.client() as client:
            def told():
                client.put("i-0", b"x")
                return watcher.process.stdout in cluster.select.select([watcher.process.stdout], [], [], 0)[0]

            wait_for(told, "the watcher was to be there", every_s=0.1)
        watcher.signal(signal.SIGINT)
        self.assertEqual(watcher.wait(), 130)
        # Who takes a question and does not answer may have done what it says.
        with zmq.Context.instance().socket(zmq.ROUTER) as silent:
            port = silent.bind_to_random_port("tcp://127.0.0.1")
            for command in (("kv", "put", "k", "v", "--servers"), ("status",)):
                self.refuses(124, *command, f"tcp://127.0.0.1:{port}", "--timeout", "300ms")
        # A stopped process takes none.
        self.b.signal(signal.SIGSTOP)
        self.refuses(4, "kv", "put", "k", "v", "--timeout", "300ms", "--servers", self.b.endpoint)
        self.b.kill()
        self.refuses(4, "kv", "get", "k", "--timeout", "300ms", "--servers", self.b.endpoint)
        self.refuses(4, "status", "--timeout", "300ms", self.b.endpoint)

    def test_a_replica_that_does_not_answer(self):
        with self.a.client() as client:
            for i in range(30):
                client.put(f"k{i}", b"v")
        with self.b.client() as client:
            of_b = client.keys()
        self.assertTrue(0 < len(of_b) < 30, of_b)
        self.b.signal(signal.SIGSTOP)
        self.no_kv(124, "put", of_b[0], "w")
        self.kv("get", next(f"k{i}" for i in range(30) if f"k{i}" not in of_b))
        self.b.signal(signal.SIGCONT)

        def reads():
            with self.a.client() as client:
                return client.get(of_b[0]) in (b"v", b"w")  # a timeout leaves it open which

        wait_for(reads, "b was to answer again")

    def test_status(self):
        text = self.succeeds("status", self.b.endpoint).stdout
        for words in ("b at " + self.b.address, "Members: 2 of 2 known", "alive", "Counters", "frames_sent"):
            self.assertIn(words, text)
        for node in (self.a, self.b):
            status = json.loads(self.succeeds("status", node.endpoint, "--json").stdout)
            self.assertEqual((status["name"], status["address"], status["ready"], status["member_count"]),
                             (node.name, node.address, True, 2))
            self.assertEqual([(m["name"], m["address"], m["status"]) for m in status["members"]],
                             [("a", self.a.address, "alive"), ("b", self.b.address, "alive")])
            self.assertEqual({n: c for n, c in status["counters"].items() if c and n.startswith("dropped")}, {})

    def test_who_leaves_hands_over(self):
        keys = {f"key-{i}": f"value-{i}".encode() for i in range(100)}
        with self.a.client() as client:
            for key, value in keys.items():
                client.put(key, value)
        with self.b.client() as client:
            held = client.status()["counters"]["items"]
        self.assertTrue(0 < held < 100, f"b had {held} of the keys: nothing would show that it hands over")
        self.assertEqual(self.b.stop(), 0)
        self.assertIn("b leaves", self.b.log())
        with self.a.client() as client:
            wait_for(lambda: client.status()["member_count"] == 1, "b was to have left")
            lost = [key for key, value in keys.items() if client.call([[0, key, b"", 0]])[0][2] != value]
            self.assertEqual(lost, [])
        self.assertEqual(self.a.stop(), 0)


if __name__ == "__main__":
    cluster.main()
