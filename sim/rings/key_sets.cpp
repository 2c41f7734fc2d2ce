#include "sim/rings/key_sets.hpp"

#include <fmt/format.h>

#include "core/base/dmath.hpp"
#include "core/ring/redis_slots.hpp"
#include "core/ring/stathat.hpp"

namespace hearsay::rings {

std::string sequential_key(std::size_t i) { return fmt::format("key-{}", i + 1); }

std::string one_crc16_key(std::size_t i) {
  std::string key = sequential_key(i);
  const std::uint16_t sum = crc16(key);
  for (const unsigned shift : {8U, 0U}) key += static_cast<char>(sum >> shift & 0xff);
  return key;
}

std::string one_crc32_key(std::size_t i) {
  std::string key = sequential_key(i);
  const std::uint32_t sum = crc32(key);
  for (const unsigned shift : {0U, 8U, 16U, 24U}) key += static_cast<char>(sum >> shift & 0xff);
  return key;
}

std::vector<double> zipf_shares(std::size_t count) {
  constexpr double kExponent = 0.99;
  std::vector<double> shares(count);
  double sum = 0;
  for (std::size_t r = count; r > 0; --r) sum += shares[r - 1] = dpow(static_cast<double>(r), -kExponent);
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace hearsay::rings
