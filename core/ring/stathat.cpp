#include "core/ring/stathat.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <tuple>
#include <vector>

namespace hearsay {

namespace {

constexpr std::array<std::uint32_t, 256> kCrc32Table = [] {
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
  std::uint32_t index = 0;
};

// CRC32 of the decimal number, continuing an earlier result.
std::uint32_t crc32_of(std::uint32_t number, std::uint32_t before = 0) {
  char digits[16];
  const char* const end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  return crc32(std::string_view(digits, static_cast<std::size_t>(end - digits)), before);
}

std::uint64_t end_of(std::uint32_t point) { return (std::uint64_t{point} << 32) - 1; }

// Gives those that share a point one of their own. `all` ascends by end, name and index.
void part(std::vector<Point>& all, std::span<const RingMember> members) {
  std::vector<Point> homeless;
  std::vector<Point> kept;
  kept.reserve(all.size());
  for (const Point& point : all) {
    (!kept.empty() && kept.back().end == point.end ? homeless : kept).push_back(point);
  }
  std::sort(homeless.begin(), homeless.end(), [&](const Point& a, const Point& b) {
    return std::tie(members[a.member].name, a.index) < std::tie(members[b.member].name, b.index);
  });
  const auto before = [](const Point& a, std::uint64_t end) { return a.end < end; };
  std::set<std::uint64_t> found;
  const auto taken = [&](std::uint64_t end) {
    const auto at = std::lower_bound(kept.begin(), kept.end(), end, before);
    return (at != kept.end() && at->end == end) || found.contains(end);
  };
  for (Point& point : homeless) {
    const std::uint32_t start = crc32("#", crc32(members[point.member].name, crc32_of(point.index)));
    std::uint32_t attempt = 0;
    do {
      point.end = end_of(crc32_of(++attempt, start));
    } while (taken(point.end));
    found.insert(point.end);
  }
  kept.insert(kept.end(), homeless.begin(), homeless.end());
  std::sort(kept.begin(), kept.end(), [](const Point& a, const Point& b) { return a.end < b.end; });
  all = std::move(kept);
}

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (const char c : bytes) crc = (crc >> 8) ^ kCrc32Table[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  return ~crc;
}

std::shared_ptr<const Placement> Stathat::place(std::span<const RingMember> members) const {
  std::vector<Point> all;
  all.reserve(members.size() * points_);
  for (std::uint32_t m = 0; m < members.size(); ++m) {
    for (std::uint32_t i = 0; i < points_; ++i) {
      all.push_back({end_of(crc32(members[m].name, crc32_of(i))), m, i});
    }
  }
  // Of equal points the one whose name is greatest comes last and stays.
  std::sort(all.begin(), all.end(), [&](const Point& a, const Point& b) {
    return std::tie(a.end, members[a.member].name, a.index) < std::tie(b.end, members[b.member].name, b.index);
  });
  if (!collisions_) part(all, members);
  RingPoints points;
  points.reserve(all.size());
  std::vector<bool> has_point(members.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + 1 < all.size() && all[i + 1].end == all[i].end) continue;
    points.add(all[i].end, members[all[i].member].slot);
    has_point[all[i].member] = true;
  }
  std::vector<NodeSlot> pointless;
  for (std::size_t m = 0; m < members.size(); ++m) {
    if (!has_point[m]) pointless.push_back(members[m].slot);
  }
  return std::make_shared<const PointPlacement>(std::move(points), members.size(), std::move(pointless));
}

void StathatConfig::visit(ParamVisitor& v) {
  v.integer("points", points, {1, 65536}, "points",
            "points on the circle of a node; go-os has 20, where the busiest of 10 nodes has 1.4 times its share; more "
            "points balance better and collide more often, since there are only 2^32 places");
  v.boolean("collisions", collisions,
            "as in the original, equal points of two nodes are one; off, the point of the greater name is hashed again "
            "until it finds a place of its own");
}

std::shared_ptr<const Component> StathatConfig::build() const {
  return std::make_shared<const Stathat>(static_cast<std::uint32_t>(points), collisions);
}

CatalogueEntry stathat_entry() { return entry_of<StathatConfig>(); }

}  // namespace hearsay
