"""Eight nodes with a network each, and a cable between two switches that is really cut.

The namespaces n0..n7 hold a node each, at 10.77.0.1 to 10.77.0.8; a ninth holds two bridges, with four of the nodes at
each, and the link between them. All interfaces are inside these namespaces: the machine's own network is not touched.
Exits with 77 where the machine does not let us make any; ctest shows that as skipped.
"""
import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import zmq

import cluster

SKIPPED = 77
PREFIX = "hearsay-test"
NODES = 8
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*arguments, given=None) -> subprocess.CompletedProcess:
    return subprocess.run(["ip", *arguments], input=given, stdin=None if given else subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=cluster.DEADLINE_S)


def must(done: subprocess.CompletedProcess) -> subprocess.CompletedProcess:
    if done.returncode != 0:
        raise AssertionError(f"{done.args}: {done.stderr}")
    return done


def sweep():
    """Deletes what a killed test left: namespaces of ours whose owner is gone."""
    for name in re.findall(rf"^({PREFIX}-\d+-\w+)", ip("netns", "list").stdout, re.MULTILINE):
        if not Path(f"/proc/{name.split('-')[2]}").exists():
            ip("netns", "delete", name)


def why_not() -> str:
    """Why no namespaces can be made here, or nothing."""
    if not shutil.which("ip"):
        return "there is no `ip` (Debian: iproute2)"
    name = f"{PREFIX}-{os.getpid()}-try"
    try:
        for command in (("netns", "add", name), ("-n", name, "link", "add", "name", "bridge0", "type", "bridge"),
                        ("-n", name, "link", "add", "name", "veth0", "type", "veth", "peer", "name", "veth1")):
            if (done := ip(*command)).returncode != 0:
                return f"`ip {' '.join(command)}` says: {done.stderr.strip()}"
        return ""
    finally:
        ip("netns", "delete", name)


def enter(namespace: str):
    """Moves the calling thread, and what it starts, into a network namespace."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if _LIBC.setns(descriptor, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns({namespace})")
    finally:
        os.close(descriptor)


def context_in(namespace: str) -> zmq.Context:
    """ZeroMQ's sockets are where the threads of their context are, and those are where its first socket was made."""
    made = []

    def make():
        enter(namespace)
        context = zmq.Context()
        context.socket(zmq.DEALER).close()
        made.append(context)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


class Partition(cluster.ProcessTest):
    def setUp(self):
        super().setUp()
        self.own = f"{PREFIX}-{os.getpid()}"
        self.switch = f"{self.own}-switch"
        self.spaces = [f"{self.own}-n{i}" for i in range(NODES)]
        self.contexts = []
        for name in [self.switch, *self.spaces]:
            self.addCleanup(ip, "netns", "delete", name)
            must(ip("netns", "add", name))
        plan = ["link add name west type bridge", "link add name east type bridge", "link add name west-end type veth peer name east-end",
                "link set west up", "link set east up"]
        for side in ("west", "east"):
            plan += [f"link set {side}-end master {side}", f"link set {side}-end up"]
        for i, space in enumerate(self.spaces):
            plan += [f"link add name port{i} type veth peer name eth0 netns {space}",
                     f"link set port{i} master {'west' if i < NODES // 2 else 'east'}", f"link set port{i} up"]
        must(ip("-n", self.switch, "-batch", "-", given="\n".join(plan) + "\n"))
        for i, space in enumerate(self.spaces):
            must(ip("-n", space, "-batch", "-", given=f"link set lo up\naddress add 10.77.0.{i + 1}/24 dev eth0\nlink set eth0 up\n"))

    def cable(self, state: str):
        must(ip("-n", self.switch, "link", "set", "west-end", state))

    def node_at(self, i: int, **options) -> cluster.Node:
        node = self.node(f"n{i}", "--bind", f"tcp://10.77.0.{i + 1}:27801", "--replicas", "3", *cluster.SWIM,
                         at_start=lambda: enter(self.spaces[i]), **options)
        node.context = context_in(self.spaces[i])
        self.addCleanup(node.context.destroy, 0)
        return node

    def test_writes_on_both_sides_of_a_cut_cable(self):
        first = self.node_at(0).ready()
        nodes = [first, *[self.node_at(i, seeds=[first]) for i in range(1, NODES)]]
        for node in nodes[1:]:
            node.ready()
        self.agree(nodes)
        west, east = nodes[:NODES // 2], nodes[NODES // 2:]
        writers = [self.writer(west[0], "west"), self.writer(east[0], "east")]
        for writer in writers:
            writer.wrote(100)

        self.cable("down")
        # What has a quorum on the writer's side is written; then each side is a cluster of its own.
        for writer in writers:
            writer.wrote(10)
        self.agree(west)
        self.agree(east)
        apart = [len(writer.acknowledged) for writer in writers]
        for writer in writers:
            writer.wrote(100)

        self.cable("up")
        for writer in writers:
            writer.wrote(50)
        self.agree(nodes)
        items = {}
        for writer in writers:
            items |= writer.end()
        self.assertGreaterEqual(len(items), sum(apart) + 300)
        for node in nodes:
            self.all_readable(node, items)

        # As a user sees it, inside.
        for node, space in ((west[1], self.spaces[1]), (east[1], self.spaces[NODES // 2 + 1])):
            def whole(node=node, space=space):
                shown = json.loads(must(ip("netns", "exec", space, cluster.PROGRAM, "status", node.endpoint, "--json")).stdout)
                # On a busy machine somebody may be suspected, or even be taken for dead for a moment.
                return shown["member_count"] == NODES and {m["status"] for m in shown["members"]} == {"alive"}

            cluster.wait_for(whole, f"{node.name} was to see everybody alive")


if __name__ == "__main__":
    if shutil.which("ip"):
        sweep()
    if reason := why_not():
        print(f"SKIPPED, NOT PASSED: no network namespaces here, so no cable was cut: {reason}", file=sys.stderr)
        sys.exit(SKIPPED)
    cluster.main()
