"""Restarts one after another, with clients that go on."""

import cluster


class Rolling(cluster.ProcessTest):
    def restart_each(self, *arguments):
        nodes = self.cluster(4, *arguments)
        writer = self.writer(nodes[0], "r")
        writer.wrote(100)
        for i in (1, 2, 3):
            self.assertEqual(nodes[i].stop(), 0)
            writer.wrote(30)
            nodes[i] = self.node(f"n{i}", *arguments, seeds=[nodes[0]]).ready()
            writer.wrote(30)
            self.agree(nodes)
        items = writer.end()
        for node in nodes:
            self.all_readable(node, items)

    def test_with_probes(self):
        self.restart_each("--replicas", "3", *cluster.SWIM)

    def test_with_announcements(self):
        self.restart_each("--replicas", "3", "--membership", "announce")


if __name__ == "__main__":
    cluster.main()
