#include "transport/channel.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/kv/kv.hpp"

namespace hearsay::transport {

namespace {

Result<void> check_word(std::string_view what, std::string_view word) {
  if (word.empty() || word.size() > kMaxChannelWord) {
    return invalid(fmt::format("a {} has 1 to {} characters", what, kMaxChannelWord));
  }
  const auto wrong = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '|'; };
  if (std::any_of(word.begin(), word.end(), wrong)) {
    return invalid(fmt::format("the {} must have neither '|' nor a control character", what));
  }
  return {};
}

}  // namespace

Result<Channel> Channel::make(std::string_view topic, std::string_view service, std::string_view name_space) {
  if (auto ok = check_word("topic", topic); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_word("service", service); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_namespace(name_space); !ok) return tl::unexpected(ok.error());
  if (topic == service) return invalid(fmt::format("topic and service must differ; both are '{}'", topic));
  return Channel{fmt::format("{}|{}|", topic, name_space), fmt::format("{}|{}|", service, name_space)};
}

std::string Channel::listener(NodeId id) const { return fmt::format("{}~{:016x}", peers, raw(id)); }

std::string Channel::welcome(NodeId id) const { return fmt::format("{}{:016x}", welcomes(), raw(id)); }

}  // namespace hearsay::transport
