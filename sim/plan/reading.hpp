// A scenario being read: the plan so far, and what the readers of the sections share. One function a section, in the
// order in which they need each other. They report to `diagnostics` and go on; a plan with a report is thrown away.
//
// Internal to the reader. One thread.
#pragma once

#include <string>
#include <vector>

#include "sim/plan/distributions.hpp"
#include "sim/plan/input.hpp"
#include "sim/plan/plan.hpp"
#include "sim/plan/reader.hpp"
#include "sim/plan/section.hpp"

namespace hearsay::plan {

struct Reading {
  Diagnostics diagnostics;
  const Catalogue& catalogue;
  const ReaderOptions& options;
  const Input& root;
  FileAccess files;
  Plan plan;

  // Nodes of plan.groups[i] are first..first+count-1, named prefix0, prefix1, ...
  struct GroupNodes {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::string prefix;
  };
  std::vector<GroupNodes> group_nodes = {};
  std::uint64_t set_entries = 0;  // nodes named by node sets so far

  std::uint32_t nodes() const { return static_cast<std::uint32_t>(plan.nodes.size()); }
};

void read_general(Reading& reading);       // name, question, seed, duration, start_spread
void read_nodes(Reading& reading);         // [nodes], [[group]], [[region]], seeds
void read_strategies(Reading& reading);    // [membership], [dissemination], [replication], [ring]
void read_network(Reading& reading);       // [network]
void read_clocks(Reading& reading);        // [[clock]]
void read_clients(Reading& reading);       // [[client]]
void read_ops(Reading& reading);           // [[op]]
void read_events(Reading& reading);        // [[event]]
void read_expectations(Reading& reading);  // [[expect]]
void read_measure(Reading& reading);       // [measure], [simulator]

// The table of a section, null when there is none.
inline const Input* table_of(const Reading& reading, std::string_view key) { return reading.root.find(key); }

}  // namespace hearsay::plan
