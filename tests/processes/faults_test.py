"""Nodes that are killed, stopped and come back, under load."""
import signal
import threading
import time
import unittest

import zmq

import cluster
from cluster import Client, Failed, wait_for

QUORUM = ("--replicas", "3", *cluster.SWIM)


class Writer:
    """A thread that puts unique keys through a node, and remembers which puts were acknowledged."""

    def __init__(self, endpoint: str, prefix: str):
        self.endpoint, self.prefix = endpoint, prefix
        self.acknowledged: dict[str, bytes] = {}
        self.failed = 0
        self.ending = threading.Event()
        self.context = zmq.Context()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client = Client(self.endpoint, self.context)
        i = 0
        while not self.ending.is_set():
            key, value = f"{self.prefix}-{i}", f"value of {self.prefix}-{i}".encode()
            i += 1
            try:
                client.put(key, value, timeout_s=2)
                self.acknowledged[key] = value
            except Failed:
                self.failed += 1
                client.close()
                client = Client(self.endpoint, self.context)
            self.ending.wait(0.002)  # some hundred a second are enough
        client.close()

    def wrote(self, more: int):
        """Waits for this many further acknowledgements."""
        wanted = len(self.acknowledged) + more
        wait_for(lambda: len(self.acknowledged) >= wanted,
                 lambda: f"{len(self.acknowledged)} of {wanted} puts through, {self.failed} failed")

    def end(self) -> dict[str, bytes]:
        self.ending.set()
        self.thread.join()
        self.context.term()
        return self.acknowledged


class Faults(cluster.ProcessTest):
    def written(self, endpoint, prefix) -> Writer:
        writer = Writer(endpoint, prefix)
        self.addCleanup(writer.ending.set)
        return writer

    def all_readable(self, node, items: dict[str, bytes]):
        """All at once, again until it is so: copies may still be on their way to where the ring now has them. A wrong
        value is never right."""
        keys = sorted(items)
        missing = {}

        def look():
            missing.clear()
            with Client(node.endpoint) as client:
                for at in range(0, len(keys), 256):
                    part = keys[at:at + 256]
                    for key, result in zip(part, client.call([[cluster.GET, key, b"", 0] for key in part])):
                        if not result[0]:
                            missing[key] = cluster.ERRORS[result[1]]
                        else:
                            self.assertEqual(result[2], items[key])
            return not missing

        wait_for(look, lambda: f"{node.name}: {len(missing)} of {len(items)} acknowledged puts: {sorted(missing.items())[:5]}",
                 every_s=0.1)

    def test_no_acknowledged_put_is_lost_when_nodes_are_killed(self):
        nodes = self.cluster(5, *QUORUM)
        # Any node: one that joined last, then the one that all others joined through.
        for victim in (nodes[4], nodes[0]):
            nodes.remove(victim)
            writer = self.written(nodes[0].endpoint, victim.name)
            writer.wrote(150)
            victim.kill()
            writer.wrote(150)
            items = writer.end()
            self.agree(nodes)
            for node in nodes[:2]:
                self.all_readable(node, items)
        # Three are left, each of which has everything.
        for node in nodes:
            with Client(node.endpoint) as client:
                wait_for(lambda: client.status()["counters"]["items"] >= 600, "all copies were to be on three nodes")

    def test_a_node_that_is_stopped_for_a_while(self):
        nodes = self.cluster(4, *QUORUM)
        stopped = nodes.pop(2)
        writer = self.written(nodes[0].endpoint, "s")
        writer.wrote(50)
        stopped.signal(signal.SIGSTOP)
        begun = time.monotonic()
        with Client(nodes[1].endpoint) as client:
            wait_for(lambda: client.status()["members"][stopped.name]["status"] == "dead", "the stopped node was to be dead")
        writer.wrote(100)
        with Client(nodes[1].endpoint) as client:
            overwritten = next(iter(writer.acknowledged))
            client.put(overwritten, b"newer")
        # The stop's length is the fault: above the heartbeats of connections and the time to death.
        wait_for(lambda: time.monotonic() - begun > 10, "time passes")
        before = dict(writer.acknowledged)
        stopped.signal(signal.SIGCONT)
        writer.wrote(50)
        self.agree([*nodes, stopped])
        items = writer.end()
        self.assertLess(len(before), len(items))
        items[overwritten] = b"newer"
        # What it says of the time it missed is right, from the first answer on: at most an error, never an old value.
        self.all_readable(stopped, items)

    def test_a_node_comes_back_at_another_port(self):
        nodes = self.cluster(3, *QUORUM)
        old = nodes[1]
        with Client(nodes[0].endpoint) as client:
            client.put("kept", b"value")
        old.kill()
        new = self.node(old.name, *QUORUM, seeds=[nodes[0]]).ready()
        self.assertNotEqual(new.address, old.address)
        nodes[1] = new
        self.agree(nodes)
        self.all_readable(new, {"kept": b"value"})


if __name__ == "__main__":
    cluster.main()
