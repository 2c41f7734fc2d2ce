// `hearsay keygen`: a key pair for CURVE, in two files.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/bytes_text.hpp"
#include "cli/failure.hpp"
#include "cli/verbs.hpp"
#include "transport/key_files.hpp"

namespace hearsay::cli {

int keygen(const KeygenSettings& settings) {
  const auto pair = transport::generate_keys();
  if (!pair) return failed(pair.error());
  if (auto written = transport::write_keys(settings.prefix, *pair); !written) return failed(written.error());
  const std::string secret = settings.prefix + ".key";
  const std::string open = settings.prefix + ".pub";
  const std::string text =
      settings.json
          ? json_text({{"key_file", secret}, {"public_file", open}, {"public_key", pair->public_key}})
          : fmt::format("{} has the key pair, and is for its owner alone; {} is to be handed out\n", secret, open);
  return print_or_fail(text);
}

}  // namespace hearsay::cli
