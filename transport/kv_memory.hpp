// The backend "memory": a store inside the process, without network or thread. Two handles are two stores.
//
// Time is a monotonic clock's, so no step of the wall clock touches it. Reads are exact: nothing is returned at or
// after its deadline. What has expired is freed, and watchers hear of it, under the calls that are made: each works off
// a little, and a watcher's next() waits no longer than until the next deadline. A store that nobody calls keeps its
// expired values until somebody does: within MemoryBounds, and not worth a thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/base/time.hpp"
#include "core/kv/kv.hpp"
#include "transport/kv_options.hpp"

namespace hearsay {

// Bounds of one store: keys and values together, and their number; beyond, a put is kUnavailable and changes nothing.
struct MemoryBounds {
  std::size_t bytes = std::size_t{1} << 30;
  std::size_t items = std::size_t{1} << 24;
};
// Changes that wait for one watcher, and the bytes of their keys and values; beyond, it is told kMissed.
inline constexpr std::size_t kMaxWatchedChanges = 1024;
inline constexpr std::size_t kMaxWatchedBytes = std::size_t{16} << 20;
// Watchers of one store at a time; beyond, watch() is kUnavailable.
inline constexpr std::size_t kMaxWatchers = 256;

// A monotonic clock, called from any thread; empty: std::chrono::steady_clock.
using MonoSource = std::function<MonoTime()>;

// Never fails for options that open_kv() lets pass. Puts and gets are O(log n) and O(1), list O(n) in small steps.
Result<std::unique_ptr<Kv>> open_memory_kv(const KvOptions& options, MonoSource clock = {},
                                           const MemoryBounds& bounds = {});

}  // namespace hearsay
