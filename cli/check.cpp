#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/exit_codes.hpp"
#include "cli/scenario.hpp"
#include "cli/verbs.hpp"
#include "cli/words.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"
#include "sim/plan/manifest.hpp"
#include "sim/world/world.hpp"

namespace hearsay::cli {

int check(const CheckSettings& settings) {
  bool sound = true;
  std::string out;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& file : settings.files) {
    const auto plan = read_scenario(file, settings.overrides);
    // A plan may still ask for what cannot be drawn for its seed.
    const auto runnable = plan ? world::check(*plan, plan->seed) : Result<void>(tl::unexpected(plan.error()));
    if (!runnable) {
      sound = false;
      std::fprintf(stderr, "hearsay: %s\n", plan::one_line(runnable.error().message).c_str());
    } else if (settings.json) {
      all.push_back(plan::manifest(*plan));
    } else {
      out += fmt::format("{}: {}, {}, {}, {}\n", plan::one_line(file), counted(plan->nodes.size(), "node"),
                         format_duration(plan->duration), counted(plan->events.size(), "event"),
                         counted(plan->expectations.size(), "expectation"));
    }
  }
  if (settings.json) out = all.dump(2) + "\n";
  if (auto printed = print_out(out); !printed) {
    std::fprintf(stderr, "hearsay: %s\n", printed.error().message.c_str());
    return kFailure;
  }
  return sound ? kOk : kUsage;
}

}  // namespace hearsay::cli
