#include "core/protocol/message.hpp"

#include <algorithm>

namespace hearsay {

namespace {
constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::size_t kLine = 64;  // objects start on cache lines

std::size_t stride(const MessageType& type) { return (type.bytes + kLine - 1) / kLine * kLine; }
}  // namespace

MessagePool::~MessagePool() {
  for (Message* message : by_handle_) message->type->destroy(*message);
}

std::size_t MessagePool::family_of(const MessageType& type) {
  const auto found = std::find_if(families_.begin(), families_.end(), [&](const Family& f) { return f.type == &type; });
  last_family_ = static_cast<std::size_t>(found - families_.begin());
  if (found == families_.end()) families_.push_back({&type, {}, {}});
  return last_family_;
}

void MessagePool::grow(std::size_t index) {
  Family& family = families_[index];
  const std::size_t step = stride(*family.type);
  // The first chunk of a type is small: most types of a run are rare.
  const std::size_t target = family.chunks.empty() ? kChunkBytes / 16 : kChunkBytes;
  const std::size_t count = std::max<std::size_t>(1, target / step);
  family.chunks.push_back(std::make_unique<std::byte[]>(count * step + kLine));
  bytes_ += count * step + kLine;
  auto base = reinterpret_cast<std::uintptr_t>(family.chunks.back().get());
  base = (base + kLine - 1) / kLine * kLine;
  for (std::size_t i = 0; i < count; ++i) {
    Message* message = family.type->construct(reinterpret_cast<void*>(base + i * step));
    message->type = family.type;
    message->pool = this;
    message->handle = static_cast<std::uint32_t>(by_handle_.size());
    message->family = static_cast<std::uint32_t>(index);
    by_handle_.push_back(message);
    family.free.push_back(message);
  }
  free_count_ += count;
}

}  // namespace hearsay
