// Puts what comes from many places into the order of time: each entry waits until nothing earlier is expected, then all
// of them are fed to one reader by (time, arrival). What comes so late that something later was fed already is a
// straggler: it is fed as if it were of that time, and counted.
//
// One thread. Bound: kMost entries; one more is refused, and counted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/time.hpp"

namespace hearsay::cli {

template <class T>
class MergeQueue {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 22;

  void push(TrueTime at, T what) {
    if (heap_.size() >= kMost) {
      ++refused_;
      return;
    }
    if (at < fed_until_) {
      ++stragglers_;
      at = fed_until_;
    }
    heap_.push_back({at, next_++, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end());
  }

  // Feeds what is of `until` or earlier: visit(time, entry). What visit() pushes is fed in its turn.
  template <class Visit>
  void feed(TrueTime until, Visit&& visit) {
    while (!heap_.empty() && heap_.front().at <= until) {
      std::pop_heap(heap_.begin(), heap_.end());
      Entry entry = std::move(heap_.back());
      heap_.pop_back();
      fed_until_ = entry.at;
      visit(entry.at, std::move(entry.what));
    }
    fed_until_ = std::max(fed_until_, until);
  }

  std::size_t waiting() const { return heap_.size(); }
  std::uint64_t stragglers() const { return stragglers_; }
  std::uint64_t refused() const { return refused_; }

 private:
  struct Entry {
    TrueTime at;
    std::uint64_t order;
    T what;
    // For a heap whose top is first.
    friend bool operator<(const Entry& x, const Entry& y) { return x.at != y.at ? x.at > y.at : x.order > y.order; }
  };
  std::vector<Entry> heap_;
  std::uint64_t next_ = 0;
  TrueTime fed_until_ = TrueTime::min();
  std::uint64_t stragglers_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace hearsay::cli
