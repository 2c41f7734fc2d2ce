// What a node keeps over a crash or a restart, and nothing else: the incarnation, where its clock of versions was, and
// items with the TTL they have left. The epoch is the driver's (it grows with every start).
//
// Plain values, in nanoseconds; one thread. As large as the store that wrote it, whose bounds it has: saving and
// restoring are O(items), and share the values' bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/version.hpp"

namespace hearsay {

struct PersistedItem {
  std::string key;
  Bytes value;
  Version version;
  bool tombstone = false;
  Duration ttl_left{0};  // of a value: 0 = never expires; of a tombstone: its grace left
};

struct Persisted {
  Incarnation incarnation = 0;
  std::uint64_t clock = 0;  // the last reading of the hybrid logical clock (hlc.hpp); 0: none
  std::vector<PersistedItem> items;
  // How long the node was away, by the machine's monotonic clock: TTLs go on running meanwhile.
  Duration away{0};
};

}  // namespace hearsay
