// What a wrong scenario is answered with: the whole line, since it is what a person has to go on. Line 1 is the
// duration.
#include <doctest/doctest.h>

#include "tests/plan/bad_input.hpp"

using namespace hearsay::test;

TEST_CASE("bad input: clients") {
  check_messages({
      {"[[client]]\nrate = 10",
       "x.toml:3:8: rate: the integer 10 is not a string; expected a rate such as \"10/s\", in quotes and with "
       "its unit"},
      {"[[client]]\nrate = \"0/s\"",
       "x.toml:3:8: rate: 0/s is out of range; expected a rate from 1e-08/s to 100000000/s"},
      {"[[client]]\nrate = \"10/s\"\nthink = \"1s\"",
       "x.toml:4:1: [[client]] has 'rate' and 'think'; expected one of them"},
      {"[[client]]\nthink = \"1s\"\nsteady = true",
       "x.toml:4:10: steady: a closed loop keeps no rhythm; expected it beside 'rate' alone"},
      {"[[client]]\nput = 0\nget = 0",
       "x.toml:3:7: put: the weights of put, get and del are 0 together; expected one above it"},
      {"[[client]]\nput = -1", "x.toml:3:7: put: -1 is out of range; expected an integer from 0 to 1000000000"},
      {"[[client]]\nstart = \"60s\"", "x.toml:3:9: start: at or after the scenario's end; expected a time before it"},
      {"[[client]]\nstop = \"61s\"", "x.toml:3:8: stop: after the scenario's end; expected a time up to it"},
      {"[[client]]\nstart = \"20s\"\nstop = \"10s\"", "x.toml:4:8: stop: not after 'start'; expected a later time"},
      {"[[client]]\nkeys = 0", "x.toml:3:8: keys: 0 is out of range; expected an integer from 1 to 1000000000"},
      {"[[client]]\npopularity = \"zip\"",
       "x.toml:3:14: popularity: unknown 'zip'; expected one of uniform, zipf, sequential; did you mean 'zipf'?"},
      {"[[client]]\nzipf_exponent = 1.1",
       "x.toml:3:17: zipf_exponent: the popularity is not \"zipf\"; expected popularity = \"zipf\" beside it"},
      {"[[client]]\nvalue_size = 64",
       "x.toml:3:14: value_size: the integer 64 is not a string; expected a size from \"0B\" to \"1000000B\", in "
       "quotes and with its unit"},
      {"[[client]]\nvalue_size = \"2MB\"",
       "x.toml:3:14: value_size: 2000000B is out of range; expected a size from \"0B\" to \"1000000B\""},
      {"[[client]]\nvalue_size = {distribution = \"uniform\", min = \"1B\", max = \"2MB\"}",
       "x.toml:3:59: max: 2000000B is out of range; expected a size from \"0B\" to \"1000000B\""},
      {"[[client]]\nttl = \"4000d\"",
       "x.toml:3:7: ttl: \"4000d\" is over ten years; expected a duration such as \"500ms\""},
      {"[[client]]\nttl = \"0s\"", "x.toml:3:7: ttl: 0s; expected a duration above zero, or \"never\""},
      {"[[client]]\nttl = \"-1s\"",
       "x.toml:3:7: ttl: \"-1s\": a duration cannot be negative; expected a duration such as \"500ms\""},
      {"[[client]]\nname = \"a\"\n[[client]]\nname = \"a\"",
       "x.toml:5:8: name: a second client 'a'; expected a name of its own"},
      {"[[client]]\nnodes = \"n0..n99\"",
       "x.toml:3:9: nodes: unknown node 'n99'; expected one of n0..n63; did you mean 'n9'?"},
      {"[[client]]\nnodez = \"n0\"",
       "x.toml:3:1: unknown key 'nodez' in [[client]]; expected one of name, nodes, per_node, rate, think, "
       "steady, start, stop, put, get, del, keys, popularity, zipf_exponent, key_prefix, value_size, ttl; did you "
       "mean 'nodes'?"},
      {"[[client]]\nper_node = 0", "x.toml:3:12: per_node: 0 is out of range; expected an integer from 1 to 1000000"},
  });
}

TEST_CASE("bad input: ops") {
  check_messages({
      {"[[op]]\nnode = \"n0\"\nput = \"k\"", "x.toml:2:1: [[op]] lacks 'at'; expected at = \"5s\""},
      {"[[op]]\nat = \"60s\"\nnode = \"n0\"\nput = \"k\"",
       "x.toml:3:6: at: at or after the scenario's end; expected a time before it"},
      {"[[op]]\nat = \"-1s\"\nnode = \"n0\"\nput = \"k\"",
       "x.toml:3:6: at: \"-1s\": a duration cannot be negative; expected a duration such as \"500ms\""},
      {"[[op]]\nat = \"1s\"\nput = \"k\"", "x.toml:2:1: [[op]] lacks 'node'; expected node = \"n0\""},
      {"[[op]]\nat = \"1s\"\nnode = \"n0..n3\"\nput = \"k\"",
       "x.toml:4:8: node: 'n0..n3' is not one node; expected a single one"},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"",
       "x.toml:2:1: [[op]] lacks 'op'; expected put = \"key\", get = \"key\" or del = \"key\""},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"\nput = \"k\"\nget = \"k\"",
       "x.toml:6:1: [[op]] has 'put' and 'get'; expected one of them"},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"\nget = \"k\"\nvalue = \"v\"",
       "x.toml:6:9: value: a get has none; expected it with a put alone"},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"\nput = \"\"", "x.toml:5:7: put: a key of 0 bytes; expected 1 to 250"},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"\nop = \"set\"\nkey = \"k\"",
       "x.toml:5:6: op: unknown 'set'; expected one of get, put, del; did you mean 'get'?"},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"\nop = \"put\"", "x.toml:2:1: [[op]] lacks 'key'; expected key = \"k1\""},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"\nput = \"k\"\nttl = \"11000d\"",
       "x.toml:6:7: ttl: \"11000d\" is over ten years; expected a duration such as \"500ms\""},
      {"[[op]]\nat = \"1s\"\nnode = \"n0\"\nput = \"k\"\nttl = 5",
       "x.toml:6:7: ttl: the integer 5 is not a string; expected a duration such as \"500ms\", in quotes and with "
       "its unit"},
  });
}
