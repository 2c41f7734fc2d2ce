// Where a store's entries lie: fixed places with stable 32-bit indices, so that the key index, the order and the wheel
// can point at an entry in four bytes. Freed places are used again, last freed first; pages are given back by clear().
//
// One thread at a time. References stay valid until the next acquire(): the first page grows by moving, so that the
// many small stores of a simulation stay small; the others never move, so that no call takes long in a large one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/check.hpp"
#include "core/base/time.hpp"
#include "core/kv/version.hpp"

namespace hearsay {

inline constexpr std::uint32_t kNoEntry = 0xffffffffU;
inline constexpr MonoTime kNoDeadline = MonoTime::max();

// A key of up to 255 bytes in 24, of which 22 are room for the key itself; longer ones are allocated.
class StoreKey {
 public:
  static constexpr std::size_t kInline = 22;

  StoreKey() = default;
  explicit StoreKey(std::string_view key) : size_(static_cast<std::uint8_t>(key.size())) {
    HEARSAY_CHECK(key.size() <= 255);
    char* to = room_.data();
    if (size_ > kInline) {
      to = new char[key.size()];
      std::memcpy(room_.data(), &to, sizeof to);
    }
    if (!key.empty()) std::memcpy(to, key.data(), key.size());
  }
  StoreKey(StoreKey&& other) noexcept : room_(other.room_), mark(other.mark), size_(std::exchange(other.size_, 0)) {}
  StoreKey& operator=(StoreKey&& other) noexcept {
    std::swap(room_, other.room_);
    std::swap(mark, other.mark);
    std::swap(size_, other.size_);
    return *this;
  }
  ~StoreKey() {
    if (size_ > kInline) delete[] allocated();
  }

  std::string_view view() const { return {size_ > kInline ? allocated() : room_.data(), size_}; }
  std::size_t size() const { return size_; }

 private:
  char* allocated() const {
    char* at = nullptr;
    std::memcpy(&at, room_.data(), sizeof at);
    return at;
  }

  alignas(8) std::array<char, kInline> room_{};

 public:
  // The entry's: a byte of its own would cost it eight.
  std::uint8_t mark = 0;

 private:
  std::uint8_t size_ = 0;
};

struct StoreEntry {
  enum Mark : std::uint8_t { kFree, kValue, kTombstone };

  std::uint64_t hash = 0;
  Version version;
  MonoTime due = kNoDeadline;  // a value's deadline; when a tombstone's grace ends
  Duration ttl{0};             // as the value was put, for the reaper
  Bytes value;
  StoreKey key;
  // The wheel's list. `next` also chains free places.
  std::uint32_t previous = kNoEntry;
  std::uint32_t next = kNoEntry;

  bool tombstone() const { return key.mark == kTombstone; }
  bool free() const { return key.mark == kFree; }
};
static_assert(sizeof(StoreEntry) == 80);

class StoreSlab {
 public:
  // The wheel needs a bit of an index.
  static constexpr std::uint32_t kMaxEntries = (1U << 31) - 1;

  StoreEntry& operator[](std::uint32_t i) { return pages_[i >> kPageBits][i & kPageMask]; }
  const StoreEntry& operator[](std::uint32_t i) const { return pages_[i >> kPageBits][i & kPageMask]; }

  // A free place. Amortised O(1), at most a page's work.
  std::uint32_t acquire() {
    if (free_ != kNoEntry) {
      const std::uint32_t i = free_;
      free_ = (*this)[i].next;
      (*this)[i].next = kNoEntry;
      return i;
    }
    HEARSAY_CHECK(extent_ < kMaxEntries);
    if (extent_ == capacity_) grow();
    return extent_++;
  }
  void release(std::uint32_t i) {
    StoreEntry& entry = (*this)[i];
    entry = StoreEntry();
    entry.next = free_;
    free_ = i;
  }

  // Indices ever used are below this.
  std::uint32_t extent() const { return extent_; }
  std::size_t memory_bytes() const { return capacity_ * sizeof(StoreEntry) + pages_.capacity() * sizeof(pages_[0]); }

 private:
  static constexpr std::uint32_t kPageBits = 10;
  static constexpr std::uint32_t kPageEntries = 1U << kPageBits;
  static constexpr std::uint32_t kPageMask = kPageEntries - 1;
  static constexpr std::uint32_t kFirstEntries = 8;

  void grow() {
    if (capacity_ >= kPageEntries) {
      pages_.push_back(std::make_unique<StoreEntry[]>(kPageEntries));
      capacity_ += kPageEntries;
      return;
    }
    const std::uint32_t entries = std::max(kFirstEntries, 2 * capacity_);
    auto page = std::make_unique<StoreEntry[]>(entries);
    if (pages_.empty()) {
      pages_.push_back(std::move(page));
    } else {
      std::move(pages_[0].get(), pages_[0].get() + extent_, page.get());
      pages_[0] = std::move(page);
    }
    capacity_ = entries;
  }

  std::vector<std::unique_ptr<StoreEntry[]>> pages_;
  std::uint32_t extent_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint32_t free_ = kNoEntry;
};

}  // namespace hearsay
