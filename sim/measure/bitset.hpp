// A set of slots as bits, of a length fixed when it is made. Values.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace hearsay::measure {

class SlotSet {
 public:
  SlotSet() = default;
  explicit SlotSet(std::uint32_t slots) : words_((slots + 63) / 64, 0) {}

  bool test(std::uint32_t i) const { return (words_[i / 64] >> i % 64 & 1) != 0; }
  void set(std::uint32_t i) { words_[i / 64] |= std::uint64_t{1} << i % 64; }
  void reset(std::uint32_t i) { words_[i / 64] &= ~(std::uint64_t{1} << i % 64); }
  void clear() { words_.assign(words_.size(), 0); }
  bool empty() const { return words_.empty(); }

  std::uint32_t count() const {
    std::uint32_t n = 0;
    for (const std::uint64_t word : words_) n += static_cast<std::uint32_t>(std::popcount(word));
    return n;
  }
  // In how many slots two sets of one length differ.
  std::uint32_t distance(const SlotSet& other) const {
    std::uint32_t n = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      n += static_cast<std::uint32_t>(std::popcount(words_[i] ^ other.words_[i]));
    }
    return n;
  }

  // Equal sets, equal hashes. For grouping only.
  std::uint64_t hash() const {
    std::uint64_t h = 0x243f6a8885a308d3U;
    for (const std::uint64_t word : words_) h = std::rotl((h ^ word) * 0x9e3779b97f4a7c15U, 29);
    return h;
  }

  friend bool operator==(const SlotSet&, const SlotSet&) = default;

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace hearsay::measure
