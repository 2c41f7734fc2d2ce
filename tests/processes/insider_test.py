"""A member that lies: it is let in, and then says what no member of ours would. What it replays are frames that the
node itself sent it, of every kind that a running node sends: whole, cut and changed."""
import random

import msgpack
import zmq

import cluster
from cluster import PEERS, frame, tag, wait_for

KINDS = ("link.Hello", "swim.Sync", "swim.Ping", "kv.Store", "kv.Fetch", "anti-entropy.Digest")
ORIGIN = slice(14, 22)  # where an envelope has its sender's id


class Insider(cluster.ProcessTest):
    def setUp(self):
        super().setUp()
        # An id is a hash of the name that Python's library has not: a real node of that name tells it.
        real = self.node("mallory").ready()
        with real.client() as client:
            client.status()
            self.id = client.heard_of
        real.kill()

        self.victim = self.node("victim", "--replicas", "2", "--set", "replication.w=one", "--log-level", "error", *cluster.SWIM,
                                "--set", "membership.suspicion_mult=32").ready()
        with self.victim.client() as client:
            client.put("before", b"value")
            self.victim_id = client.heard_of
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)
        self.ears = self.context.socket(zmq.ROUTER)
        port = self.ears.bind_to_random_port("tcp://127.0.0.1")
        self.mouth = self.context.socket(zmq.DEALER)
        self.mouth.setsockopt(zmq.SNDHWM, 0)
        self.mouth.connect(self.victim.endpoint)
        self.me = ["mallory", f"tcp://127.0.0.1:{port},{port}", 1.0, 0]
        self.epoch = 1
        self.join()

    def join(self):
        self.say("link.Hello", [[*self.me, self.epoch], False])
        self.say("swim.Sync", [False, True, [[self.me, self.epoch, 0, 0]]])
        with self.victim.client() as client:
            wait_for(lambda: client.status()["members"].get("mallory"), "mallory was to be let in")

    def say(self, name, body):
        self.mouth.send_multipart([PEERS, frame(name, body, origin=self.id, epoch=self.epoch)])

    def heard(self) -> dict[str, bytes]:
        """One frame of each kind that the victim sends a member."""
        names = {tag(name): name for name in KINDS}
        found = {}
        with self.victim.client() as client:
            def all_kinds():
                # Fails or not, as one of two replicas never answers: what counts is what is asked of it.
                for op in ([cluster.PUT, f"m-{len(found)}", b"value", 10**9], [cluster.GET, "before", b"", 0]):
                    client.call([op])
                while self.ears.poll(10):
                    text = self.ears.recv_multipart()[-1]
                    found.setdefault(names.get(msgpack.unpackb(text)[3], "other"), text)
                return set(KINDS) <= set(found) or (set(KINDS) - {"kv.Store"} <= set(found) and "other" in found)

            wait_for(all_kinds, lambda: f"heard {sorted(found)} of {KINDS}")
        return found

    def dropped(self, client) -> int:
        return sum(count for name, count in client.status(cluster.DEADLINE_S)["counters"].items() if name.startswith("dropped_"))

    def taken(self, client, before: int, count: int):
        wait_for(lambda: client.status(cluster.DEADLINE_S)["counters"]["frames_received"] - before >= count, "all were to be taken")

    def unharmed(self):
        self.assertTrue(self.victim.alive(), self.victim.log())
        with self.victim.client() as client:
            status = client.status(cluster.DEADLINE_S)
            self.assertEqual(status["members"]["victim"], {"address": self.victim.address, "status": "alive"})
        self.assertLess(self.victim.memory_mib() - cluster.sanitizer_mib(), 200)

    def test_its_own_words_back_cut_and_changed(self):
        chance = random.Random(4)
        heard = {name: text[:ORIGIN.start] + self.id.to_bytes(8, "big") + text[ORIGIN.stop:]
                 for name, text in self.heard().items()}
        cut = [text[:end] for text in heard.values() for end in range(len(text))]
        with self.victim.client() as client:
            dropped = self.dropped(client)
            for text in cut:
                self.mouth.send_multipart([PEERS, text])
            wait_for(lambda: self.dropped(client) - dropped >= len(cut),
                     lambda: f"{self.dropped(client) - dropped} of {len(cut)} cut frames were counted")
            before = client.status()["counters"]["frames_received"]
            for _ in range(500):
                for text in heard.values():
                    changed = bytearray(text)
                    for _ in range(chance.randint(0, 4)):
                        changed[chance.randrange(22, len(changed))] = chance.randrange(256)
                    self.mouth.send_multipart([PEERS, bytes(changed)])
            self.taken(client, before, 500 * len(heard))
        self.unharmed()

    def test_lies_about_members(self):
        most = 2**32 - 1
        self.say("swim.Gossip", [[[], [[self.victim_id, most, most, 2, 0]]]])
        self.say("swim.Gossip", [[[], [[self.victim_id, most, most, 3, 0], [self.victim_id, most, most, 1, self.id]]]])
        self.say("swim.Gossip", [[[[["victim", "tcp://127.0.0.1:1,2", 1000.0, 9], most, most]], []]])
        self.say("swim.Sync", [False, True, [[["victim", "tcp://127.0.0.1:1,2", 1.0, 0], most, most, status] for status in range(4)]])
        self.say("swim.Gossip", [[[], [[12345, 1, 1, 2, 0]]]])
        with self.victim.client() as client:
            before = client.status()["counters"]["frames_received"]
            # Hundreds of members that are not there, at places where nothing is.
            self.ghosts(1.0)
            self.taken(client, before, 10)
            # Long enough to have probed some, and heard nothing.
            wait_for(lambda: any(member["status"] in ("suspect", "dead") for name, member in client.status()["members"].items()
                                 if name.startswith("ghost-")), "it was to probe ghosts")
        self.unharmed()
        self.assertEqual(self.victim.stop(), 0)

    def test_members_that_want_all_of_the_ring(self):
        self.ghosts(1000.0)
        self.unharmed()
        with self.victim.client() as client:
            # Answered, one way or the other: most keys are now the ghosts', who hold none.
            client.call([[cluster.PUT, "after", b"value", 0]], timeout_s=cluster.DEADLINE_S)
        self.unharmed()

    def ghosts(self, weight: float):
        for page in range(10):
            self.say("swim.Sync", [False, page == 9, [[[f"ghost-{page}-{i}", f"tcp://127.0.0.1:{i + 1},{i + 1}", weight, i],
                                                       2**32 - 1, 0, 0] for i in range(100)]])


if __name__ == "__main__":
    cluster.main()
