// What a wrong scenario is answered with: the whole line, since it is what a person has to go on. Line 1 is the
// duration.
#include <doctest/doctest.h>

#include "tests/plan/bad_input.hpp"

using namespace hearsay::test;

TEST_CASE("bad input: events") {
  check_messages({
      {"[[event]]\nat = \"5s\"",
       "x.toml:2:1: [[event]] lacks 'kind'; expected one of partition, heal, flap, link, loss, latency, crash, "
       "restart, rolling-restart, pause, resume, join, leave, slow, clock, churn, workload"},
      {"[[event]]\nkind = \"heal\"", "x.toml:2:1: [[event]] of kind 'heal' lacks 'at'; expected at = \"10s\""},
      {"[[event]]\nat = \"70s\"\nkind = \"heal\"",
       "x.toml:3:6: at: 70s is at or after the scenario's end (1min); expected a time before it"},
      {"[[event]]\nat = \"5s\"\nkind = \"partitoin\"",
       "x.toml:4:8: kind: unknown 'partitoin'; expected one of partition, heal, flap, link, loss, latency, crash, "
       "restart, rolling-restart, pause, resume, join, leave, slow, clock, churn, workload; did you mean "
       "'partition'?"},
      {"[[event]]\nat = 5\nkind = \"heal\"",
       "x.toml:3:6: at: the integer 5 is not a string; expected a duration such as \"500ms\", in quotes and with "
       "its unit"},
      {"[[event]]\nat = \"-5s\"\nkind = \"heal\"",
       "x.toml:3:6: at: \"-5s\": a duration cannot be negative; expected a duration such as \"500ms\""},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnode = \"n1\"",
       "x.toml:5:1: unknown key 'node' in [[event]] of kind 'crash'; expected one of kind, at, label, nodes, for, "
       "until, keep_state; did you mean 'nodes'?"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n64\"",
       "x.toml:5:9: nodes: unknown node 'n64'; expected one of n0..n63; did you mean 'n4'?"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"m1\"",
       "x.toml:5:9: nodes: unknown node 'm1'; expected one of n0..n63; did you mean 'n1'?"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"everybody\"",
       "x.toml:5:9: nodes: unknown node 'everybody'; expected nodes such as 'n3', 'n0..n31', 'group:eu', "
       "'region:us', 'all', '3 random', '10% random of group:eu'"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"group:node\"",
       "x.toml:5:9: nodes: unknown group 'node'; expected one of nodes; did you mean 'nodes'?"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"region:eu\"",
       "x.toml:5:9: nodes: unknown region 'eu'; expected a [[region]] of that name"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n9..n3\"",
       "x.toml:5:9: nodes: 'n9..n3' is no range of nodes; expected one such as 'n0..n31'"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n60..n70\"",
       "x.toml:5:9: nodes: unknown node 'n70'; expected one of n0..n63; did you mean 'n0'?"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"65 random\"",
       "x.toml:5:9: nodes: 65 random nodes of 64; expected at most that many"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"x random\"",
       "x.toml:5:9: nodes: 'x' is no number of nodes; expected one such as '3 random' or '10% random'"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"110% random\"",
       "x.toml:5:9: nodes: \"110%\" is over one (100%)"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = [\"3 random\", \"n1\"]",
       "x.toml:5:22: nodes: a random choice beside named nodes; expected it alone, or with '!' before nodes that "
       "it must not take"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"0 random\"",
       "x.toml:5:9: nodes: '0 random' is nobody; expected at least one node"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"rest\"",
       "x.toml:5:9: nodes: 'rest' means something only among the sides of a partition; expected 'all' with '!' in "
       "front of others"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = [3]",
       "x.toml:5:10: nodes: an integer in a node set; expected nodes such as 'n3', 'n0..n31', 'group:eu', "
       "'region:us', 'all', '3 random', '10% random of group:eu'"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"\"",
       "x.toml:5:9: nodes: an empty node set; expected nodes such as 'n3', 'n0..n31', 'group:eu', 'region:us', "
       "'all', '3 random', '10% random of group:eu'"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n1, !n1\"",
       "x.toml:5:9: nodes: 'n1, !n1' is nobody; expected at least one node"},
      {"[[event]]\nat = \"50s\"\nkind = \"crash\"\nnodes = \"n1\"\nfor = \"20s\"",
       "x.toml:6:7: for: goes on until 70s, after the scenario's end (1min); expected an end before it"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n1\"\nfor = \"5s\"\nuntil = \"20s\"",
       "x.toml:7:1: [[event]] of kind 'crash' has 'for' and 'until'; expected one of them"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n1\"\nuntil = \"4s\"",
       "x.toml:6:9: until: not after 'at' (5s); expected a later time"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n1\"\nkeep_state = true",
       "x.toml:6:14: keep_state: a crash without 'for' has no restart; expected it on the restart event"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n1\"\nlabel = \"a\"\n[[event]]\nat = \"6s\"\nkind = "
       "\"crash\"\nnodes = \"n2\"\nlabel = \"a\"",
       "x.toml:11:9: label: a second event 'a'; expected a label of its own"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n1\"\nlabel = \"a b\"",
       "x.toml:6:9: label: 'a b' is not a name; expected 1 to 64 of letters, digits, '_', '-', '.', '@'"},
      {"[[event]]\nat = \"5s\"\nkind = \"link\"",
       "x.toml:2:1: [[event]] of kind 'link' lacks 'loss'; expected loss, duplicate, reorder or latency"},
      {"[[event]]\nat = \"5s\"\nkind = \"loss\"",
       "x.toml:2:1: [[event]] of kind 'loss' lacks 'loss'; expected loss = \"10%\""},
      {"[[event]]\nat = \"5s\"\nkind = \"loss\"\nloss = \"120%\"",
       "x.toml:5:8: loss: \"120%\" is over one (100%); expected a share from 0 to 1, such as \"5%\" or 0.05"},
      {"[[event]]\nat = \"5s\"\nkind = \"latency\"\nlatency = \"0ms\"",
       "x.toml:5:11: latency: its minimum is 0s; expected one above zero, such as \"1ms\""},
      {"[[event]]\nat = \"5s\"\nkind = \"loss\"\nloss = \"1%\"\nnodes = \"n1\"\nfrom = \"n2\"",
       "x.toml:7:1: [[event]] of kind 'loss' has 'nodes' and 'from'; expected one of them"},
      {"[[event]]\nat = \"5s\"\nkind = \"rolling-restart\"\nnodes = \"all\"\ndown = \"1s\"",
       "x.toml:5:9: nodes: 64 nodes at 1s each do not end before the scenario (1min); expected fewer, or less time "
       "for each"},
      {"[[event]]\nat = \"50s\"\nkind = \"rolling-restart\"\nnodes = \"n0..n9\"\ndown = \"1s\"",
       "x.toml:5:9: nodes: 10 nodes at 1s each do not end before the scenario (1min); expected fewer, or less time "
       "for each"},
      {"[[event]]\nat = \"50s\"\nkind = \"partition\"\nisolate = \"n1\"\nfor = \"10s\"",
       "x.toml:6:7: for: ends with the scenario, at 1min, and nothing could follow; expected an end before that, or "
       "no 'for'"},
      {"[[event]]\nat = \"50s\"\nkind = \"churn\"\nnodes = \"n1\"\nmean_up = \"1s\"\nmean_down = \"1s\"\nuntil = "
       "\"60s\"",
       "x.toml:8:9: until: ends with the scenario, at 1min, and nothing could follow; expected an end before that, or "
       "no 'until'"},
      {"[[event]]\nat = \"5s\"\nkind = \"rolling-restart\"\nnodes = \"all\"",
       "x.toml:2:1: [[event]] of kind 'rolling-restart' lacks 'down'; expected down = \"1s\""},
      {"[[event]]\nat = \"5s\"\nkind = \"slow\"\nnodes = \"n1\"",
       "x.toml:2:1: [[event]] of kind 'slow' lacks 'step'; expected step = \"50ms\""},
      {"[[event]]\nat = \"5s\"\nkind = \"clock\"\nnodes = \"n1\"",
       "x.toml:2:1: [[event]] of kind 'clock' lacks 'step'; expected step = \"500ms\" (or \"-2s\"), or a drift"},
      {"[[event]]\nat = \"5s\"\nkind = \"clock\"\nnodes = \"n1\"\nstep = \"0s\"",
       "x.toml:6:8: step: 0s moves no clock; expected a step above or below zero"},
      {"[[event]]\nat = \"5s\"\nkind = \"clock\"\nnodes = \"n1\"\nstep = \"-9999d\"",
       "x.toml:6:8: step: \"-9999d\" is over ten years; expected a duration such as \"500ms\" or \"-2s\""},
      {"[[event]]\nat = \"5s\"\nkind = \"clock\"\nnodes = \"n1\"\nstep = 5",
       "x.toml:6:8: step: the integer 5 is not a string; expected a duration such as \"500ms\" or \"-2s\", in "
       "quotes and with its unit"},
      {"[[event]]\nat = \"5s\"\nkind = \"churn\"\nnodes = \"n1\"",
       "x.toml:2:1: [[event]] of kind 'churn' lacks 'mean_up'; expected mean_up = \"30s\""},
      {"[[event]]\nat = \"5s\"\nkind = \"churn\"\nnodes = \"all\"\nmean_up = \"1ns\"\nmean_down = \"1s\"",
       "x.toml:6:11: mean_up: 1ns is out of range; expected a duration of at least \"1ms\""},
      {"[[event]]\nat = \"50s\"\nkind = \"join\"\nnodes = \"n1\"\nspread = \"20s\"",
       "x.toml:6:10: spread: goes on until 70s, after the scenario's end (1min); expected an end before it"},
      {"[[event]]\nat = \"5s\"\nkind = \"workload\"\nclient = \"a\"\nrate = \"5/s\"",
       "x.toml:5:10: client: there are no clients; expected a [[client]]"},
      {"[[client]]\nname = \"load\"\n[[event]]\nat = \"5s\"\nkind = \"workload\"\nclient = \"laod\"\nrate = "
       "\"5/s\"",
       "x.toml:7:10: client: unknown 'laod'; expected one of load; did you mean 'load'?"},
      {"[[client]]\nname = \"load\"\n[[event]]\nat = \"5s\"\nkind = \"workload\"\nclient = \"load\"",
       "x.toml:4:1: [[event]] of kind 'workload' lacks 'rate'; expected rate, put, get or del"},
      {"[[client]]\nname = \"load\"\nthink = \"1s\"\n[[event]]\nat = \"5s\"\nkind = \"workload\"\nclient = "
       "\"load\"\nrate = \"5/s\"",
       "x.toml:9:8: rate: client 'load' is a closed loop; expected one with a rate"},
      {"[[client]]\nname = \"load\"\n[[event]]\nat = \"5s\"\nkind = \"workload\"\nclient = \"load\"\nput = 0\nget "
       "= 0",
       "x.toml:4:1: put, get and del of client 'load' are 0 from here on; expected one above it"},
  });
}
