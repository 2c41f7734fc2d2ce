// What a wrong scenario is answered with: the whole line, since it is what a person has to go on. Line 1 is the
// duration.
#include <doctest/doctest.h>

#include "tests/plan/bad_input.hpp"

using namespace hearsay::test;

TEST_CASE("bad input: the network") {
  check_messages({
      {"[network]\nkind = \"tcp\"", "x.toml:3:8: kind: unknown 'tcp'; expected one of udp, zmq"},
      {"[network]\nlink = \"udp\"",
       "x.toml:3:8: link: 'udp' is a string; expected [[network.link]] tables, or kind = \"udp\" or \"zmq\""},
      {"[network]\nloss = 1.5",
       "x.toml:3:8: loss: 1.5 is over 1; expected a share from 0 to 1, such as \"5%\" or 0.05"},
      {"[network]\nloss = \"150%\"",
       "x.toml:3:8: loss: \"150%\" is over one (100%); expected a share from 0 to 1, such as \"5%\" or 0.05"},
      {"[network]\nloss = -0.1",
       "x.toml:3:8: loss: -0.1 is below 0; expected a share from 0 to 1, such as \"5%\" or 0.05"},
      {"[network]\nloss = nan",
       "x.toml:3:8: loss: nan is no number; expected a share from 0 to 1, such as \"5%\" or 0.05"},
      {"[network]\nloss = \"lots\"",
       "x.toml:3:8: loss: \"lots\" is not a share; write it as in \"5%\"; expected a share from 0 to 1, such as "
       "\"5%\" or 0.05"},
      {"[network]\nloss = true",
       "x.toml:3:8: loss: true is not a share; expected a share from 0 to 1, such as \"5%\" or 0.05"},
      {"[network]\nlatency = \"0s\"",
       "x.toml:3:11: latency: its minimum is 0s; expected one above zero, such as \"1ms\""},
      {"[network]\nlatency = 20",
       "x.toml:3:11: latency: the integer 20 is not a string; expected a duration such as \"500ms\", in quotes "
       "and with its unit"},
      {"[network]\nlatency = \"20\"",
       "x.toml:3:11: latency: \"20\" lacks a unit; a duration has one of ns us ms s min h d µs μs; expected a "
       "duration such as \"500ms\""},
      {"[network]\nlatency = {min = \"1ms\"}",
       "x.toml:3:11: latency: a distribution lacks 'distribution'; expected one of constant, uniform, "
       "exponential, normal, lognormal, pareto, empirical"},
      {"[network]\nlatency = {distribution = \"unifrom\"}",
       "x.toml:3:27: distribution: unknown 'unifrom'; expected one of constant, uniform, exponential, normal, "
       "lognormal, pareto, empirical; did you mean 'uniform'?"},
      {"[network]\nlatency = {distribution = \"uniform\", min = \"1ms\"}",
       "x.toml:3:1: the uniform distribution of latency lacks 'max'; expected max = \"100ms\""},
      {"[network]\nlatency = {distribution = \"uniform\", min = \"9ms\", max = \"1ms\"}",
       "x.toml:3:11: latency: min 9ms is above max 1ms"},
      {"[network]\nlatency = {distribution = \"uniform\", min = \"9ms\", mx = \"1ms\"}",
       "x.toml:3:51: unknown key 'mx' in the uniform distribution of latency; expected one of distribution, min, "
       "max; did you mean 'max'?"},
      {"[network]\nlatency = {distribution = \"exponential\", mean = \"20ms\"}",
       "x.toml:3:11: latency: its minimum is 0s; expected one above zero, such as \"1ms\""},
      {"[network]\nlatency = {distribution = \"lognormal\", median = \"20ms\", sigma = 9, min = \"1ms\"}",
       "x.toml:3:65: sigma: 9 is out of range; expected a number from 0 to 5"},
      {"[network]\nlatency = {distribution = \"empirical\", file = \"nowhere.csv\"}",
       "x.toml:3:11: latency: nowhere.csv: no such file"},
      {"[network]\nlatency = {distribution = \"empirical\", file = \"tests\"}",
       "x.toml:3:11: latency: tests: a directory; expected a file"},
      {"[network]\nbandwidth = \"10Mbits\"",
       "x.toml:3:13: bandwidth: \"10Mbits\": unknown unit \"Mbits\"; did you mean \"Mbit/s\"? (a bit rate has one "
       "of bit/s kbit/s Mbit/s Gbit/s bps kbps Mbps Gbps B/s kB/s MB/s GB/s); expected a bit rate such as "
       "\"10Mbit/s\""},
      {"[network]\nbandwidth = 5",
       "x.toml:3:13: bandwidth: the integer 5 is not a string; expected a bit rate such as \"10Mbit/s\", in "
       "quotes and with its unit"},
      {"[network]\nqueue = \"64KiB\"",
       "x.toml:3:9: queue: a queue without a bandwidth never fills; expected 'bandwidth' beside it"},
      {"[network]\nhigh_water_mark = 0",
       "x.toml:3:19: high_water_mark: 0 is out of range; expected an integer from 1 to 10000000"},
      {"[network]\nretransmit_min = \"10s\"\nretransmit_max = \"1s\"",
       "x.toml:4:18: retransmit_max: less than retransmit_min; expected at least that"},
      {"[[network.link]]\nfrom = \"eu\"\nto = \"us\"",
       "x.toml:2:1: [[network.link]] without regions; expected [[region]]s for it to link"},
      {"[[region]]\nname = \"eu\"\n[[region]]\nname = \"us\"\n[[network.link]]\nfrom = \"eu\"\nto = \"uk\"\n"
       "latency = \"80ms\"",
       "x.toml:8:6: to: unknown 'uk'; expected one of eu, us; did you mean 'us'?"},
      {"[[region]]\nname = \"eu\"\n[[region]]\nname = \"us\"\n[[network.link]]\nfrom = \"eu\"\nto = \"us\"\n"
       "latency = \"80ms\"\n[[network.link]]\nfrom = \"us\"\nto = \"eu\"\nlatency = \"90ms\"",
       "x.toml:12:6: to: a second link from 'us' to 'eu'; expected one each way"},
  });
}

TEST_CASE("bad input: clocks") {
  check_messages({
      {"[[clock]]\nnodes = \"n0\"",
       "x.toml:2:1: [[clock]] changes nothing; expected 'offset', 'drift' or 'drift_spread'"},
      {"[[clock]]\nnodes = \"n0\"\ndrift = \"50\"",
       "x.toml:4:9: drift: '50' is not a drift; expected a drift such as \"50ppm\" or \"-20ppm\", at most "
       "100000ppm either way"},
      {"[[clock]]\nnodes = \"n0\"\ndrift = 50",
       "x.toml:4:9: drift: the integer 50 is not a string; expected a drift such as \"50ppm\" or \"-20ppm\", at "
       "most 100000ppm either way, in quotes and with its unit"},
      {"[[clock]]\nnodes = \"n0\"\ndrift = \"2000000ppm\"",
       "x.toml:4:9: drift: '2000000ppm' is not a drift; expected a drift such as \"50ppm\" or \"-20ppm\", at most "
       "100000ppm either way"},
      {"[[clock]]\nnodes = \"n0\"\ndrift_spread = \"-1ppm\"",
       "x.toml:4:16: drift_spread: negative; expected how far it goes either way"},
      {"[[clock]]\nofset = \"1s\"",
       "x.toml:3:1: unknown key 'ofset' in [[clock]]; expected one of nodes, offset, both_ways, drift, "
       "drift_spread; did you mean 'offset'?"},
  });
}

TEST_CASE("bad input: expectations") {
  check_messages({
      {"[[expect]]\nmax = 3",
       "x.toml:2:1: [[expect]] lacks 'metric'; expected metric = \"...\" with min or max, or invariant = \"...\""},
      {"[[expect]]\nmetric = \"availability_share\"",
       "x.toml:2:1: [[expect]] lacks 'max'; expected a bound, min or max"},
      {"[[expect]]\nmetric = \"availabilty_share\"\nmin = 0.9",
       "x.toml:3:10: metric: unknown metric 'availabilty_share'; expected one of `hearsay list metrics`; did you "
       "mean 'availability_share'?"},
      {"[[expect]]\nmetric = \"convergance_s[x]\"\nmax = \"3s\"",
       "x.toml:3:10: metric: unknown metric 'convergance_s[x]'; expected one of `hearsay list metrics`; did you "
       "mean 'convergence_s[label]'?"},
      {"[[expect]]\nmetric = \"convergence_s\"\nmax = \"3s\"",
       "x.toml:3:10: metric: 'convergence_s' is one of many; expected 'convergence_s[label]'"},
      {"[[expect]]\nmetric = \"bytes_count[x]\"\nmax = 3",
       "x.toml:3:10: metric: 'bytes_count' has no parts; expected it without brackets"},
      {"[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"n1\"\nlabel = \"kill\"\n[[expect]]\nmetric = "
       "\"convergence_s[kil]\"\nmax = \"3s\"",
       "x.toml:8:10: metric: unknown event 'kil'; expected one of kill; did you mean 'kill'?"},
      {"[[expect]]\nmetric = \"availability_share[load]\"\nmin = 0.5",
       "x.toml:3:10: metric: unknown client 'load'; there is none"},
      {"[[expect]]\nmetric = \"get_latency_p99_ms\"\nmax = \"3\"",
       "x.toml:4:7: max: \"3\" lacks a unit; a duration has one of ns us ms s min h d µs μs"},
      {"[[expect]]\nmetric = \"messages_per_node_s\"\nmax = \"3s\"",
       "x.toml:4:7: max: '3s' is a string; expected a plain number"},
      {"[[expect]]\nmetric = \"availability_share\"\nmin = \"101%\"", "x.toml:4:7: min: \"101%\" is over one (100%)"},
      {"[[expect]]\nmetric = \"availability_share\"\nmin = 0.9\nmax = 0.5",
       "x.toml:4:7: min: above max; expected at most that"},
      {"[[expect]]\nmetric = \"availability_share\"\nmin = true",
       "x.toml:4:7: min: true is not a string; expected a number, or a quantity with a unit"},
      {"[[expect]]\nmetric = \"availability_share\"\nmin = nan", "x.toml:4:7: min: not a finite number; expected one"},
      {"[[expect]]\ninvariant = \"no_resurection\"",
       "x.toml:3:13: invariant: unknown invariant 'no_resurection'; expected one of no_resurrection, never_early, "
       "views_agree_at_end; did you mean 'no_resurrection'?"},
      {"[[expect]]\ninvariant = \"never_early\"\nmax = 0",
       "x.toml:4:7: max: an invariant has no bound; expected it with a metric alone"},
      {"[[expect]]\ninvariant = \"never_early\"\nmetric = \"bytes_count\"",
       "x.toml:3:1: [[expect]] has 'metric' and 'invariant'; expected one of them"},
      {"[[expect]]\nmetrics = \"bytes_count\"",
       "x.toml:3:1: unknown key 'metrics' in [[expect]]; expected one of metric, min, max, invariant, tolerance; "
       "did you mean 'metric'?"},
      {"[[expect]]\ninvariant = \"never_early\"\ntolerance = \"5%\"",
       "x.toml:4:13: tolerance: an invariant is not softened; expected it with a metric alone"},
      {"[[expect]]\nmetric = \"availability_share\"\nmin = \"9%\"\ntolerance = \"101%\"",
       "x.toml:5:13: tolerance: \"101%\" is over one (100%); expected a share from 0 to 1, such as \"5%\" or 0.05"},
  });
}

TEST_CASE("bad input: measurement") {
  check_messages({
      {"[measure]\nsample_interval = \"1us\"",
       "x.toml:3:19: sample_interval: 1us is out of range; expected a duration of at least \"1ms\""},
      {"[measure]\nsample_interval = \"1ms\"\nsampel = 3",
       "x.toml:4:1: unknown key 'sampel' in [measure]; expected one of sample_interval, views, ring, values"},
      {"[measure]\nviews = false\nring = true", "x.toml:4:8: ring: needs the views; expected views = true beside it"},
      {"[simulator]\nthreads = 4", "x.toml:3:1: unknown key 'threads' in [simulator]; expected one of views"},
  });
}
