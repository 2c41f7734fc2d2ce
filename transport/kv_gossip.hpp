// The backend "gossip".
#pragma once

#include <memory>

#include "core/kv/kv.hpp"
#include "transport/kv_options.hpp"

namespace hearsay {

inline Result<std::unique_ptr<Kv>> open_gossip_kv(const KvOptions&) { return invalid("backend 'gossip' is not built yet"); }

}  // namespace hearsay
