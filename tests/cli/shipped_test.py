"""What the shipped scenarios demand: each expectation that stands for a defect, or for a mechanism, fails when that one is
cured, or switched off, and no other does."""
import json
import unittest
from pathlib import Path

import cli

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


class Shipped(cli.CliTest):
    def failing(self, scenario, *settings):
        """The metrics and invariants whose expectations fail with these --set."""
        arguments = [argument for setting in settings for argument in ("--set", setting)]
        done = self.run_cli("run", str(SCENARIOS / f"{scenario}.toml"), "--json", "--quiet", *arguments)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        failing = {e["text"].split()[0] for e in json.loads(done.stdout)["expectations"] if not e["held"]}
        # It is also 3 when a fault had no effect: the others must not hide that.
        self.assertEqual(done.returncode == 3, bool(failing), done.stderr)
        return failing

    def check(self, scenario, table):
        for settings, failing in table:
            with self.subTest(scenario=scenario, settings=settings):
                # Whoever breaks a cure may break what holds of the run as a whole besides: invariants are left out.
                self.assertEqual({e for e in self.failing(scenario, *settings) if e.endswith(("_count", "_share", "]"))},
                                 failing)

    def test_each_of_go_os_defects_is_demanded_by_an_expectation_of_its_own(self):
        impatient, skewed = "false_positives_healthy_count", "false_positives_count"
        for_ever, overdue = "late_reads_count[brief-reader]", "late_reads_count[load]"
        unmoved = "false_misses_count[kept-reader]"
        self.check("go-os", [
            ([], set()),
            (["membership.reap_after=5s"], {impatient}),
            (["membership.clock=own"], {skewed}),
            (["event.skew.step=1ns"], {skewed}),
            (["replication.time_resolution=1ms"], {for_ever}),
            (["replication.expiry=deadline"], {for_ever, overdue}),
            (["replication.n=3"], {unmoved}),
        ])
        self.check("go-os-cured", [
            ([], set()),
            (["membership.reap_after=1s"], {impatient, skewed}),
            (["membership.clock=sender"], {skewed}),
            (["replication.strategy=none"], {unmoved}),
        ])
        self.assertLessEqual({for_ever, overdue}, self.failing(
            "go-os-cured", "replication.expiry=reaper", "replication.original_ttl=true", "replication.time_resolution=1s"))

    def test_a_split_without_rejoin_and_gossip_to_the_dead_does_not_heal_and_with_either_does(self):
        never = "disagreement_share[heal]"
        self.check("partition-no-rejoin", [
            ([], set()),
            (["event.heal.at=40s", "membership.gossip_to_the_dead_time=30s"], {never}),
            (["membership.rejoin=push-pull"], {never}),
        ])
        self.assertIn("views_agree_at_end", self.failing("three-way-split", "membership.rejoin=none",
                                                         "membership.gossip_to_the_dead_time=0s"))

    def test_what_flaps_and_what_is_slow_is_bounded(self):
        self.assertEqual(self.failing("flapping-link"), set())
        self.assertIn("disagreement_share[flap]", self.failing("flapping-link", "event.flap.duty=0.9"))
        self.assertEqual(self.failing("slow-node"), set())
        self.assertIn("false_positive_members_count", self.failing("slow-node", "event.slow.nodes=n0..n7"))

    def test_what_a_question_asks_is_expected(self):
        """The protocol that has no answer to it fails."""
        self.assertIn("false_positive_members_count", self.failing("bridge", "membership.retransmit_mult=1"))
        self.assertIn("convergence_s[heal@35s]", self.failing(
            "one-way-partition", "membership.rejoin=none", "membership.gossip_to_the_dead_time=0s"))
        self.assertIn("no_false_positive", self.failing(
            "rolling-restart", "network.loss=20%", "membership.suspicion_mult=1", "membership.suspicion_max_timeout_mult=1",
            "membership.indirect_checks=0"))
        self.assertIn("ring_disagreement_share", self.failing(
            "churn", "membership.suspicion_mult=32", "event.churn.mean_up=20s"))
        self.assertEqual(self.failing("ring-churn"), set())
        self.assertIn("ring_misrouted_share", self.failing("ring-churn", "ring.strategy=jump"))
        self.assertLessEqual({"ring_misrouted_share", "ring_misroute_s[cut]", "quorum_miss_share"},
                             self.failing("ring-churn", "ring.strategy=memento"))


if __name__ == "__main__":
    cli.main()
