"""What strangers send: frames of every bad shape, floods, and peers that never read. The node stays up, counts what it
drops, keeps its memory, and answers everybody else."""
import math
import os
import random
import socket
import struct

import msgpack
import zmq

import cluster
from cluster import CALLS, DEL, GET, PEERS, PUT, Client, frame, wait_for

HELLO, PING, CALL, LIST, ASK = "link.Hello", "swim.Ping", "client.Call", "client.List", "client.Ask"


def card(name="stranger", address="tcp://127.0.0.1:9,9", weight=1.0, zone=0, epoch=5):
    return [name, address, weight, zone, epoch]


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


class Hostile(cluster.ProcessTest):
    def setUp(self):
        super().setUp()
        self.victim = self.node("victim", "--log-level", "error").ready()
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)
        with self.client() as client:
            client.put("kept", b"value")
        self.memory = self.victim.memory_mib() + cluster.sanitizer_mib()

    def client(self):
        return Client(self.victim.endpoint, self.context)

    def dealer(self, queue=0):
        """With a queue without end, so that what is sent arrives however busy the node is."""
        dealer = self.context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.SNDHWM, queue)
        dealer.setsockopt(zmq.RCVHWM, 1)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.connect(self.victim.endpoint)
        return dealer

    def counters(self):
        with self.client() as client:
            return client.status(timeout_s=cluster.DEADLINE_S)["counters"]

    def counted(self, messages, **expected):
        """Sends the messages, and waits until exactly these counters have grown by exactly this."""
        before = self.counters()
        with self.dealer() as dealer:
            for message in messages:
                dealer.send_multipart(message)
            dropped = lambda counters: {name: value - before[name] for name, value in counters.items()
                                        if name.startswith("dropped_") and value != before[name]}
            wanted = {f"dropped_{name}": value for name, value in expected.items() if value}
            seen = {}

            def same():
                seen.clear()
                seen.update(dropped(self.counters()))
                return sum(seen.values()) >= sum(wanted.values())

            wait_for(same, lambda: f"{seen} instead of {wanted}")
        self.assertEqual(seen, wanted)
        self.unharmed()

    def unharmed(self, growth_mib=32):
        self.assertTrue(self.victim.alive(), self.victim.log())
        with self.client() as client:
            self.assertEqual(client.get("kept", timeout_s=cluster.DEADLINE_S), b"value")
            client.put("kept", b"value", timeout_s=cluster.DEADLINE_S)
        self.assertLess(self.victim.memory_mib() - self.memory, growth_mib)

    # ---- shapes ----

    def test_messages_of_the_wrong_shape(self):
        for messages, counted in [
            ([[b""]], {"malformed": 1}),
            ([[b"x"]], {"malformed": 1}),
            ([[b"", b"", b""]], {"malformed": 1}),
            ([[CALLS, frame(ASK, [1]), b"more"]], {"malformed": 1}),
            ([[b"x"] * 100], {"malformed": 1}),
            ([[CALLS, b""]], {"malformed": 1}),
            ([[PEERS, b""]], {"malformed": 1}),
            ([[b"", frame(ASK, [1])]], {"channel": 1}),
            ([[b"go.micro.kv", frame(ASK, [1])]], {"channel": 1}),
            ([[b"other|ns|", frame(ASK, [1])]], {"channel": 1}),
            ([[b"go.micro.kv.announce|ns|", frame(HELLO, [card(), False])]], {"channel": 1}),
            ([[b"go.micro.kv|" + b"n" * 4096 + b"|", frame(ASK, [1])]], {"channel": 1}),
        ]:
            with self.subTest(message=[part[:20] for part in messages[0][:4]]):
                self.counted(messages, **counted)

    def test_bytes_that_are_no_message(self):
        fine = frame(ASK, [1])
        for bad, counted in [
            (b"\xdd\xff\x00\x00\x00", "malformed"),  # an array of 4 billion, in five bytes
            (b"\xdf\xff\xff\xff\xff", "malformed"),
            (b"\xdb\xff\xff\xff\xff", "malformed"),
            (b"\xc6\xff\xff\xff\xff", "malformed"),
            (b"\x98" + b"\xdd\x7f\xff\xff\xff" * 8, "malformed"),
            (nested(100), "malformed"),
            (nested(1_000_000), "malformed"),
            (b"\xc1", "malformed"),
            (fine + b"\x00", "malformed"),
            (msgpack.packb([]), "foreign"),
            (msgpack.packb({"a": 1}), "malformed"),  # nothing of ours has maps
            (msgpack.packb("hello"), "foreign"),
            (frame(ASK, [1], magic=1), "foreign"),
            (frame(ASK, [1], major=2), "version"),
            (frame(ASK, [1], major=2**64 - 1), "version"),
            (frame(ASK, [1], major=0), "version"),
            (frame(99, [1]), "unknown_message"),
            (frame("future.Message", [[1, ["x"]], 2]), "unknown_message"),
            (frame(ASK, [1], origin=0), "malformed"),
            (frame(ASK, []), "malformed"),
            (frame(ASK, [-1]), "malformed"),
            (frame(ASK, ["1"]), "malformed"),
            (frame(ASK, nested(3)), "malformed"),
            (frame(CALL, [1, []]), "malformed"),
            (frame(CALL, [1, [[GET, "k", b"", 0]] * 513]), "malformed"),
            (frame(CALL, [1, [[3, "k", b"", 0]]]), "malformed"),
            (frame(CALL, [1, [[PUT, "k" * 70_000, b"", 0]]]), "malformed"),
            (frame(CALL, [1, [[PUT, "k", b"v" * 1_100_000, 0]]]), "malformed"),
            (frame(LIST, [1, "k" * 251, 0, ""]), "malformed"),
            (frame("client.Answer", [1, []]), "malformed"),
        ]:
            with self.subTest(bytes=bad[:24]):
                self.counted([[CALLS, bad]], **{counted: 1})

    def test_what_no_peer_may_say(self):
        for name, body, counted in [
            (ASK, [1], "unknown_node"),  # a client's, on the peers' channel
            ("kv.Greet", [1], "unknown_node"),
            (PING, [1], "malformed"),
            ("link.Welcome", [card(), "", []], "unknown_node"),
            (HELLO, [card(weight=math.nan), True], "malformed"),
            (HELLO, [card(weight=math.inf), True], "malformed"),
            (HELLO, [card(weight=1e308), True], "malformed"),
            (HELLO, [card(weight=-1.0), True], "malformed"),
            (HELLO, [card(weight=0.0), True], "malformed"),
            (HELLO, [card(weight="heavy"), True], "malformed"),
            (HELLO, [card(name=""), True], "malformed"),
            (HELLO, [card(name="n" * 256), True], "malformed"),
            (HELLO, [card(address="a" * 256), True], "malformed"),
            (HELLO, [card(), 2], "malformed"),
            (HELLO, [card(epoch=2**32), True], "malformed"),
            (HELLO, [[], True], "malformed"),
        ]:
            with self.subTest(message=name, body=str(body)[:60]):
                self.counted([[PEERS, frame(name, body)]], **{counted: 1})
        self.counted([[CALLS, frame(HELLO, [card(), True])], [CALLS, frame(PING, [1])]], malformed=2)

    def test_a_peer_at_nonsense_addresses(self):
        before = self.counters()["frames_received"]
        with self.dealer() as dealer:
            for i, address in enumerate(["", "x", "tcp://", "tcp://*:*,*", "tcp://[::1", "inproc://x", "ipc:///", "tcp://127.0.0.1:0,0",
                                         "tcp://127.0.0.1:99999,1", "tcp://\x00:1,2", "tcp://256.1.1.1:1,2", "\xff" * 100]):
                dealer.send_multipart([PEERS, frame(HELLO, [card(name=f"odd-{i}", address=address), True], origin=i + 1)])
            asked = [0]  # which are frames, too

            def looked_at():
                asked[0] += 1
                return self.counters()["frames_received"] - before - asked[0] >= 12

            wait_for(looked_at, "all were to be looked at")
            self.unharmed()
        self.assertNotEqual(self.succeeds("status", self.victim.endpoint).stdout, "")

    def test_frames_cut_at_every_byte(self):
        whole = [(CALLS, frame(ASK, [1])), (CALLS, frame(CALL, [1, [[PUT, "/cut", b"value", 10**9], [GET, "/cut", b"", 0]]])),
                 (CALLS, frame(CALL, [2, [[DEL, "/cut", b"", 0]]])), (CALLS, frame(LIST, [1, "p", 0, "k"])),
                 (PEERS, frame(HELLO, [card(), True]))]
        cut = [[channel, text[:end]] for channel, text in whole for end in range(len(text))]
        self.counted(cut, malformed=len(cut))

    def test_frames_with_a_byte_changed(self):
        chance = random.Random(1)
        whole = [(CALLS, frame(CALL, [1, [[PUT, "/flip", b"value", 10**9], [GET, "/flip", b"", 0]]])), (CALLS, frame(LIST, [1, "p", 0, "k"])),
                 (PEERS, frame(HELLO, [card(), True]))]
        before = self.counters()["frames_received"]
        with self.dealer() as dealer:
            for i in range(10_000):
                channel, text = whole[i % len(whole)]
                changed = bytearray(text)
                for _ in range(chance.randint(1, 3)):
                    changed[chance.randrange(len(changed))] = chance.randrange(256)
                dealer.send_multipart([channel, bytes(changed)])
            wait_for(lambda: self.counters()["frames_received"] - before >= 10_000, "all were to be looked at")
        self.unharmed()

    def test_a_hundred_thousand_random_frames(self):
        chance = random.Random(2)
        before = self.counters()["frames_received"]
        with self.dealer() as dealer:
            for i in range(100_000):
                dealer.send_multipart([(CALLS, PEERS)[i % 2], chance.randbytes(chance.randrange(64))])
            wait_for(lambda: self.counters()["frames_received"] - before >= 100_000, "all were to be looked at")
        counters = self.counters()
        self.assertGreaterEqual(counters["dropped_malformed"] + counters["dropped_foreign"], 100_000)
        self.unharmed()

    def test_frames_that_are_too_large(self):
        for size in (5 << 20, 64 << 20):
            with self.dealer() as dealer:  # which is disconnected, comes back, and has lost it
                monitor = dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED)
                dealer.send_multipart([CALLS, bytes(size)])
                self.assertTrue(monitor.poll(cluster.DEADLINE_S * 1000), "the node was to drop the connection")
                dealer.disable_monitor()
                monitor.close()
                self.unharmed()
        # At the limit of what is looked at.
        self.counted([[CALLS, bytes((4 << 20) + 1)]], malformed=1)

    def test_more_nodes_than_there_can_be(self):
        with self.dealer() as dealer:
            for i in range(20_000):
                dealer.send_multipart([PEERS, frame(HELLO, [card(name=f"s{i}"), False])])
            wait_for(lambda: self.counters()["dropped_directory_full"] >= 10_000, "most were to be refused")
        self.unharmed(growth_mib=64)

    # ---- floods, and who never reads ----

    def test_a_client_that_floods_and_does_not_read(self):
        with self.dealer() as dealer, self.client() as other:
            text = frame(CALL, [1, [[GET, "/kept", b"", 0]]])
            for i in range(200_000):
                dealer.send_multipart([CALLS, text])
                if i % 20_000 == 0:
                    self.assertEqual(other.get("kept", timeout_s=10), b"value")
            wait_for(lambda: self.counters()["calls"] >= 200_000, "all calls were to be taken")
            self.assertGreater(self.counters()["dropped_answers"], 0)
            self.unharmed(growth_mib=64)

    def test_a_client_that_asks_for_much_and_does_not_read(self):
        with self.client() as other:
            other.put("large", bytes(1_000_000))
        with self.dealer() as dealer:
            text = frame(CALL, [1, [[GET, "/large", b"", 0]] * 3])
            before = self.counters()["calls"]
            for _ in range(500):  # 1.5 GB of answers, and fewer calls than the node's queue holds
                dealer.send_multipart([CALLS, text])
            wait_for(lambda: self.counters()["calls"] - before >= 500, "all calls were to be taken")
            self.unharmed(growth_mib=256)

    def test_connections_that_say_nothing(self):
        host, port = self.victim.endpoint.removeprefix("tcp://").split(":")
        quiet = [socket.create_connection((host, int(port))) for _ in range(200)]
        with self.subTest("half a greeting"):
            for each in quiet[:100]:
                each.sendall(b"\xff\0\0\0\0\0\0\0\1\x7f\3")
        for each in quiet[:50]:
            each.sendall(os.urandom(1000))
        self.unharmed()
        # They are given up: what the node holds open comes down to what it was.
        wait_for(lambda: len(os.listdir(f"/proc/{self.victim.pid}/fd")) < 100, "the connections were to be closed")
        for each in quiet:
            each.close()

    def test_a_watcher_that_never_reads(self):
        publisher = "tcp://127.0.0.1:" + self.victim.address.rpartition(",")[2]
        with self.context.socket(zmq.SUB) as deaf, self.client() as client:
            deaf.setsockopt(zmq.RCVHWM, 1)
            deaf.setsockopt(zmq.LINGER, 0)
            deaf.setsockopt(zmq.SUBSCRIBE, CALLS + b"key=/")
            deaf.connect(publisher)

            def told():
                client.put("change", b"x")
                return deaf.poll(0)

            wait_for(told, "the watcher was to hear of a change")
            for i in range(500):
                client.put(f"change-{i % 3}", bytes([i % 256]) * 1_000_000)
            self.unharmed(growth_mib=256)

    def test_subscriptions_of_every_shape(self):
        publisher = "tcp://127.0.0.1:" + self.victim.address.rpartition(",")[2]
        chance = random.Random(3)
        with self.context.socket(zmq.XSUB) as peer:
            peer.setsockopt(zmq.SNDHWM, 0)
            peer.setsockopt(zmq.LINGER, 0)
            peer.connect(publisher)
            before = self.counters()["frames_received"]
            for i in range(5_000):
                topic = (CALLS + b"ready=", CALLS + b"key=", PEERS + b"~", PEERS, b"")[i % 5]
                peer.send(bytes([chance.randrange(2)]) + topic + chance.randbytes(chance.randrange(24)))
            for i in range(1_000):
                peer.send(b"\1" + PEERS + b"~" + f"{i:016x}".encode())
                peer.send(b"\0" + PEERS + b"~" + f"{i:016x}".encode())
            peer.send(struct.pack("B", 2) + b"neither")
            peer.send(b"")
            wait_for(lambda: self.counters()["frames_received"] - before > 2_000, "subscriptions were to arrive")
            self.unharmed()


if __name__ == "__main__":
    cluster.main()
