// What a wrong scenario is answered with: the whole line, since it is what a person has to go on. Line 1 is the
// duration.
#include <doctest/doctest.h>

#include "tests/plan/bad_input.hpp"

using namespace hearsay::test;

TEST_CASE("bad input: partitions") {
  check_messages({
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"",
       "x.toml:2:1: [[event]] of kind 'partition' lacks 'sides'; expected sides = [\"n0..n31\", \"rest\"], "
       "isolate, from, bridge or majorities"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = \"n1\"",
       "x.toml:5:9: sides: no list of sides; expected one such as [\"n0..n31\", \"rest\"]"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = []",
       "x.toml:5:9: sides: no list of sides; expected one such as [\"n0..n31\", \"rest\"]"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"all\"]",
       "x.toml:5:9: sides: everybody is on one side; expected two sides or more"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0..n31\", \"n31..n63\"]",
       "x.toml:5:21: node 'n31' is on two sides, 'n0..n31' and 'n31..n63'; expected it on one"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0..n31\", [\"n40\", \"n3\"]]",
       "x.toml:5:21: node 'n3' is on two sides, 'n0..n31' and 'n40, n3'; expected it on one"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"all\", \"rest\"]",
       "x.toml:5:17: sides: nobody is left for 'rest'; expected nodes on no other side"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"rest\", \"rest\"]",
       "x.toml:5:18: sides: a second 'rest'; expected it once"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0\", \"rest\"]\nothers = \"connected\"",
       "x.toml:6:10: others: \"connected\" beside a side 'rest'; expected one of them"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0\"]\nothers = \"connected\"",
       "x.toml:5:9: sides: everybody is on one side; expected two sides or more"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"10 random\", \"10 random\"]",
       "x.toml:5:23: node 'n0' may be drawn for two sides, '10 random' and '10 random'; expected it on one"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0..n59\", \"10 random\"]",
       "x.toml:5:21: 10 random nodes of the 4 that the other sides leave; expected at most that many"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0\"]\nisolate = \"n1\"",
       "x.toml:6:1: [[event]] of kind 'partition' has 'sides' and 'isolate'; expected one of them"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nisolate = \"2 random\"",
       "x.toml:5:11: isolate: 2 random nodes; expected 1, or sides = [\"2 random\", \"rest\"] to cut them off "
       "together"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nisolate = \"all\"",
       "x.toml:5:11: isolate: 64 nodes; expected at most 63"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nto = \"n1\"",
       "x.toml:5:6: to: without 'from'; expected both for a one-way cut"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nfrom = \"n0..n3\"\nto = \"n2..n5\"",
       "x.toml:6:6: node 'n2' is on two sides, 'n0..n3' and 'n2..n5'; expected it on one"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nfrom = \"all\"",
       "x.toml:5:8: from: everybody is in it; expected others to cut them from"},
      {"[nodes]\ncount = 65\n[[event]]\nat = \"5s\"\nkind = \"partition\"\nmajorities = true",
       "x.toml:7:14: majorities: there are 65 nodes; expected 4 to 64"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nmajorities = 1",
       "x.toml:5:14: majorities: the integer 1 is not a boolean; expected true or false"},
      {"[nodes]\ncount = 2\n[[event]]\nat = \"5s\"\nkind = \"partition\"\nbridge = \"n1\"",
       "x.toml:7:10: bridge: fewer than two others; expected nodes to keep apart"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nisolate = \"n1\"\nmode = \"slow\"",
       "x.toml:6:8: mode: unknown 'slow'; expected one of drop, delay, hold"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nisolate = \"n1\"\nmode = \"delay\"",
       "x.toml:2:1: [[event]] of kind 'partition' lacks 'delay'; expected delay = \"500ms\" with mode = \"delay\""},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nisolate = \"n1\"\ndelay = \"5ms\"",
       "x.toml:6:9: delay: the mode is not \"delay\"; expected mode = \"delay\""},
      {"[[event]]\nat = \"50s\"\nkind = \"partition\"\nisolate = \"n1\"\nfor = \"20s\"",
       "x.toml:6:7: for: goes on until 70s, after the scenario's end (1min); expected an end before it"},
      {"[nodes]\ncount = 100\n[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0\", \"n1\", \"n2\", "
       "\"n3\", \"n4\", \"n5\", \"n6\", \"n7\", \"n8\", \"n9\", \"n10\", \"n11\", \"n12\", \"n13\", \"n14\", "
       "\"n15\", \"n16\", \"n17\", \"n18\", \"n19\", \"n20\", \"n21\", \"n22\", \"n23\", \"n24\", \"n25\", "
       "\"n26\", \"n27\", \"n28\", \"n29\", \"n30\", \"n31\", \"n32\", \"n33\", \"n34\", \"n35\", \"n36\", "
       "\"n37\", \"n38\", \"n39\", \"n40\", \"n41\", \"n42\", \"n43\", \"n44\", \"n45\", \"n46\", \"n47\", "
       "\"n48\", \"n49\", \"n50\", \"n51\", \"n52\", \"n53\", \"n54\", \"n55\", \"n56\", \"n57\", \"n58\", "
       "\"n59\", \"n60\", \"n61\", \"n62\", \"n63\", \"n64\"]",
       "x.toml:7:9: sides: 65 of them; expected at most 64"},
      {"[nodes]\ncount = 100\n[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0\", \"n1\", \"n2\", "
       "\"n3\", \"n4\", \"n5\", \"n6\", \"n7\", \"n8\", \"n9\", \"n10\", \"n11\", \"n12\", \"n13\", \"n14\", "
       "\"n15\", \"n16\", \"n17\", \"n18\", \"n19\", \"n20\", \"n21\", \"n22\", \"n23\", \"n24\", \"n25\", "
       "\"n26\", \"n27\", \"n28\", \"n29\", \"n30\", \"n31\", \"n32\", \"n33\", \"n34\", \"n35\", \"n36\", "
       "\"n37\", \"n38\", \"n39\", \"n40\", \"n41\", \"n42\", \"n43\", \"n44\", \"n45\", \"n46\", \"n47\", "
       "\"n48\", \"n49\", \"n50\", \"n51\", \"n52\", \"n53\", \"n54\", \"n55\", \"n56\", \"n57\", \"n58\", "
       "\"n59\", \"n60\", \"n61\", \"n62\", \"n63\"]",
       "x.toml:7:9: sides: more than 64 with the rest; expected fewer"},
      {"[nodes]\ncount = 100\n[[event]]\nat = \"5s\"\nkind = \"partition\"\nisolate = \"n0..n63\"",
       "x.toml:7:11: isolate: 64 nodes; expected at most 63"},
      {"[[event]]\nat = \"5s\"\nkind = \"heal\"",
       "x.toml:2:1: there is nothing to heal; expected a partition before it"},
      {"[[event]]\nat = \"5s\"\nkind = \"heal\"\npartition = \"split\"",
       "x.toml:5:13: partition: unknown partition 'split'; expected the label of a partition, of which there is "
       "none"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nlabel = \"split\"\nisolate = \"n1\"\n[[event]]\nat = "
       "\"9s\"\nkind = \"heal\"\npartition = \"splt\"",
       "x.toml:10:13: partition: unknown partition 'splt'; expected one of split; did you mean 'split'?"},
      {"[[event]]\nat = \"5s\"\nkind = \"partition\"\nlabel = \"split\"\nisolate = \"n1\"\n[[event]]\nat = "
       "\"4s\"\nkind = \"heal\"\npartition = \"split\"",
       "x.toml:10:13: partition: 'split' begins after this heal; expected a heal after it"},
      {"[[event]]\nat = \"5s\"\nkind = \"flap\"\nisolate = \"n1\"",
       "x.toml:2:1: [[event]] of kind 'flap' lacks 'period'; expected period = \"2s\""},
      {"[[event]]\nat = \"5s\"\nkind = \"flap\"\nisolate = \"n1\"\nperiod = \"1us\"",
       "x.toml:6:10: period: 1us is out of range; expected a duration of at least \"1ms\""},
      {"[[event]]\nat = \"5s\"\nkind = \"flap\"\nisolate = \"n1\"\nperiod = \"1s\"\nduty = 1.0",
       "x.toml:7:8: duty: 1; expected the share of a period that is cut, above 0 and below 1"},
  });
}
