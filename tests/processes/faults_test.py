"""Nodes that are killed, stopped and come back, under load."""
import signal
import time

import cluster
from cluster import wait_for

QUORUM = ("--replicas", "3", *cluster.SWIM)


class Faults(cluster.ProcessTest):
    def test_no_acknowledged_put_is_lost_when_nodes_are_killed(self):
        nodes = self.cluster(5, *QUORUM)
        # Any node: one that joined last, then the one that all others joined through.
        for victim in (nodes[4], nodes[0]):
            nodes.remove(victim)
            writer = self.writer(nodes[0], victim.name)
            writer.wrote(150)
            victim.kill()
            writer.wrote(150)
            items = writer.end()
            self.agree(nodes)
            for node in nodes[:2]:
                self.all_readable(node, items)
        # Three are left, each of which has everything.
        for node in nodes:
            with node.client() as client:
                wait_for(lambda: client.status()["counters"]["items"] >= 600, "all copies were to be on three nodes")

    def test_a_node_that_is_stopped_for_a_while(self):
        nodes = self.cluster(4, *QUORUM)
        stopped = nodes.pop(2)
        writer = self.writer(nodes[0], "s")
        writer.wrote(50)
        stopped.signal(signal.SIGSTOP)
        begun = time.monotonic()
        with nodes[1].client() as client:
            wait_for(lambda: client.status()["members"][stopped.name]["status"] == "dead", "the stopped node was to be dead")
        writer.wrote(100)
        with nodes[1].client() as client:
            overwritten = next(iter(writer.acknowledged))
            client.put(overwritten, b"newer")
        # The stop's length is the fault: above the heartbeats of connections and the time to death.
        wait_for(lambda: time.monotonic() - begun > 5, "time passes")
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
        with nodes[0].client() as client:
            client.put("kept", b"value")
        old.kill()
        new = self.node(old.name, *QUORUM, seeds=[nodes[0]]).ready()
        self.assertNotEqual(new.address, old.address)
        nodes[1] = new
        self.agree(nodes)
        self.all_readable(new, {"kept": b"value"})

    def test_a_node_comes_back_at_once(self):
        """Under its name and at its port, before anybody has noticed that it was gone; and the one that all joined
        through, which then needs somebody else."""
        nodes = self.cluster(3, *QUORUM)
        writer = self.writer(nodes[1], "w")
        writer.wrote(50)
        for i in (2, 0):
            old = nodes[i]
            old.kill()
            nodes[i] = self.node(old.name, *QUORUM, "--bind", old.endpoint, seeds=[nodes[1]]).ready()
            self.agree(nodes)
            writer.wrote(50)
            # It has its copies back, before the next one loses them.
            with nodes[i].client() as client, nodes[1].client() as other:
                wait_for(lambda: client.status()["counters"]["items"] + 50 > other.status()["counters"]["items"] - 50
                         and client.status()["counters"]["items"] >= 100, "copies were to come back")
        items = writer.end()
        for node in nodes:
            self.all_readable(node, items)


if __name__ == "__main__":
    cluster.main()
