#include "core/ring/stathat.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <vector>

namespace hearsay {

namespace {

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ 0xedb88320U : value >> 1;
    table[i] = value;
  }
  return table;
}();

struct Point {
  std::uint64_t end = 0;
  std::uint32_t member = 0;
};

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (const char c : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  return ~crc;
}

std::shared_ptr<const Placement> Stathat::place(std::span<const RingMember> members) const {
  std::vector<Point> all;
  all.reserve(members.size() * points_);
  for (std::uint32_t m = 0; m < members.size(); ++m) {
    for (std::uint32_t i = 0; i < points_; ++i) {
      char digits[16];
      const char* const end = std::to_chars(digits, digits + sizeof(digits), i).ptr;
      const std::uint32_t index = crc32(std::string_view(digits, static_cast<std::size_t>(end - digits)));
      all.push_back({(std::uint64_t{crc32(members[m].name, index)} << 32) - 1, m});
    }
  }
  // Of equal points the one whose name is greatest comes last and stays.
  std::sort(all.begin(), all.end(), [&](const Point& a, const Point& b) {
    return std::tie(a.end, members[a.member].name) < std::tie(b.end, members[b.member].name);
  });
  RingPoints points;
  points.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + 1 < all.size() && all[i + 1].end == all[i].end) continue;
    points.add(all[i].end, members[all[i].member].slot);
  }
  return std::make_shared<const PointPlacement>(std::move(points), members.size());
}

void StathatConfig::visit(ParamVisitor& v) {
  v.integer("points", points, {1, 65536}, "points",
            "points on the circle of a node; go-os has 20, where the busiest of 10 nodes has 1.4 times its share; more "
            "points balance better and collide more often, since there are only 2^32 places");
}

std::shared_ptr<const Component> StathatConfig::build() const {
  return std::make_shared<const Stathat>(static_cast<std::uint32_t>(points));
}

CatalogueEntry stathat_entry() { return entry_of<StathatConfig>(); }

}  // namespace hearsay
