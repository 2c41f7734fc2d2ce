#include "core/replication/none.hpp"

#include <array>

namespace hearsay {

PlainKv& NoneReplication::kv(const Step& step, NoneState& state) const {
  if (state.kv == nullptr) state.kv = std::make_unique<PlainKv>(params_, step.mono());
  return *state.kv;
}

void NoneReplication::on_start(Step& step, NoneState& state, const Boot& boot) const {
  if (boot.persisted == nullptr || boot.persisted->items.empty()) return;
  kv(step, state).replica.restore(step, *boot.persisted);
}

void NoneReplication::on_message(Step& step, NoneState& state, NodeSlot from, const Message& message) const {
  PlainKv& own = kv(step, state);
  std::optional<std::uint64_t> stored;
  (void)own.coordinator.message(step, own.replica, from, message, stored);
}

void NoneReplication::on_timer(Step& step, NoneState& state, Timer timer) const {
  if (state.kv == nullptr) return;
  if (timer.kind == kExpiryTimer) state.kv->replica.on_expiry_timer(step, timer);
  if (timer.kind == kRequestTimer) state.kv->coordinator.timer(step, state.kv->replica, timer);
}

void NoneReplication::on_request(Step& step, NoneState& state, const Request& request) const {
  PlainKv& own = kv(step, state);
  own.coordinator.request(step, own.replica, request);
}

void NoneReplication::on_save(const NoneState& state, MonoTime now, Persisted& out) const {
  if (state.kv != nullptr) state.kv->replica.save(now, out);
}

void NoneReplication::on_digest(const NoneState& state, Hasher& hasher) const {
  if (state.kv == nullptr) return;
  state.kv->replica.digest(hasher);
  state.kv->coordinator.digest(hasher);
}

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
