#include "core/base/ids.hpp"

#include "core/base/hash.hpp"

namespace hearsay {

NodeId node_id(std::string_view name) { return NodeId{hash64(name)}; }

}  // namespace hearsay
