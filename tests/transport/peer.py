"""A peer in another language, from docs/reference/wire-protocol.md alone: with its own hash functions, pyzmq and msgpack.

    peer.py ENDPOINT [TOPIC SERVICE NAMESPACE]

Joins the node at ENDPOINT, which runs `announce`, `publish` and `anti-entropy` (or `none`), as a member; announces itself;
holds its share of the copies; puts, gets and deletes as a client; and leaves. Exits with 0 when all of it went as the page
says, with 1 and what did not otherwise.
"""
import re
import sys
import time
from pathlib import Path

import msgpack
import zmq

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "wire-protocol.md"  # whose hash functions this runs
MAGIC, MAJOR, MINOR = 0x48525359, 1, 0
MS = 1_000_000
ALIVE, LEFT = 0, 3
GET, PUT, DEL = 0, 1, 2
HELD, SUPERSEDED = 0, 1
NOT_FOUND, INVALID_ARGUMENT, TOO_LARGE = 0, 1, 2
COPY_WINDOW_NS = 500 * MS
DEADLINE_S = 20
ANNOUNCE_S = 0.2
RETRY_S = 0.05

hashes: dict = {}
exec(re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL).group(1), hashes)


def node_id(name: str) -> int:
    return hashes["xxh3_64"](name.encode())


def tag(message: str) -> int:
    return hashes["fnv1a_32"](message.encode())


class Failed(Exception):
    pass


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Failed(what)


def encode(message: str, origin: int, epoch: int, sequence: int, body: list) -> bytes:
    return msgpack.packb([MAGIC, MAJOR, MINOR, tag(message), origin, epoch, sequence, body],
                         unicode_errors="surrogateescape")  # a str may have any bytes


def decode(frame: bytes) -> tuple[int, int, list]:
    """Tag, origin and body."""
    envelope = msgpack.unpackb(frame, unicode_errors="surrogateescape")
    expect(envelope[:2] == [MAGIC, MAJOR], f"not our envelope: {envelope[:2]}")
    return envelope[3], envelope[4], envelope[7]


class Store:
    """The copies that a member holds: by key, [value, version, tombstone, deadline]."""

    def __init__(self):
        self.items: dict[str, tuple] = {}
        self.stores = self.fetches = 0

    def store(self, copy: list) -> list:
        """Outcome and newest version."""
        key, value, version, tombstone, left = copy[:5]
        self.stores += 1
        held = self.items.get(key)
        if held and held[1] > version:
            return [SUPERSEDED, held[1]]
        self.items[key] = (value, version, tombstone, time.monotonic_ns() + left if left else None)
        return [HELD, [0, 0]]

    def fetch(self, key: str) -> list:
        """Version, live, value, left."""
        self.fetches += 1
        held = self.items.get(key)
        if not held:
            return [[0, 0], False, b"", 0]
        value, version, tombstone, deadline = held
        left = deadline - time.monotonic_ns() if deadline else 0
        if tombstone or (deadline and left <= 0):
            return [version, False, b"", 0]
        return [version, True, value, left]


class Peer:
    def __init__(self, seed: str, topic: str, service: str, namespace: str):
        self.context = zmq.Context()
        self.name = "python-peer"
        self.id = node_id(self.name)
        self.epoch = int(time.time()) % 2**31 + 2**31  # above what the same name had before
        self.peers_channel = f"{topic}|{namespace}|".encode()
        self.calls_channel = f"{service}|{namespace}|".encode()
        self.prefix = f"{namespace}/"
        self.sequence = self.news_sequence = self.call_id = 0
        self.nodes: dict[int, list] = {}  # by id, the card
        self.dealers: dict[int, zmq.Socket] = {}
        self.subscriptions: set[bytes] = set()
        self.listeners: set[int] = set()
        self.welcomed: set[int] = set()
        self.heard: set[int] = set()
        self.store = Store()
        self.announce_at = float("inf")

        self.router = self.socket(zmq.ROUTER)
        router_port = self.router.bind_to_random_port("tcp://127.0.0.1")
        self.xpub = self.socket(zmq.XPUB)
        self.xpub.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.xpub.setsockopt(zmq.XPUB_WELCOME_MSG, self.calls_channel + b"welcome=%016x" % self.id)
        pub_port = self.xpub.bind_to_random_port("tcp://127.0.0.1")
        self.address = f"tcp://127.0.0.1:{router_port},{pub_port}"
        self.sub = self.socket(zmq.SUB)
        for topic in (self.peers_channel + b"news", self.peers_channel + b"~%016x" % self.id,
                      self.calls_channel + b"welcome="):
            self.sub.setsockopt(zmq.SUBSCRIBE, topic)
        self.seed = self.dealer(seed)
        self.client = self.dealer(seed)
        self.client_id = 0x70797468_6f6e2121

    def socket(self, kind: int) -> zmq.Socket:
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, 4 * 1024 * 1024)
        return socket

    def dealer(self, endpoint: str) -> zmq.Socket:
        socket = self.socket(zmq.DEALER)
        socket.connect(endpoint)
        return socket

    def ticket(self) -> list:
        return [self.epoch + 1, time.monotonic_ns()]

    def is_fresh(self, voucher: list) -> bool:
        (life, issued), held = voucher[0][:2], voucher[1]
        return life == self.epoch + 1 and 0 <= time.monotonic_ns() - issued - held <= COPY_WINDOW_NS

    # ---- sending ----

    def identity(self) -> list:
        return [self.name, self.address, 1.0, 0]

    def card(self) -> list:
        return [*self.identity(), self.epoch]

    def frame(self, message: str, body: list) -> bytes:
        self.sequence += 1
        return encode(message, self.id, self.epoch, self.sequence, body)

    def send(self, to: int, message: str, body: list) -> None:
        """To a node whose card is known, by a DEALER that begins with a hello."""
        if to not in self.dealers:
            address = self.nodes[to][1]
            self.dealers[to] = self.dealer(address.rsplit(",", 1)[0])
            self.dealers[to].send_multipart([self.peers_channel, self.frame("link.Hello", [self.card(), False])])
        self.dealers[to].send_multipart([self.peers_channel, self.frame(message, body)])

    def announce(self, leaving: bool = False) -> None:
        self.announce_at = time.monotonic() + ANNOUNCE_S
        self.news_sequence += 1
        body = [self.identity(), self.epoch, time.time_ns(), leaving]
        self.xpub.send_multipart([self.peers_channel + b"news",
                                  encode("announce.Announcement", self.id, self.epoch, self.news_sequence, body)])

    # ---- receiving ----

    def turn(self) -> None:
        """Handles whatever has arrived; waits a moment where nothing has."""
        if time.monotonic() >= self.announce_at:
            self.announce()
        poller = zmq.Poller()
        for socket in (self.router, self.xpub, self.sub, self.seed, self.client):
            poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(20))
        for socket, handle in ((self.router, self.on_router), (self.xpub, self.on_subscription), (self.sub, self.on_news),
                               (self.seed, self.on_seed)):
            while ready.get(socket):
                try:
                    frames = socket.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    break
                handle(frames)

    def wait(self, done, what: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            expect(time.monotonic() < deadline, f"it took too long until {what}")
            self.turn()

    def on_seed(self, frames: list) -> None:
        expect(len(frames) == 2 and frames[0] == self.peers_channel, f"the welcome came as {frames}")
        which, origin, body = decode(frames[1])
        if which != tag("link.Welcome"):
            return
        card, holder, peers = body[:3]
        expect(holder == "", f"somebody else has the name, at {holder}")
        expect(origin == node_id(card[0]), "the origin is the id of the name")
        for other in (card, *peers):
            self.meet(other)

    def meet(self, card: list) -> None:
        known = node_id(card[0])
        if known == self.id or known in self.nodes:
            return
        self.nodes[known] = card
        router, pub = card[1].rsplit(",", 1)
        self.sub.connect(f"{router.rsplit(':', 1)[0]}:{pub}")

    def on_router(self, frames: list) -> None:
        if len(frames) != 3 or frames[1] != self.peers_channel:
            return
        which, origin, body = decode(frames[2])
        if which == tag("link.Hello"):
            self.meet(body[0])
            if body[1]:  # it wants to be welcomed
                self.router.send_multipart(
                    [frames[0], self.peers_channel, self.frame("link.Welcome", [self.card(), "", list(self.nodes.values())])])
        elif origin not in self.nodes:
            return
        elif which == tag("kv.Greet"):
            self.send(origin, "kv.Ticket", [body[0], self.ticket()])
        elif which == tag("kv.Store"):
            number, copy, voucher = body[:3]
            ages = not copy[3] and copy[4] > 0
            if ages and not self.is_fresh(voucher):
                self.send(origin, "kv.Ticket", [number, self.ticket()])
                return
            outcome = self.store.store(copy)
            if number != 0:
                self.send(origin, "kv.Stored", [number, copy[2], *outcome, self.ticket()])
        elif which == tag("kv.Fetch"):
            self.send(origin, "kv.Found", [body[0], *self.store.fetch(body[1]), self.ticket()])

    def on_subscription(self, frames: list) -> None:
        own = self.peers_channel + b"~"
        if frames[0][:1] == b"\1":
            self.subscriptions.add(frames[0][1:])
        if frames[0][:1] == b"\1" and frames[0][1:].startswith(own):
            self.listeners.add(int(frames[0][1 + len(own):], 16))

    def on_news(self, frames: list) -> None:
        welcome = self.calls_channel + b"welcome="
        if len(frames) == 1 and frames[0].startswith(welcome):
            self.welcomed.add(int(frames[0][len(welcome):], 16))
        elif len(frames) == 2 and frames[0] == self.peers_channel + b"news":
            which, origin, body = decode(frames[1])
            if which == tag("announce.Announcement"):
                expect(node_id(body[0][0]) == origin, "a node announces itself")
                self.heard.add(origin)

    # ---- as a client ----

    def call(self, message: str, answer: str, *fields) -> list:
        """The fields of the answer, its id left out."""
        self.call_id += 1
        self.client.send_multipart([self.calls_channel,
                                    encode(message, self.client_id, 0, self.call_id, [self.call_id, *fields])])
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            self.turn()
            try:
                channel, frame = self.client.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                continue
            expect(channel == self.calls_channel, f"an answer came on {channel}")
            which, _, body = decode(frame)
            if which == tag(answer) and body[0] == self.call_id:
                return body[1:]
        raise Failed(f"{message} was not answered")

    def operate(self, *ops) -> list:
        """Each op is [op, key, value, ttl]; each result [ok, error, value, ttl_left, version]."""
        named = [[op, self.prefix + key, value, ttl] for op, key, value, ttl in ops]
        results = self.call("client.Call", "client.Answer", named)[0]
        expect(len(results) == len(ops), "one result for each op")
        return results

    def status_of(self, name: str):
        status = self.call("client.Ask", "client.Status")
        return {card[0]: what for card, _, what, *_ in status[4]}.get(name)


def join(peer: Peer) -> None:
    asked = 0.0

    def welcomed() -> bool:
        nonlocal asked
        if not peer.nodes and time.monotonic() >= asked:
            asked = time.monotonic() + 1
            peer.seed.send_multipart([peer.peers_channel, peer.frame("link.Hello", [peer.card(), True])])
        return bool(peer.nodes)

    peer.wait(welcomed, "the seed answered the hello")
    everybody = set(peer.nodes)
    for other in everybody:  # so that they subscribe to us
        peer.send(other, "link.Hello", [peer.card(), False])
    peer.wait(lambda: everybody <= peer.listeners, "all nodes listen to our news")
    peer.wait(lambda: everybody <= peer.welcomed, "our subscriptions are in effect at all nodes")
    wanted = {peer.peers_channel + b"news", peer.calls_channel + b"welcome="}
    peer.wait(lambda: wanted <= peer.subscriptions, "a node subscribed to all that it should")
    peer.announce()
    peer.wait(lambda: peer.status_of(peer.name) == ALIVE, "the node takes us for a member")
    peer.wait(lambda: everybody <= peer.heard, "all nodes announced themselves to us")


def put_and_get(peer: Peer) -> None:
    keys = [f"python-{i}" for i in range(64)]
    value_of = {key: f"value of {key}".encode() for key in keys}
    results = peer.operate(*[(PUT, key, value_of[key], 60_000 * MS) for key in keys])
    expect(all(ok for ok, *_ in results), f"puts failed: {results}")
    for key, (ok, error, value, left, version) in zip(keys, peer.operate(*[(GET, key, b"", 0) for key in keys])):
        expect(ok and value == value_of[key], f"{key} is {value}, error {error}")
        expect(0 < left <= 60_000 * MS, f"{key} has {left} ns left")
        expect(version[0] > 0, "a value has a version")
    expect(peer.store.stores > 0 and peer.store.fetches > 0, "we were asked for none of the copies that we own")

    expect(peer.operate((DEL, keys[0], b"", 0))[0][0], "a del succeeds")
    expect(peer.operate((GET, keys[0], b"", 0))[0][:2] == [False, NOT_FOUND], "what was deleted is not found")
    expect(peer.operate((PUT, "for ever", b"", 0))[0][0], "an empty value may be put")
    ok, _, value, left, _ = peer.operate((GET, "for ever", b"", 0))[0]
    expect(ok and value == b"" and left == 0, "it is found and never expires")
    peer.operate((PUT, "short", b"lived", 50 * MS))
    peer.wait(lambda: peer.operate((GET, "short", b"", 0))[0][:2] == [False, NOT_FOUND], "a value expired")
    expect(peer.operate((PUT, "x" * 251, b"", 0))[0][:2] == [False, TOO_LARGE], "a key of 251 bytes is refused")
    results = peer.call("client.Call", "client.Answer", [[GET, "others/key", b"", 0]])[0]
    expect(results[0][:2] == [False, INVALID_ARGUMENT], "a key of another namespace is refused")


def list_keys(peer: Peer) -> None:
    found, at = set(), [0, ""]
    for _ in range(1000):
        keys, more, *at = peer.call("client.List", "client.Keys", f"{peer.prefix}python-", *at)[:4]
        found |= set(keys)
        if not more:
            break
    expect(found and all(key.startswith(f"{peer.prefix}python-") for key in found), f"the node lists {found}")


def leave(peer: Peer) -> None:
    peer.announce(leaving=True)
    peer.announce_at = float("inf")
    peer.wait(lambda: peer.status_of(peer.name) == LEFT, "the node knows that we left")


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 4):
        print(__doc__, file=sys.stderr)
        return 2
    topic, service, namespace = arguments[1:] or ("go.micro.kv.announce", "go.micro.kv", "")
    peer = Peer(arguments[0], topic, service, namespace)
    try:
        for part in (join, put_and_get, list_keys, leave):
            part(peer)
        print(f"joined {len(peer.nodes)}, stored {peer.store.stores}, was asked {peer.store.fetches} times")
        return 0
    except Failed as failed:
        print(failed, file=sys.stderr)
        print(f"nodes {peer.nodes} listeners {peer.listeners} welcomed {peer.welcomed} heard {peer.heard}",
              file=sys.stderr)
        return 1
    finally:
        peer.context.destroy(linger=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
