#include "core/ring/ketama.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "core/ring/md5.hpp"

namespace hearsay {

namespace {

constexpr std::uint32_t kMemcachedPort = 11211;

struct Server {
  std::string_view host;
  std::uint32_t port = kMemcachedPort;
  std::size_t member = 0;  // index in the list by id
};

Server server_of(std::string_view name, std::size_t member) {
  Server server{name, kMemcachedPort, member};
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos) return server;
  std::uint32_t port = 0;
  const char* const end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + colon + 1, end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end || port > 65535) return server;
  server.host = name.substr(0, colon);
  server.port = port == 0 ? kMemcachedPort : port;
  return server;
}

std::uint32_t word_of(const Md5Digest& digest, std::size_t word) {
  return static_cast<std::uint32_t>(digest[4 * word]) | static_cast<std::uint32_t>(digest[4 * word + 1]) << 8 |
         static_cast<std::uint32_t>(digest[4 * word + 2]) << 16 |
         static_cast<std::uint32_t>(digest[4 * word + 3]) << 24;
}

}  // namespace

std::uint32_t Ketama::weight_of(double weight) {
  if (!(weight >= 1.5)) return 1;
  if (weight >= std::numeric_limits<std::uint32_t>::max()) return std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(weight + 0.5);
}

std::uint32_t Ketama::points_of(std::uint32_t weight, std::uint64_t total, std::size_t members) {
  // Every operation in float, one after the other; what libmemcached adds before rounding down (1e-10) no sum of 1 or
  // more can hold. A cast is the floor of what is not negative.
  const float share = static_cast<float>(weight) / static_cast<float>(total);
  const float fours = share * static_cast<float>(kPointsPerMember) / 4.0F * static_cast<float>(members) + 1e-10F;
  return static_cast<std::uint32_t>(fours) * 4;
}

std::uint64_t Ketama::hash_key(std::string_view key) const { return std::uint64_t{word_of(md5(key), 0)} << 32; }

std::shared_ptr<const Placement> Ketama::place(std::span<const RingMember> members) const {
  std::vector<Server> servers;
  servers.reserve(members.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    servers.push_back(server_of(members[i].name, i));
    total += weight_of(members[i].weight);
  }
  std::sort(servers.begin(), servers.end(), [](const Server& a, const Server& b) {
    return std::tie(a.host, a.port, a.member) < std::tie(b.host, b.port, b.member);
  });

  struct Point {
    std::uint32_t at = 0;
    std::uint32_t rank = 0;  // of the server: the first of equal points counts
  };
  std::vector<Point> all;
  all.reserve(members.size() * kPointsPerMember);
  std::vector<NodeSlot> pointless;
  std::string text;
  for (std::uint32_t rank = 0; rank < servers.size(); ++rank) {
    const Server& server = servers[rank];
    const RingMember& member = members[server.member];
    const std::uint32_t points = points_of(weight_of(member.weight), total, members.size());
    if (points == 0) pointless.push_back(member.slot);
    text = server.host;
    if (server.port != kMemcachedPort) text += ':' + std::to_string(server.port);
    text += '-';
    const std::size_t stem = text.size();
    for (std::uint32_t i = 0; i < points / 4; ++i) {
      text.resize(stem);
      text += std::to_string(i);
      const Md5Digest digest = md5(text);
      for (std::size_t word = 0; word < 4; ++word) all.push_back({word_of(digest, word), rank});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Point& a, const Point& b) { return std::tie(a.at, a.rank) < std::tie(b.at, b.rank); });
  RingPoints points;
  points.reserve(all.size());
  for (const Point& point : all) {
    constexpr std::uint64_t kWord = std::numeric_limits<std::uint32_t>::max();
    points.add(std::uint64_t{point.at} << 32 | kWord, members[servers[point.rank].member].slot);
  }
  return std::make_shared<const PointPlacement>(std::move(points), members.size(), std::move(pointless));
}

CatalogueEntry ketama_entry() { return entry_of<KetamaConfig>(); }

}  // namespace hearsay
