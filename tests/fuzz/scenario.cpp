// Any bytes as a scenario: read or refused with one line, never a crash, a hang or an exception. The first line may be
// an override ("#set key=value"). No file is read.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.hpp"
#include "sim/plan/manifest.hpp"
#include "sim/plan/reader.hpp"
#include "tests/plan/read.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearsay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  plan::ReaderOptions options;
  options.names = {test::kMetrics, test::kInvariants};
  options.read_files = false;
  options.max_nodes = 2000;
  std::vector<std::string> overrides;
  constexpr std::string_view kSet = "#set ";
  if (text.starts_with(kSet)) {
    const std::string_view line = text.substr(0, text.find('\n'));
    overrides.emplace_back(line.substr(kSet.size()));
  }
  const auto read = plan::read_text(text, "x.toml", overrides, test::catalogue(), options);
  if (!read) {
    HEARSAY_CHECK(!read.error().message.empty());
    HEARSAY_CHECK(read.error().message.find('\n') == std::string::npos);
    return 0;
  }
  HEARSAY_CHECK(!read->nodes.empty() && read->duration.count() > 0);
  for (const plan::LinkSpec& link : read->network.links) HEARSAY_CHECK(link.latency.positive());
  for (const plan::Event& event : read->events) HEARSAY_CHECK(event.at <= read->duration);
  // A key that is no UTF-8 would throw here.
  (void)plan::manifest(*read).dump();
  return 0;
}
