#include "cli/scenario.hpp"

#include "core/protocol/catalogue.hpp"
#include "sim/measure/metric_names.hpp"
#include "sim/plan/reader.hpp"

namespace hearsay::cli {

Result<plan::Plan> read_scenario(const std::string& file, const std::vector<std::string>& overrides) {
  plan::ReaderOptions options;
  options.names = {measure::metric_names(), measure::invariant_names()};
  return plan::read_file(file, overrides, Catalogue::builtin(), options);
}

}  // namespace hearsay::cli
