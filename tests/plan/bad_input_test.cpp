// What a wrong scenario is answered with: the whole line, since it is what a person has to go on. Line 1 is the
// duration.
#include <doctest/doctest.h>

#include "tests/plan/bad_input.hpp"

using namespace hearsay::test;

TEST_CASE("bad input: the scenario as a whole") {
  check_messages({
      {"seeed = 3",
       "x.toml:2:1: unknown key 'seeed' in a scenario; expected one of name, question, seed, duration, "
       "start_spread, seeds, nodes, group, region, membership, dissemination, replication, ring, network, clock, "
       "client, op, event, expect, measure, simulator; did you mean 'seed'?"},
      {"duratoin = \"5s\"",
       "x.toml:2:1: unknown key 'duratoin' in a scenario; expected one of name, question, seed, duration, "
       "start_spread, seeds, nodes, group, region, membership, dissemination, replication, ring, network, clock, "
       "client, op, event, expect, measure, simulator; did you mean 'duration'?"},
      {"seed = -1", "x.toml:2:8: seed: -1 is out of range; expected an integer from 0 to 9223372036854775807"},
      {"seed = \"-7\"", "x.toml:2:8: seed: '-7' is not a seed; expected an integer from 0 to 18446744073709551615"},
      {"seed = \"\"", "x.toml:2:8: seed: '' is not a seed; expected an integer from 0 to 18446744073709551615"},
      {"seed = \"18446744073709551616\"",
       "x.toml:2:8: seed: '18446744073709551616' is not a seed; expected an integer from 0 to 18446744073709551615"},
      {"seed = 18446744073709551615",
       "x.toml:2:28: not valid TOML: Error while parsing decimal integer: '18446744073709551615' is not representable "
       "in 64 bits; a seed above 9223372036854775807 goes in quotes, as seed = \"18446744073709551615\""},
      {"seed = 1.5", "x.toml:2:8: seed: the number 1.5 is not an integer; expected one from 0 to 9223372036854775807"},
      {"name = \"a/b\"",
       "x.toml:2:8: name: 'a/b' is not a name; expected 1 to 64 of letters, digits, '_', '-', '.', '@'"},
      {"name = 7", "x.toml:2:8: name: the integer 7 is not a string; expected text in quotes"},
      {"question = true", "x.toml:2:12: question: true is not a string; expected text in quotes"},
      {"start_spread = 5",
       "x.toml:2:16: start_spread: the integer 5 is not a string; expected a duration such as \"500ms\", in "
       "quotes and with its unit"},
      {"start_spread = 5.5",
       "x.toml:2:16: start_spread: the number 5.5 is not a string; expected a duration such as \"500ms\", in "
       "quotes and with its unit"},
      {"start_spread = \"5\"",
       "x.toml:2:16: start_spread: \"5\" lacks a unit; a duration has one of ns us ms s min h d µs μs; expected a "
       "duration such as \"500ms\""},
      {"start_spread = \"5 parsecs\"",
       "x.toml:2:16: start_spread: \"5 parsecs\": unknown unit \"parsecs\" (a duration has one of ns us ms s min "
       "h d µs μs); expected a duration such as \"500ms\""},
      {"start_spread = \"-5s\"",
       "x.toml:2:16: start_spread: \"-5s\": a duration cannot be negative; expected a duration such as \"500ms\""},
      {"start_spread = \"61s\"",
       "x.toml:2:16: start_spread: longer than the scenario's duration; expected at most that"},
      {"start_spread = \"4000d\"",
       "x.toml:2:16: start_spread: \"4000d\" is over ten years; expected a duration such as \"500ms\""},
      {"nodes = 3", "x.toml:2:9: [nodes] is the integer 3; expected a table"},
      {"event = \"partition\"", "x.toml:2:1: 'event' is 'partition'; expected a list of tables, each headed [[event]]"},
      {"[event]\nat = \"5s\"", "x.toml:2:2: 'event' is a table; expected a list of tables, each headed [[event]]"},
      {"event = [1]", "x.toml:2:10: [[event]] is the integer 1; expected a table"},
      {"simulator = {views = \"sharde\"}",
       "x.toml:2:22: views: unknown 'sharde'; expected one of shared, private; did you mean 'shared'?"},
      {"seeds = \"n64\"", "x.toml:2:9: seeds: unknown node 'n64'; expected one of n0..n63; did you mean 'n4'?"},
      {"seeds = 3",
       "x.toml:2:9: seeds: an integer is no node set; expected nodes such as 'n3', 'n0..n31', 'group:eu', "
       "'region:us', 'all', '3 random', '10% random of group:eu'"},
      {"when = 2024-01-01",
       "x.toml:2:1: unknown key 'when' in a scenario; expected one of name, question, seed, duration, "
       "start_spread, seeds, nodes, group, region, membership, dissemination, replication, ring, network, clock, "
       "client, op, event, expect, measure, simulator"},
  });
}

TEST_CASE("bad input: what is not TOML") {
  check_messages({
      {"a = ", "x.toml:2:5: not valid TOML: Error while parsing key-value pair: encountered end-of-file"},
      {"a = [[[[", "x.toml:2:9: not valid TOML: Error while parsing array: encountered end-of-file"},
      {"[[[", "x.toml:2:1: '[[['; expected [table] or [[list]]"},
      {"seed = 1\nseed = 2",
       "x.toml:3:8: not valid TOML: Error while parsing key-value pair: cannot redefine existing integer 'seed'"},
      {"a = \"b", "x.toml:2:7: not valid TOML: Error while parsing string: encountered end-of-file"},
      {"[nodes\ncount = 3", "x.toml:2:7: not valid TOML: Error while parsing table header: expected ']', saw '\\n'"},
      {"just words", "x.toml:2:6: not valid TOML: Error while parsing key-value pair: expected '=', saw 'w'"},
      {"a = \001", "x.toml:2:5: not valid TOML: Error while parsing value: unexpected control character"},
      {"a = \"\\q\"", "x.toml:2:7: not valid TOML: Error while parsing string: unknown escape sequence '\\q'"},
      {"{",
       "x.toml:2:1: not valid TOML: Error while parsing root table: expected keys, tables, whitespace or "
       "comments, saw '{'"},
      {"network = {latency = \"1ms\"",
       "x.toml:2:27: not valid TOML: Error while parsing inline table: encountered end-of-file"},
      {"[a]\n[a]", "x.toml:3:1: not valid TOML: Error while parsing table header: cannot redefine existing table 'a'"},
  });
}

TEST_CASE("bad input: nodes") {
  check_messages({
      {"[nodes]\ncount = 0", "x.toml:3:9: count: 0 is out of range; expected an integer from 1 to 5000"},
      {"[nodes]\ncount = -3", "x.toml:3:9: count: -3 is out of range; expected an integer from 1 to 5000"},
      {"[nodes]\ncount = 6000", "x.toml:3:9: count: 6000 is out of range; expected an integer from 1 to 5000"},
      {"[nodes]\ncount = 3.0", "x.toml:3:9: count: the number 3.0 is not an integer; expected one from 1 to 5000"},
      {"[nodes]\ncount = \"many\"", "x.toml:3:9: count: 'many' is not an integer; expected one from 1 to 5000"},
      {"[nodes]\ncont = 3",
       "x.toml:3:1: unknown key 'cont' in [nodes]; expected one of count, prefix, region, weight, zone, present; "
       "did you mean 'count'?"},
      {"[nodes]\npresent = false",
       "x.toml:2:2: nobody is present at the start; expected [nodes] or a [[group]] without present = false"},
      {"[nodes]\nweight = 0", "x.toml:3:10: weight: 0 is out of range; expected a number from 1e-06 to 1000"},
      {"[nodes]\nregion = \"eu\"", "x.toml:3:10: region: there are no regions; expected a [[region]] of that name"},
      {"[[region]]\nname = \"eu\"\n[nodes]\nregion = \"eus\"",
       "x.toml:5:10: region: unknown 'eus'; expected one of eu; did you mean 'eu'?"},
      {"[[region]]\nname = \"eu\"\n[[region]]\nname = \"eu\"",
       "x.toml:5:8: name: a second region 'eu'; expected a name of its own"},
      {"[[group]]\nname = \"a\"", "x.toml:2:1: [[group]] lacks 'count'; expected count = 16"},
      {"[[group]]\ncount = 3", "x.toml:2:1: [[group]] lacks 'name'; expected name = \"eu\""},
      {"[[group]]\nname = \"a\"\ncount = 3\n[[group]]\nname = \"a\"\ncount = 2",
       "x.toml:6:8: name: a second group 'a'; expected a name of its own"},
      {"[[group]]\nname = \"a\"\ncount = 2\n[[group]]\nname = \"b\"\nprefix = \"a\"\ncount = 2",
       "x.toml:7:10: prefix: a second node 'a0'; expected names that no other group has"},
      {"[[group]]\nname = \"a\"\ncount = 3000\n[[group]]\nname = \"b\"\ncount = 3000",
       "x.toml:7:9: count: more than 5000 nodes together"},
      {"[[group]]\nname = \"a b\"\ncount = 3",
       "x.toml:3:8: name: 'a b' is not a name; expected 1 to 64 of letters, digits, '_', '-', '.', '@'"},
  });
}

TEST_CASE("bad input: strategies") {
  check_messages({
      {"[membership]\nstrategy = \"swum\"",
       "x.toml:3:12: unknown membership strategy 'swum'; expected one of swim, static; did you mean 'swim'?"},
      {"[membership]\nstrategy = 3",
       "x.toml:3:12: strategy: an integer is not a string; expected a membership strategy in quotes"},
      {"[membership]\nprobe_intervall = \"1s\"",
       "x.toml:3:1: unknown key 'probe_intervall' in [membership] with strategy 'swim'; expected one of strategy, "
       "preset, probe_interval, probe_timeout, indirect_checks, suspicion_mult, rejoin, refute, packet, "
       "awareness; did you mean 'probe_interval'?"},
      {"[membership]\nprobe_interval = 1",
       "x.toml:3:18: probe_interval: the integer 1 is not a string; expected a duration from \"1ms\" to \"1h\", "
       "in quotes and with its unit"},
      {"[membership]\nprobe_interval = \"1us\"",
       "x.toml:3:18: probe_interval: 1us is out of range; expected a duration from \"1ms\" to \"1h\""},
      {"[membership]\nprobe_timeout = \"2s\"",
       "x.toml:2:2: [membership] with strategy 'swim': probe_timeout is above probe_interval; expected at most "
       "that"},
      {"[membership]\nrejoin = \"nonne\"",
       "x.toml:3:10: rejoin: unknown 'nonne'; expected one of none, push-pull; did you mean 'none'?"},
      {"[membership]\nrejoin = false", "x.toml:3:10: rejoin: false is not a string; expected one of none, push-pull"},
      {"[membership]\npreset = \"wann\"",
       "x.toml:3:10: preset: unknown 'wann'; expected one of lan, wan; did you mean 'wan'?"},
      {"[membership]\nindirect_checks = 17",
       "x.toml:3:19: indirect_checks: 17 is out of range; expected an integer from 0 to 16"},
      {"[membership]\nindirect_checks = 2.5",
       "x.toml:3:19: indirect_checks: the number 2.5 is not an integer; expected one from 0 to 16"},
      {"[membership]\nsuspicion_mult = 0.5",
       "x.toml:3:18: suspicion_mult: 0.5 is out of range; expected a number from 1 to 100"},
      {"[membership]\nrefute = 1", "x.toml:3:10: refute: the integer 1 is not a boolean; expected true or false"},
      {"[membership]\npacket = \"1B\"",
       "x.toml:3:10: packet: 1B is out of range; expected a size from \"64B\" to \"64KiB\""},
      {"[membership]\npacket = \"1QB\"",
       "x.toml:3:10: packet: \"1QB\": unknown unit \"QB\"; did you mean \"B\"? (a size has one of B kB KB MB GB "
       "TB KiB MiB GiB TiB); expected a size from \"64B\" to \"64KiB\""},
      {"[membership]\nawareness = 1.5",
       "x.toml:3:13: awareness: 1.5 is over 1; expected a share from 0 to 1, such as \"5%\" or 0.05"},
      {"[ring]\nstrategy = \"karger\"\npreset = \"x\"",
       "x.toml:4:10: preset: 'karger' has no presets; expected its parameters alone"},
      {"[ring]\nstrategy = \"ketama\"", "x.toml:3:12: unknown ring strategy 'ketama'; expected one of karger"},
      {"ring = \"karger\"", "x.toml:2:8: [ring] is 'karger'; expected a table"},
  });
}

TEST_CASE("bad input: bounds that nothing can meet") {
  check_messages({
      {"[[expect]]\nmetric = \"availability_share\"\nmin = 99",
       "x.toml:4:7: min: 99 is over 1, and a share never is; expected one from 0 to 1, such as \"99%\" or 0.99"},
      {"[[expect]]\nmetric = \"bytes_count\"\nmax = -1",
       "x.toml:4:7: max: no figure is below 0; expected a bound from 0"},
      {"[[expect]]\nmetric = \"errors_count[timeuot]\"\nmax = 0",
       "x.toml:3:10: metric: unknown error 'timeuot'; expected one of timeout, unanswered; did you mean 'timeout'?"},
      {"[[expect]]\nmetric = \"errors_count[timeout]\"\nmax = 0", "ok"},
  });
}
