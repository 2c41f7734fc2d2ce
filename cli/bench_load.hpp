// A load on a store: threads that get and put keys for a while, and what they met.
//
// A closed loop calls again as soon as it has its answer, or at a rate; where a call stalls, those that would have come
// meanwhile are not made, and a latency is of the calls made alone (coordinated omission). An open loop has calls due
// at random times (Poisson) of the rate, whatever became of those before, and latency counts from when one was due; it
// includes by how much the system woke the caller too late. What was still due when the time was over is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cli/histogram.hpp"
#include "core/base/result.hpp"
#include "core/kv/kv.hpp"

namespace hearsay::cli {

struct Load {
  std::uint32_t threads = 1;
  Duration span = 1s;
  double read_share = 1;
  double miss_share = 0;       // of gets
  std::optional<double> zipf;  // exponent; otherwise uniform
  bool is_open = false;
  double rate = 0;  // calls a second of all threads; 0: no limit
  std::uint32_t batch = 1;
  std::uint64_t value_bytes = 0;
  Duration ttl{0};
};

// Of gets or of puts. A call of a batch is one latency and as many hits, misses and errors as it has keys.
struct LoadFigures {
  Histogram latency;
  std::uint64_t hits = 0;  // of puts: done
  std::uint64_t misses = 0;
  std::uint64_t errors = 0;
  std::uint64_t bytes = 0;  // of keys and values that came or went
  std::uint64_t items() const { return hits + misses + errors; }
  void merge(const LoadFigures& other);
};

struct LoadResult {
  LoadFigures gets;
  LoadFigures puts;
  double elapsed_s = 0;
  double cpu_s = 0;            // of the calling threads
  std::uint64_t not_made = 0;  // of an open loop: calls that were due, and for which there was no time
  std::optional<Error> first_error;
  LoadFigures all() const;
};

// Ends early when the program is interrupted. `keys` are at least one. kUnavailable: the system grants no more threads.
Result<LoadResult> run_load(Kv& kv, std::span<const std::string> keys, const Load& load);

// "bench:0000000" and so on, and puts them all. Errors: the first of a put.
std::vector<std::string> bench_keys(std::uint64_t count);
Result<void> put_all(Kv& kv, std::span<const std::string> keys, std::uint64_t value_bytes, Duration ttl);

}  // namespace hearsay::cli
