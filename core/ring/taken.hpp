// A set of small numbers, as of members found so far: compared one by one while it can be small, marked where it may
// become large. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearsay {

class Taken {
 public:
  static constexpr std::size_t kMaxCompared = 32;  // up to this many, comparing is cheaper than marking

  // Of at most `most` numbers below `range`. Allocates a bit a number where there may be more than kMaxCompared.
  Taken(std::size_t most, std::size_t range) : marks_(most > kMaxCompared ? range : 0) {}

  bool has(std::size_t i) const {
    return marks_.empty() ? std::find(few_.begin(), few_.begin() + count_, i) != few_.begin() + count_ : marks_[i];
  }
  void add(std::size_t i) {
    if (!marks_.empty()) {
      marks_[i] = true;
    } else {
      few_[static_cast<std::size_t>(count_++)] = static_cast<std::uint32_t>(i);
    }
  }
  // Whether it was new.
  bool take(std::size_t i) {
    if (has(i)) return false;
    add(i);
    return true;
  }

 private:
  std::vector<bool> marks_;
  std::array<std::uint32_t, kMaxCompared> few_{};
  std::ptrdiff_t count_ = 0;
};

}  // namespace hearsay
