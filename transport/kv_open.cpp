#include <fmt/format.h>

#include <array>
#include <string_view>

#include "core/base/nearest.hpp"
#include "core/base/quantity.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/kv_memcached.hpp"
#include "transport/kv_memory.hpp"
#include "transport/kv_options.hpp"
#include "transport/kv_redis.hpp"
#include "transport/kv_service.hpp"

namespace hearsay {

namespace {

struct Backend {
  std::string_view name;
  Result<std::unique_ptr<Kv>> (*open)(const KvOptions&);
};

constexpr std::array kBackends{
    Backend{"gossip", [](const KvOptions& options) { return open_gossip_kv(options); }},
    Backend{"service", [](const KvOptions& options) { return open_service_kv(options); }},
    Backend{"memory", [](const KvOptions& options) { return open_memory_kv(options); }},
    Backend{"redis", [](const KvOptions& options) { return open_redis_kv(options); }},
    Backend{"memcached", [](const KvOptions& options) { return open_memcached_kv(options); }},
};

// A day: longer waits for an answer are mistakes, and hiredis and libmemcached count them in 32 bits.
constexpr Duration kLongestTimeout = 24h;

tl::unexpected<Error> unknown_backend(std::string_view name) {
  std::array<std::string_view, kBackends.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kBackends[i].name;
  const auto near = nearest(name, names);
  return invalid(fmt::format("backend: '{}' is none of {}{}", name.substr(0, 64), fmt::join(names, ", "),
                             near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

}  // namespace

Result<std::unique_ptr<Kv>> open_kv(const KvOptions& options) {
  if (auto checked = check_namespace(options.name_space); !checked) {
    return invalid(fmt::format("namespace: {}", checked.error().message));
  }
  if (options.timeout <= Duration::zero() || options.timeout > kLongestTimeout) {
    return invalid(fmt::format("timeout: {} is not above 0 and at most a day", format_duration(options.timeout)));
  }
  for (const Backend& backend : kBackends) {
    if (backend.name != options.backend) continue;
    if (backend.name == "memory" && !options.servers.empty()) return invalid("servers: memory has none");
    if (options.security.enabled() && backend.name != "gossip" && backend.name != "service") {
      return invalid(
          fmt::format("CURVE secures connections over ZeroMQ, and {} has none: leave the key files out", backend.name));
    }
    return backend.open(options);
  }
  return unknown_backend(options.backend);
}

}  // namespace hearsay
