#include "core/ring/md5.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace hearsay {

namespace {

// floor(2^32 |sin(i + 1)|), as the RFC has it.
constexpr std::array<std::uint32_t, 64> kSines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

// How far step i turns: by round and by step in the round, modulo 4.
constexpr int kTurns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

using State = std::array<std::uint32_t, 4>;
constexpr std::size_t kMd5Block = 64;

void add_block(State& state, const std::uint8_t* block) {
  std::array<std::uint32_t, 16> word;
  for (std::size_t i = 0; i < 16; ++i) {
    word[i] = static_cast<std::uint32_t>(block[4 * i]) | static_cast<std::uint32_t>(block[4 * i + 1]) << 8 |
              static_cast<std::uint32_t>(block[4 * i + 2]) << 16 | static_cast<std::uint32_t>(block[4 * i + 3]) << 24;
  }
  auto [a, b, c, d] = state;
  for (std::uint32_t i = 0; i < 64; ++i) {
    std::uint32_t mixed = 0;
    std::uint32_t which = 0;
    switch (i / 16) {
      case 0:
        mixed = d ^ (b & (c ^ d));
        which = i;
        break;
      case 1:
        mixed = c ^ (d & (b ^ c));
        which = (5 * i + 1) % 16;
        break;
      case 2:
        mixed = b ^ c ^ d;
        which = (3 * i + 5) % 16;
        break;
      default:
        mixed = c ^ (b | ~d);
        which = 7 * i % 16;
        break;
    }
    const std::uint32_t turned = std::rotl(a + mixed + kSines[i] + word[which], kTurns[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

Md5Digest md5(std::string_view bytes) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::array<std::uint8_t, kMd5Block> block{};
  std::string_view rest = bytes;
  for (; rest.size() >= kMd5Block; rest.remove_prefix(kMd5Block)) {
    std::copy_n(rest.begin(), kMd5Block, block.begin());
    add_block(state, block.data());
  }
  // A one bit, zeros up to eight bytes short of a block, and the length in bits.
  block.fill(0);
  std::copy(rest.begin(), rest.end(), block.begin());
  block[rest.size()] = 0x80;
  if (rest.size() >= kMd5Block - 8) {
    add_block(state, block.data());
    block.fill(0);
  }
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) block[kMd5Block - 8 + i] = static_cast<std::uint8_t>(bits >> (8 * i));
  add_block(state, block.data());

  Md5Digest digest;
  for (std::size_t i = 0; i < 16; ++i) digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (8 * (i % 4)));
  return digest;
}

}  // namespace hearsay
