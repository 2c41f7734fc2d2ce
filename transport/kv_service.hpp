// The backend "service".
#pragma once

#include <memory>

#include "core/kv/kv.hpp"
#include "transport/kv_options.hpp"

namespace hearsay {

inline Result<std::unique_ptr<Kv>> open_service_kv(const KvOptions&) { return invalid("backend 'service' is not built yet"); }

}  // namespace hearsay
