"""What the tests of real processes share: nodes that are started and always reaped, a client that speaks the wire
protocol by itself (an independent reading of transport/messages.hpp), and waiting for conditions.

Nodes take free ports, so that any number of these tests run side by side. A node dies with the test that started it,
even when that is killed; so nodes are started by the test's main thread alone.
"""
import ctypes
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import msgpack
import zmq

PROGRAM = ""
DEADLINE_S = 60  # generous: sanitizers and busy machines; nothing waits for it to pass

# Failure detection in seconds, and slow enough for a busy machine.
SWIM = ("--membership", "swim", "--set", "membership.preset=local", "--set", "membership.probe_interval=400ms",
        "--set", "membership.probe_timeout=300ms", "--set", "membership.reconnect_interval=1s")

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


# ---- the wire --------------------------------------------------------------------------------------------------------

MAGIC, MAJOR = 0x48525359, 1
CALLS, PEERS = b"go.micro.kv||", b"go.micro.kv.announce||"
GET, PUT, DEL = 0, 1, 2
ERRORS = ("not found", "invalid argument", "too large", "unavailable", "timeout", "closed", "corrupt", "internal")


def tag(name: str) -> int:
    """FNV-1a of a message's name."""
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def frame(name, body, origin=7, epoch=1, sequence=1, magic=MAGIC, major=MAJOR) -> bytes:
    return msgpack.packb([magic, major, 0, name if isinstance(name, int) else tag(name), origin, epoch, sequence, body])


def whole_key(key: str) -> str:
    """As it travels: with the namespace, which here is none."""
    return f"/{key}"


class Failed(Exception):
    """What a node answered, or that it did not."""


class Client:
    """A client of one node. One thread; not to be used again after an answer did not come."""

    def __init__(self, endpoint: str, context=None, service=CALLS):
        self.socket = (context or zmq.Context.instance()).socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)
        self.service = service
        self.last = 0
        self.heard_of = 0  # the id of the node that answered

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, question: str, answer: str, body: list, timeout_s: float):
        self.last += 1
        until = time.monotonic() + timeout_s
        self.socket.send_multipart([self.service, frame(question, [self.last, *body])])
        while self.socket.poll(max(0, int((until - time.monotonic()) * 1000))):
            frames = self.socket.recv_multipart()
            found = msgpack.unpackb(frames[1], strict_map_key=False, unicode_errors="surrogateescape")
            self.heard_of = found[4]
            if found[3] == tag(answer) and found[7][0] == self.last:
                return found[7]
        raise Failed("no answer")

    def call(self, ops: list, timeout_s: float = 5.0) -> list:
        """Each of `ops` is (GET, PUT or DEL, key, value, ttl in ns); one result each: (ok, error, value, ...)."""
        whole = [[op, whole_key(key), value, ttl] for op, key, value, ttl in ops]
        return self.ask("client.Call", "client.Answer", [whole], timeout_s)[1]

    def keys(self) -> list[str]:
        """Of what this node itself holds, as far as a page goes."""
        return [key.removeprefix("/") for key in self.ask("client.List", "client.Keys", ["/", 0, ""], DEADLINE_S)[1]]

    def one(self, op, key, value=b"", ttl_s=0.0, timeout_s=5.0):
        result = self.call([[op, key, value, int(ttl_s * 1e9)]], timeout_s)[0]
        if not result[0]:
            raise Failed(ERRORS[result[1]] if result[1] < len(ERRORS) else str(result[1]))
        return result

    def put(self, key: str, value: bytes, **options):
        self.one(PUT, key, value, **options)

    def get(self, key: str, **options) -> bytes:
        return self.one(GET, key, **options)[2]

    def status(self, timeout_s: float = 5.0) -> dict:
        """Its view, by name; its counters; whether it is ready."""
        body = self.ask("client.Ask", "client.Status", [], timeout_s)
        words = ("alive", "suspect", "dead", "left")
        return {"ready": body[2], "member_count": body[4], "counters": dict(body[6]),
                "members": {card[0]: {"address": card[1], "status": words[status]} for card, _, status in body[5]}}


def sanitizer_mib() -> int:
    """What a sanitizer adds to a process's memory: it keeps what was freed."""
    return 512 if b"__asan_init" in Path(PROGRAM).read_bytes() else 0


# ---- waiting ---------------------------------------------------------------------------------------------------------


def wait_for(condition, what, limit_s: float = DEADLINE_S, every_s: float = 0.02):
    """Looks again and again until condition() is true, and returns what it was; fails after the limit. `what` may be a
    function that says how far it is. A condition that raises Failed is not true yet."""
    until = time.monotonic() + limit_s
    while True:
        try:
            if found := condition():
                return found
            last = ""
        except Failed as failure:
            last = f" ({failure})"
        if time.monotonic() > until:
            raise AssertionError(f"not within {limit_s} s: {what() if callable(what) else what}{last}")
        time.sleep(every_s)  # a turn of the loop that waits for a condition


# ---- processes -------------------------------------------------------------------------------------------------------


class Process:
    """A running hearsay with what it printed. `at_start` runs in the child, before the program."""

    def __init__(self, folder: Path, arguments, at_start=None, name="process", env=None):
        def prepare():
            die_with_parent()
            if at_start:
                at_start()

        self.name = name
        descriptor, path = tempfile.mkstemp(dir=folder, prefix=f"{name}-", suffix=".log")
        self.log_path = Path(path)
        env = {k: v for k, v in os.environ.items() if not k.startswith("HEARSAY_")} | (env or {})
        try:
            self.process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=descriptor, cwd=folder, env=env, preexec_fn=prepare, bufsize=0)
        finally:
            os.close(descriptor)
        self.pid = self.process.pid

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def line(self, limit_s: float = DEADLINE_S) -> str:
        """The next line that it prints."""
        until = time.monotonic() + limit_s
        text = b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise AssertionError(f"{self.name} printed no line within {limit_s} s: {text!r}\n{self.log()}")
            byte = self.process.stdout.read(1)
            if not byte:
                raise AssertionError(f"{self.name} ended with {self.process.wait()}:\n{self.log()}")
            text += byte
        return text.decode()

    def wait(self, limit_s: float = DEADLINE_S) -> int:
        return self.process.wait(limit_s)

    def signal(self, number: int):
        self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def reap(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def memory_mib(self) -> float:
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text()).group(1)) / 1024

    def alive(self) -> bool:
        return self.process.poll() is None


class Node(Process):
    """hearsay node --json. ready() waits for its line; before, it has no endpoint."""

    def __init__(self, folder, name, *arguments, seeds=(), verb="node", **options):
        given = [verb, "--name", name, "--json", *arguments]
        for seed in seeds:
            given += ["--seed-node", seed if isinstance(seed, str) else seed.endpoint]
        super().__init__(folder, given, name=name, **options)
        self.endpoint = self.address = ""
        self.context = None  # of clients: where they are in the network

    def ready(self, limit_s: float = DEADLINE_S) -> "Node":
        line = json.loads(self.line(limit_s))
        self.endpoint, self.address = line["endpoint"], line["address"]
        return self

    def client(self) -> Client:
        return Client(self.endpoint, self.context)


class Writer:
    """A thread that puts unique keys through a node, and remembers which puts were acknowledged."""

    def __init__(self, node: Node, prefix: str):
        self.node, self.prefix = node, prefix
        self.acknowledged: dict[str, bytes] = {}
        self.failed = 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client = self.node.client()
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
                client = self.node.client()
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
        return self.acknowledged


class ProcessTest(unittest.TestCase):
    """Each test has a folder of its own, and processes that end with it."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="hearsay-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.dir = Path(folder)

    def node(self, name, *arguments, **options) -> Node:
        node = Node(self.dir, name, *arguments, **options)
        self.addCleanup(node.reap)
        return node

    def process(self, *arguments, **options) -> Process:
        process = Process(self.dir, arguments, **options)
        self.addCleanup(process.reap)
        return process

    def cluster(self, count: int, *arguments) -> list[Node]:
        """Nodes n0, n1 ... that all see each other; the first is the others' seed."""
        first = self.node("n0", *arguments).ready()
        others = [self.node(f"n{i}", *arguments, seeds=[first]) for i in range(1, count)]
        nodes = [first, *(node.ready() for node in others)]
        self.agree(nodes)
        return nodes

    def agree(self, nodes, limit_s: float = DEADLINE_S):
        """Waits until the views of all of these have these as members, at their addresses, alive, and nobody else."""
        wanted = {node.name: node.address for node in nodes}
        for node in nodes:
            with node.client() as client:
                seen = {}

                def same():
                    seen.update(view=client.status()["members"])
                    return {name: of["address"] for name, of in seen["view"].items()
                            if of["status"] in ("alive", "suspect")} == wanted \
                        and all(of["status"] != "suspect" for of in seen["view"].values())

                wait_for(same, lambda: f"{node.name} sees {seen}, not {wanted}", limit_s)

    def writer(self, node, prefix) -> Writer:
        writer = Writer(node, prefix)
        self.addCleanup(writer.end)
        return writer

    def all_readable(self, node, items: dict[str, bytes]):
        """All at once, again until it is so: copies may still be on their way to where the ring now has them. A wrong
        value is never right."""
        keys = sorted(items)
        missing = {}

        def look():
            missing.clear()
            with node.client() as client:
                for at in range(0, len(keys), 256):
                    part = keys[at:at + 256]
                    for key, result in zip(part, client.call([[GET, key, b"", 0] for key in part])):
                        if not result[0]:
                            missing[key] = ERRORS[result[1]]
                        else:
                            self.assertEqual(result[2], items[key])
            return not missing

        wait_for(look, lambda: f"{node.name}: {len(missing)} of {len(items)} acknowledged puts: {sorted(missing.items())[:5]}",
                 every_s=0.1)

    def run_cli(self, *arguments, limit_s: float = DEADLINE_S, text=True, **options):
        env = {k: v for k, v in os.environ.items() if not k.startswith("HEARSAY_")}
        return subprocess.run([PROGRAM, *arguments], cwd=self.dir, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=text, timeout=limit_s, **options)

    def succeeds(self, *arguments, **options):
        done = self.run_cli(*arguments, **options)
        self.assertEqual(done.returncode, 0, (arguments, done.stderr))
        return done

    def refuses(self, code, *arguments, saying=(), **options):
        """This exit code, nothing on stdout, and one line on stderr that has all of `saying`."""
        done = self.run_cli(*arguments, **options)
        self.assertEqual((done.returncode, done.stdout), (code, ""), (arguments, done.stderr))
        self.assertRegex(done.stderr, r"\Ahearsay: [^\n]+\n\Z")
        for words in [saying] if isinstance(saying, str) else saying:
            self.assertIn(words, done.stderr)
        return done


def main():
    """Called by each test file: PROGRAM comes first, unittest's own arguments after it."""
    global PROGRAM
    PROGRAM = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(module="__main__")
