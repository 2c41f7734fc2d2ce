// The backend `service`: a client of nodes that run elsewhere (`hearsay serve`, `hearsay node`), for programs that stay
// out of the ring. Any of the servers will do: the next one is tried where one cannot be reached, unless a write may
// have been done already.
//
// Threading: as Kv; each caller has a connection of its own while it calls.
#pragma once

#include <memory>

#include "transport/kv_options.hpp"

namespace hearsay {

// Does not wait for a server. kInvalidArgument: no servers, or one that is no endpoint.
Result<std::unique_ptr<Kv>> open_service_kv(const KvOptions& options);

}  // namespace hearsay
