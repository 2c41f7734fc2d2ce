// What gossip makes of rings: a scenario run in the simulator once for each of them, with all else as the file says.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/chosen_ring.hpp"

namespace hearsay::cli {

struct RingUnderGossip {
  std::string ring;
  std::size_t nodes = 0;
  std::string followed;                        // of how many of these misrouting is: "64", "8 of 64"
  std::vector<std::optional<double>> figures;  // in the order of the table's columns
};

// Runs until it is interrupted; fewer than were asked for, then. kInvalidArgument for a scenario that cannot be run,
// and for a ring of Python, which would start a process for each view. One thread.
Result<std::vector<RingUnderGossip>> rings_under_gossip(const std::vector<ChosenRing>& rings, const std::string& file);

// The table "Under gossip"; empty where there is no row.
std::string under_gossip_text(const std::vector<RingUnderGossip>& rows);
// Adds a row a figure, named as the metric it is.
void add_under_gossip(nlohmann::ordered_json& json, const std::vector<RingUnderGossip>& rows);

}  // namespace hearsay::cli
