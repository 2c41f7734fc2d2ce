#include "transport/inlet.hpp"

#include <algorithm>
#include <ctime>

namespace hearsay::transport {

void wait_for(std::span<pollfd> items, Duration limit) {
  const std::int64_t ns = std::max<std::int64_t>(0, limit.count());
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec timeout{ns / kSecond, ns % kSecond};
  if (::ppoll(items.data(), items.size(), &timeout, nullptr) > 0) return;
  for (pollfd& item : items) item.revents = 0;
}

}  // namespace hearsay::transport
