// An immutable, shared run of bytes: what a value is made of. Copies share the buffer, so that a value written to many
// replicas of a simulation exists once. Any byte may occur, NUL included. Copying is thread-safe, as of shared_ptr.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace hearsay {

class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string bytes)
      : buffer_(bytes.empty() ? nullptr : std::make_shared<const std::string>(std::move(bytes))) {}

  std::string_view view() const { return buffer_ == nullptr ? std::string_view() : std::string_view(*buffer_); }
  std::size_t size() const { return view().size(); }
  bool empty() const { return buffer_ == nullptr; }

  friend bool operator==(const Bytes& a, const Bytes& b) { return a.buffer_ == b.buffer_ || a.view() == b.view(); }

 private:
  std::shared_ptr<const std::string> buffer_;  // null when empty
};

}  // namespace hearsay
