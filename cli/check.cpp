#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/bytes_text.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
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
      failed(runnable.error());
    } else if (settings.json) {
      all.push_back(plan::manifest(*plan));
    } else {
      out += fmt::format("{}: {}, {}, {}, {}\n", plan::one_line(file), counted(plan->nodes.size(), "node"),
                         format_duration(plan->duration), counted(plan->events.size(), "event"),
                         counted(plan->expectations.size(), "expectation"));
    }
  }
  if (settings.json) out = json_text(all, 2);
  if (const int code = print_or_fail(out); code != kOk) return code;
  return sound ? kOk : kUsage;
}

}  // namespace hearsay::cli
