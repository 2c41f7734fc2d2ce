#include "core/replication/none.hpp"

#include <array>

namespace hearsay {

NoneConfig::NoneConfig() {
  params.r = static_cast<int>(Quorum::kOne);
  params.w = static_cast<int>(Quorum::kAll);
  params.read_repair = false;
}

std::span<const Preset> NoneConfig::presets() {
  static constexpr std::array<Preset, 2> kPresets{
      {{"default", "go-os's direct replication without its defects: three copies, all written, one read"},
       {"go-os",
        "go-os/kv as it is: one copy, misses and errors become not found, the original TTL, the reaper's store"}}};
  return kPresets;
}

void NoneConfig::use_preset(std::size_t index) {
  *this = NoneConfig();
  if (index == 1) params.use_go_os();
}

CatalogueEntry none_entry() { return entry_of<NoneConfig>(); }

}  // namespace hearsay
