"""CURVE between processes: who is let in, who is not, and what is refused at the start."""
import json

import cluster


class Security(cluster.ProcessTest):
    def setUp(self):
        super().setUp()
        for name in ("cluster", "friend", "stranger"):
            made = json.loads(self.succeeds("keygen", name, "--json").stdout)
            self.assertEqual(len(made["public_key"]), 40)
        (self.dir / "allowed").write_text((self.dir / "friend.pub").read_text())

    def guarded(self, name, **options):
        return self.node(name, "--key-file", "cluster.key", "--allow-file", "allowed", "--replicas", "2", **options)

    def of(self, key, server="cluster"):
        return ("--key-file", f"{key}.key", "--server-key", f"{server}.pub")

    def test_who_is_let_in(self):
        a = self.guarded("a").ready()
        b = self.guarded("b", seeds=[a]).ready()
        friend = self.of("friend")

        def members():
            status = json.loads(self.succeeds("status", a.endpoint, "--json", *friend).stdout)
            return [m["name"] for m in status["members"]]

        self.assertEqual(members(), ["a", "b"])
        self.succeeds("kv", "put", "secret", "value", "--servers", a.endpoint, *friend)
        self.assertEqual(self.succeeds("kv", "get", "secret", "--servers", b.endpoint, *friend).stdout, "value")

        # A stranger's key, no key, and a client that takes another for the cluster's: no answer, and nothing is told.
        for keys in (self.of("stranger"), (), self.of("friend", "stranger")):
            with self.subTest(keys=keys):
                for command in (("kv", "get", "secret", "--servers", a.endpoint), ("kv", "put", "secret", "x", "--servers", b.endpoint),
                                ("status", a.endpoint)):
                    done = self.run_cli(*command, *keys, "--timeout", "400ms")
                    self.assertIn(done.returncode, (4, 124), done.stderr)
                    self.assertEqual(done.stdout, "")
        self.assertEqual(self.succeeds("kv", "get", "secret", "--servers", b.endpoint, *friend).stdout, "value")

        # No member either.
        kept_out = [self.node(name, "--quiet", "--ready-timeout", "600ms", *keys, seeds=[a])
                    for name, keys in (("c", ("--key-file", "stranger.key", "--allow-file", "allowed")), ("d", ()))]
        for node in kept_out:
            with self.subTest(node=node.name):
                self.assertEqual(node.wait(), 4, node.log())
        self.assertEqual(members(), ["a", "b"])
        self.assertEqual((b.stop(), a.stop()), (0, 0))

    def test_refused_keys_are_counted(self):
        a = self.guarded("a").ready()
        self.run_cli("status", a.endpoint, *self.of("stranger"), "--timeout", "400ms")
        counters = json.loads(self.succeeds("status", a.endpoint, "--json", *self.of("friend")).stdout)["counters"]
        refused = {name: count for name, count in counters.items() if name != "refused_calls" and ("refused" in name or "denied" in name)}
        self.assertGreater(sum(refused.values()), 0, refused)

    def test_half_a_configuration(self):
        (self.dir / "open.key").write_text((self.dir / "cluster.key").read_text())
        (self.dir / "open.key").chmod(0o644)
        for keys, saying in [
            (("--key-file", "cluster.key"), "an allow list is missing"),
            (("--allow-file", "allowed"), "a key file of one's own is missing"),
            (("--key-file", "nowhere.key", "--allow-file", "allowed"), "nowhere.key"),
            (("--key-file", "cluster.key", "--allow-file", "nowhere"), "nowhere"),
            (("--key-file", "allowed", "--allow-file", "allowed"), "allowed"),
            (("--key-file", "open.key", "--allow-file", "allowed"), ["open.key", "chmod"]),
        ]:
            with self.subTest(keys=keys):
                self.refuses(2, "node", "--name", "a", *keys, saying=saying)
        self.refuses(2, "kv", "get", "k", "--servers", "tcp://127.0.0.1:1", "--key-file", "friend.key", saying="the nodes' public key is missing")
        self.refuses(2, "status", "tcp://127.0.0.1:1", "--server-key", "cluster.pub", saying="a key file of one's own is missing")


if __name__ == "__main__":
    cluster.main()
