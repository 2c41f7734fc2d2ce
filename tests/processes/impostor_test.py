"""A server that is none: what a client and a joining node are answered by a stranger at the other end."""
import json
import math
import threading

import msgpack
import zmq

import cluster
from cluster import CALLS, PEERS, frame


class Impostor(cluster.ProcessTest):
    def answering(self, answer) -> str:
        """The endpoint of a ROUTER that sends answer(channel, message as read) back: a list of messages."""
        context = zmq.Context()
        router = context.socket(zmq.ROUTER)
        port = router.bind_to_random_port("tcp://127.0.0.1")
        ending = threading.Event()

        def serve():
            while not ending.is_set():
                if not router.poll(20):
                    continue
                route, channel, text = router.recv_multipart()
                for message in answer(channel, msgpack.unpackb(text)):
                    router.send_multipart([route, *message])
            router.close(0)
            context.term()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(ending.set)
        return f"tcp://127.0.0.1:{port}"

    def test_answers_to_a_client(self):
        version = [0, 0]
        # By what the client says then: 1, what is no answer to this question; 124, nothing that counts as an answer.
        for number, (code, answer) in enumerate([
            (124, lambda id: []),
            (124, lambda id: [[b""]]),
            (124, lambda id: [[CALLS, b""]]),
            (124, lambda id: [[b"x"] * 50] * 3),
            (124, lambda id: [[CALLS, b"\xdd\xff\x00\x00\x00"]]),
            (124, lambda id: [[CALLS, b"\x91" * 100_000]]),
            (124, lambda id: [[CALLS, frame("client.Answer", [id + 1, [[True, 0, b"late", 0, version]]])]]),
            (124, lambda id: [[CALLS, frame("client.Status", [id])]]),
            (124, lambda id: [[b"other||", frame("client.Answer", [id, [[True, 0, b"v", 0, version]]])]]),
            ((1, 124), lambda id: [[CALLS, frame("client.Answer", [id, []])]]),
            ((1, 124), lambda id: [[CALLS, frame("client.Answer", [id, [[True, 0, b"v", 0, version]] * 2])]]),
            ((1, 124), lambda id: [[CALLS, frame("client.Answer", [id, [[False, 100, b"", 0, version]]])]]),
            ((1, 124), lambda id: [[CALLS, frame("client.Answer", [id, [[False, 99, b"", 0, version]]])]]),
            (4, lambda id: [[CALLS, frame("client.Answer", [id, [[True, 0, b"v", 0, version]]], major=9)]]),
            (5, lambda id: [[CALLS, frame("client.Answer", [id, [[False, 0, b"", 0, version]]])]]),
            (4, lambda id: [[CALLS, frame("client.Answer", [id, [[False, 3, b"", 0, version]]])]]),
        ]):
            with self.subTest(answer=number):
                endpoint = self.answering(lambda _, message: answer(message[7][0]))
                done = self.run_cli("kv", "get", "k", "--servers", endpoint, "--timeout", "150ms")
                self.assertIn(done.returncode, code if isinstance(code, tuple) else (code,), done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertRegex(done.stderr, r"\Ahearsay: [^\n]+\n\Z")

    def test_what_a_status_may_hold(self):
        """Names and counters come from a stranger: they must not take over a terminal."""
        evil = "\x1b[2J\x1b]0;owned\x07\n\r"
        card = [evil, evil, 1.0, 0, 0]
        body = [card, True, -5, 7, [[["ok", "tcp://x:1,2", 2.0, 0, 0], 0, 3], [card, 0, 0]], [[evil, 2**64 - 1]] * 3]
        endpoint = self.answering(lambda _, message: [[CALLS, frame("client.Status", [message[7][0], *body])]])
        for options in ((), ("--json",)):
            with self.subTest(options=options):
                done = self.succeeds("status", endpoint, *options)
                self.assertEqual(done.stderr, "")
                self.assertIn("owned", done.stdout)
                self.assertNotRegex(done.stdout, r"[\x00-\x09\x0b-\x1f\x7f]")
                if options:
                    status = json.loads(done.stdout)
                    self.assertEqual(len(status["members"]), 2)
                    self.assertNotRegex(status["name"], r"[\x00-\x1f\x7f]")
                    self.assertIn(2**64 - 1, status["counters"].values())

    def test_a_status_that_is_none(self):
        """Weights that no node has."""
        for weight in (math.nan, math.inf, 1e308, -1.0):
            with self.subTest(weight=weight):
                card = ["name", "tcp://x:1,2", weight, 0, 0]
                endpoint = self.answering(
                    lambda _, message: [[CALLS, frame("client.Status", [message[7][0], card, True, 1, 1, [[card, 0, 0]], []])]])
                self.refuses(124, "status", endpoint, "--timeout", "150ms")

    def test_a_list_without_end(self):
        """Each page leads to another one."""
        count = [0]

        def answer(_, message):
            if len(message[7]) == 1:
                card = ["n", endpoint + ",1", 1.0, 0, 1]
                return [[CALLS, frame("client.Status", [message[7][0], card, True, 1, 1, [[card, 0, 0]], []])]]
            count[0] += 1
            return [[CALLS, frame("client.Keys", [message[7][0], [f"/k{count[0]}-{i}" for i in range(500)], True, count[0], "k"])]]

        endpoint = self.answering(answer)
        done = self.run_cli("kv", "list", "--limit", "10", "--servers", endpoint, "--timeout", "500ms")
        self.assertEqual((done.returncode, done.stdout), (124, ""), done.stderr)

    def test_welcomes_to_a_joiner(self):
        card = ["seed", "tcp://127.0.0.1:9,9", 1.0, 0, 1]
        for number, answer in enumerate([
            [],
            [[b""]],
            [[PEERS, b"\xdd\xff\x00\x00\x00"]],
            [[b"x"] * 100],
            [[PEERS, frame("link.Hello", [card, True])]],
            [[PEERS, frame("link.Welcome", [card, "", [card] * 1001])]],
            [[PEERS, frame("link.Welcome", [[*card[:2], math.nan, 0, 1], "", []])]],
            [[PEERS, frame("link.Welcome", [card, "x" * 300, []])]],
            # A welcome, from somebody who is then never heard of again; with where others are said to be.
            [[PEERS, frame("link.Welcome", [card, "nowhere", []])]],
            [[PEERS, frame("link.Welcome", [card, "tcp://127.0.0.1:9,9", []])]] * 3,
        ]):
            with self.subTest(answer=number):
                endpoint = self.answering(lambda *_: answer)
                node = self.node(f"joiner-{number}", "--ready-timeout", "300ms", "--quiet", seeds=[endpoint])
                self.assertEqual(node.wait(), 4, node.log())
                self.assertRegex(node.log(), r"\Ahearsay: [^\n]*has not joined[^\n]*\n\Z")


if __name__ == "__main__":
    cluster.main()
