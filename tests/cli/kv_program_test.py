"""hearsay kv as a user meets it, over real backends: what is printed, and the exit codes."""
import shutil
import socket
import subprocess
import time
import unittest

import cli


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class WithoutBackend(cli.CliTest):
    def test_memory_lasts_as_long_as_the_program(self):
        self.succeeds("kv", "put", "a", "1", "--backend", "memory")
        self.refuses("kv", "get", "a", "--backend", "memory", code=5, saying=["not found", "'a'"])

    def test_a_backend_that_is_not_there(self):
        for backend in ("redis", "memcached"):
            with self.subTest(backend=backend):
                self.refuses("kv", "get", "a", "--backend", backend, "--servers", f"127.0.0.1:{free_port()}", code=4)

    def test_the_ring_needs_to_be_told_of_a_node(self):
        self.refuses("kv", "get", "a", saying=["--servers is missing", "HEARSAY_SERVERS"])

    def test_no_node_answers(self):
        done = self.run_cli("kv", "get", "a", "--servers", f"tcp://127.0.0.1:{free_port()}", "--timeout", "50ms")
        self.assertIn(done.returncode, (4, 124), done.stderr)


@unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
class OverRedis(cli.CliTest):
    def setUp(self):
        super().setUp()
        path = self.dir / "redis.sock"
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(self.dir)],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        deadline = time.monotonic() + cli.DEADLINE_S
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(str(path))
                    break
                except OSError:
                    self.assertIsNone(server.poll(), "redis-server ended")
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.01)  # a turn of the loop that waits for a condition
        self.env = {"HEARSAY_BACKEND": "redis", "HEARSAY_SERVERS": f"unix:{path}"}

    def kv(self, *arguments, **options):
        return self.succeeds("kv", *arguments, env=self.env, **options)

    def test_put_get_del(self):
        self.assertEqual(self.kv("put", "greeting", "hello", "--ttl", "1h").stdout, "")
        self.assertEqual(self.kv("get", "greeting").stdout, "hello")
        self.assertRegex(self.kv("get", "greeting", "--json").stdout,
                         r'\A\{"key":"greeting","value":"hello","ttl_left_s":3[56]\d\d\.?\d*\}\n\Z')
        self.kv("del", "greeting")
        self.refuses("kv", "get", "greeting", env=self.env, code=5, saying="not found")
        self.kv("del", "greeting")

    def test_any_bytes(self):
        value = bytes(range(256))
        self.kv("put", "picture", "-", given=value, text=False)
        self.assertEqual(self.kv("get", "picture", text=False).stdout, value)

    def test_namespaces_and_the_configuration_file(self):
        self.write("c.toml", "[kv]\nnamespace = 'a'\nttl = '1h'\n")
        self.kv("put", "k", "of-a", "--config", "c.toml")
        self.refuses("kv", "get", "k", env=self.env, code=5)
        self.assertEqual(self.kv("get", "k", "--namespace", "a").stdout, "of-a")
        self.assertIn('"ttl_left_s":3', self.kv("get", "k", "--config", "c.toml", "--json").stdout)

    def test_list(self):
        for key in ("b", "a1", "a2"):
            self.kv("put", key, "x")
        self.assertEqual(self.kv("list", "a").stdout, "a1\na2\n")


if __name__ == "__main__":
    cli.main()
