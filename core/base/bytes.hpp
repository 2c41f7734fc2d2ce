// An immutable, shared run of bytes: what a value is made of. Copies share the buffer, so that a value written to many
// replicas of a simulation exists once. Any byte may occur, NUL included. Copying is thread-safe, as of shared_ptr.
//
// One pointer to one allocation of count, length and bytes: a shared_ptr to a string takes 80 bytes more a value, which
// is more than most values.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "core/base/check.hpp"

namespace hearsay {

class Bytes {
  struct Buffer {
    std::atomic<std::uint32_t> owners;
    std::uint32_t size;
    const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  };

 public:
  // What a buffer has beside the bytes, before the allocator adds its own.
  static constexpr std::size_t kHeaderBytes = sizeof(Buffer);

  Bytes() = default;
  // Copies; less than 4 GiB.
  explicit Bytes(std::string_view bytes) {
    if (bytes.empty()) return;
    HEARSAY_CHECK(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
    void* memory = ::operator new(sizeof(Buffer) + bytes.size());
    std::memcpy(static_cast<char*>(memory) + sizeof(Buffer), bytes.data(), bytes.size());
    buffer_ = new (memory) Buffer{1, static_cast<std::uint32_t>(bytes.size())};
  }
  Bytes(const Bytes& other) : buffer_(other.buffer_) {
    if (buffer_ != nullptr) buffer_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Bytes(Bytes&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  Bytes& operator=(Bytes other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~Bytes() {
    // The last owner must see what the others did before it frees the buffer; whoever sees a count of 1 is the last.
    if (buffer_ == nullptr) return;
    if (buffer_->owners.load(std::memory_order_acquire) == 1 ||
        buffer_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      ::operator delete(buffer_);
    }
  }

  std::string_view view() const {
    return buffer_ == nullptr ? std::string_view() : std::string_view(buffer_->data(), buffer_->size);
  }
  std::size_t size() const { return buffer_ == nullptr ? 0 : buffer_->size; }
  bool empty() const { return buffer_ == nullptr; }

  friend bool operator==(const Bytes& a, const Bytes& b) { return a.buffer_ == b.buffer_ || a.view() == b.view(); }

 private:
  Buffer* buffer_ = nullptr;  // null when empty
};

}  // namespace hearsay
