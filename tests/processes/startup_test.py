"""Starts that cannot work, and what is said then; and those that have to wait."""
import os
import resource
import socket

import cluster
from cluster import wait_for


def free_port() -> int:
    """Nobody listens there now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Startup(cluster.ProcessTest):
    def test_two_nodes_of_one_name(self):
        first = self.node("twin").ready()
        other = self.node("other", seeds=[first]).ready()
        # Through its namesake, and through somebody who knows it.
        for seed in (first, other):
            with self.subTest(seed=seed.name):
                self.agree([first, other])
                second = self.node("twin", "--quiet", seeds=[seed])
                self.assertEqual(second.wait(), 2)
                self.assertRegex(second.log(), rf"\Ahearsay: [^\n]*'twin' is in use[^\n]*{first.endpoint}[^\n]*\n\Z")
                self.assertEqual(second.process.stdout.read(), b"")
        with first.client() as client:
            self.assertEqual(client.status()["members"]["twin"]["address"], first.address)
            self.assertGreater(client.status()["counters"]["name_conflicts"], 0)

    def test_a_port_that_is_in_use(self):
        first = self.node("first").ready()
        self.refuses(2, "node", "--name", "second", "--bind", first.endpoint, saying=[first.endpoint, "in use"])
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = f"tcp://127.0.0.1:{other.getsockname()[1]}"
            self.refuses(2, "node", "--name", "second", "--bind", taken, saying=[taken, "in use"])
            self.refuses(2, "broker", "--frontend", taken, "--backend", "tcp://127.0.0.1:*", saying=[taken, "in use"])
        self.refuses(2, "node", "--name", "x", "--bind", "tcp://203.0.113.7:1", saying="tcp://203.0.113.7:1")

    def test_a_full_table_of_descriptors(self):
        """However many there are, it says what is missing or runs; it does neither hang nor abort."""
        started = []
        # The sanitizers open files themselves: one at the end, and a pipe to look whether an object can be read.
        (self.dir / "no_vptr").write_text("vptr:*\nvptr_check:*\n")
        few = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": f"suppressions={self.dir}/no_vptr"}
        for count in range(4, 32):
            limit = lambda count=count: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
            started.append((count, self.node(f"few-{count}", "--quiet", at_start=limit, env=few)))
        refused = ran = 0
        for count, node in started:
            with self.subTest(descriptors=count):
                # Its line, or the end of its output.
                self.assertTrue(cluster.select.select([node.process.stdout], [], [], cluster.DEADLINE_S)[0], "it hangs")
                line = node.process.stdout.readline()
                if line:
                    ran += 1
                    self.assertEqual(node.stop(), 0)
                    continue
                refused += 1
                self.assertEqual(node.wait(), 4, node.log())
                self.assertRegex(node.log(), r"\Ahearsay: [^\n]*descriptors[^\n]*ulimit -n[^\n]*\n\Z")
        self.assertGreater(refused, 0)
        self.assertGreater(ran, 0)

    def test_a_table_that_fills_up(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        few = self.node("few", at_start=limit, env={"ASAN_OPTIONS": "detect_leaks=0"}).ready()
        host, port = few.endpoint.removeprefix("tcp://").split(":")
        with few.client() as client:
            client.put("a", b"1")
            crowd = [socket.create_connection((host, int(port))) for _ in range(100)]
            wait_for(lambda: len(os.listdir(f"/proc/{few.pid}/fd")) >= 39, "its table was to be full")
            client.put("b", b"2")
            # Others come, for whom it has no connection left.
            for i in range(30):
                client.socket.send_multipart([cluster.PEERS, cluster.frame(
                    "link.Hello", [[f"s{i}", f"tcp://127.0.0.1:{port},{port}", 1.0, 0, 1], True], origin=i + 1)])
            self.assertEqual(client.get("a"), b"1")
            for each in crowd:
                each.close()
        with few.client() as client:
            self.assertEqual(client.get("b", timeout_s=30), b"2")
        self.assertEqual(few.stop(), 0)

    def test_addresses_that_nobody_could_reach(self):
        for host in ("a b", "tcp://127.0.0.1", "127.0.0.1:5"):
            with self.subTest(advertise=host):
                self.refuses(2, "node", "--name", "x", "--advertise", host, saying=["--advertise", "no host"])
        self.refuses(2, "node", "--name", "x", "--bind", "inproc://x", saying="--bind inproc://x")
        self.refuses(2, "node", "--name", "x", "--seed-node", "127.0.0.1:27801", saying="--seed-node: '127.0.0.1:27801'")
        self.refuses(2, "node", "--name", "a\nb", saying="control character")

    def test_what_is_gone_leaves_room_in_a_store(self):
        store = self.node("store", "--max-items", "2", verb="serve").ready()
        with store.client() as client:
            client.put("a", b"1", ttl_s=0.2)
            client.put("b", b"1", ttl_s=60)
            with self.assertRaisesRegex(cluster.Failed, "unavailable"):
                client.put("c", b"1")
            wait_for(lambda: client.status()["counters"]["items"] == 1, "a was to go")
            client.put("c", b"1")
            client.one(cluster.DEL, "b")
            client.put("d", b"1")
            self.assertEqual(client.status()["counters"]["tombstones"], 0)

    def test_a_seed_that_is_not_there(self):
        seed = f"tcp://127.0.0.1:{free_port()}"
        self.refuses(4, "node", "--name", "lonely", "--quiet", "--seed-node", seed, "--ready-timeout", "300ms",
                            saying=["lonely", "300ms", "--seed-node"])

    def test_a_seed_that_is_something_else(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            seed = f"tcp://127.0.0.1:{other.getsockname()[1]}"
            self.refuses(4, "node", "--name", "x", "--quiet", "--seed-node", seed, "--ready-timeout", "300ms",
                         saying="--seed-node")

    def test_a_seed_that_comes_later(self):
        for _ in range(10):  # as the port is free now, and may not be when it is wanted
            endpoint = f"tcp://127.0.0.1:{free_port()}"
            early = self.node("early", "--ready-timeout", "60s", seeds=[endpoint])
            # It has asked in vain: the attempt shows in the system's table only for an instant, so its log is no help;
            # that it runs is what there is to see.
            wait_for(lambda: len(os.listdir(f"/proc/{early.pid}/fd")) > 10, "it was to knock")
            late = self.node("late", "--bind", endpoint)
            try:
                late.ready()
            except AssertionError:
                self.assertIn("in use", late.log())
                early.kill()
                continue
            self.agree([late, early.ready()])
            return
        self.fail("no port stayed free")

    def test_all_at_once_in_a_circle(self):
        """Each is the next one's seed, and nobody is first."""
        ends = [f"tcp://127.0.0.1:{free_port()}" for _ in range(3)]
        if len(set(ends)) < 3:
            self.skipTest("the system gave one port twice")
        nodes = [self.node(f"c{i}", "--bind", ends[i], seeds=[ends[(i + 1) % 3]]) for i in range(3)]
        self.agree([node.ready() for node in nodes])

    def test_three_replicas_need_two_nodes(self):
        a = self.node("a", "--replicas", "3").ready()
        self.refuses(4, "kv", "put", "k", "v", "--servers", a.endpoint, saying="too few replicas")
        b = self.node("b", "--replicas", "3", seeds=[a]).ready()
        self.agree([a, b])
        self.succeeds("kv", "put", "k", "v", "--servers", a.endpoint)
        self.assertEqual(self.succeeds("kv", "get", "k", "--servers", b.endpoint).stdout, "v")

    def test_serve_and_broker(self):
        store = self.node("store", verb="serve").ready()
        self.succeeds("kv", "put", "k", "v", "--servers", store.endpoint)
        self.assertEqual(self.succeeds("kv", "get", "k", "--servers", store.endpoint).stdout, "v")
        broker = self.process("broker", "--frontend", "tcp://127.0.0.1:*", "--backend", "tcp://127.0.0.1:*", "--json")
        line = cluster.json.loads(broker.line())
        star = ("--membership", "announce", "--replicas", "2", "--broker", f"{line['frontend']},{line['backend']}")
        nodes = self.cluster(3, *star)
        with nodes[0].client() as client:
            client.put("s", b"1")
        with nodes[2].client() as client:
            self.assertEqual(client.get("s"), b"1")
        self.assertEqual([node.stop() for node in nodes], [0, 0, 0])
        self.assertEqual((broker.stop(), store.stop()), (0, 0))


if __name__ == "__main__":
    cluster.main()
