// `hearsay kv`: one call to a store, and its outcome as data, a line for people and an exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/bytes_text.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/verbs.hpp"
#include "cli/words.hpp"
#include "core/base/quantity.hpp"
#include "core/kv/request.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFromStandardInput = "-";
// How long a watch waits before it looks whether it was interrupted.
constexpr Duration kPatience = 100ms;

Json with_key(std::string_view key) {
  Json json = Json::object();
  set_bytes(json, "key", key);
  return json;
}

// What is left of an item's time; null: it never expires.
Json ttl_left(Duration left) { return left == 0ns ? Json(nullptr) : Json(std::chrono::duration<double>(left).count()); }

// Up to the largest value and one byte more, which the store then refuses as too large.
Result<std::string> read_value() {
  std::string value;
  std::array<char, 1 << 16> buffer{};
  while (value.size() <= kMaxValueBytes) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stdin);
    if (count == 0) break;
    value.append(buffer.data(), count);
  }
  if (std::ferror(stdin) != 0) return invalid(fmt::format("stdin: cannot be read: {}", std::strerror(errno)));
  if (value.size() > kMaxValueBytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("stdin: a value of over {} bytes", kMaxValueBytes));
  }
  return value;
}

int put(const KvSettings& settings, Kv& kv) {
  Item item{settings.key, settings.value, settings.ttl};
  if (settings.value == kFromStandardInput) {
    auto value = read_value();
    if (!value) return failed(value.error());
    item.value = std::move(*value);
  }
  if (auto done = kv.put(item); !done) return failed(done.error());
  if (!settings.json) return kOk;
  Json json = with_key(settings.key);
  json["bytes"] = item.value.size();
  json["ttl_s"] = ttl_left(settings.ttl);
  return print_or_fail(json_text(json));
}

int get(const KvSettings& settings, Kv& kv) {
  const auto item = kv.get(settings.key);
  if (!item && item.error().code == ErrorCode::kNotFound) {
    return failed({ErrorCode::kNotFound, fmt::format("not found: {} in {}", plan::quote(settings.key), kv.string())});
  }
  if (!item) return failed(item.error());
  if (settings.json) {
    Json json = with_key(settings.key);
    set_bytes(json, "value", item->value);
    json["ttl_left_s"] = ttl_left(item->expiration);
    return print_or_fail(json_text(json));
  }
  return print_or_fail(::isatty(STDOUT_FILENO) != 0 ? item->value + "\n" : item->value);
}

int del(const KvSettings& settings, Kv& kv) {
  if (auto done = kv.del(settings.key); !done) return failed(done.error());
  return settings.json ? print_or_fail(json_text(with_key(settings.key))) : kOk;
}

int list(const KvSettings& settings, Kv& kv) {
  // One more than is shown tells whether there are more.
  auto keys = kv.list(settings.key, settings.limit + 1);
  if (!keys) return failed(keys.error());
  const bool more = keys->size() > settings.limit;
  if (more) keys->resize(settings.limit);
  std::string out;
  const bool to_terminal = ::isatty(STDOUT_FILENO) != 0;
  for (const std::string& key : *keys) {
    out += settings.json ? json_text(with_key(key)) : (to_terminal ? plan::one_line(key) : key) + "\n";
  }
  const int code = print_or_fail(out);
  if (code == kOk && more && !settings.quiet) {
    std::fprintf(stderr, "hearsay: there are more than these %s; --limit shows more\n",
                 counted(settings.limit, "key").c_str());
  }
  return code;
}

std::string_view word_for(KvChange::Kind kind) {
  switch (kind) {
    case KvChange::Kind::kPut: return "put";
    case KvChange::Kind::kDel: return "del";
    case KvChange::Kind::kExpired: return "expired";
    case KvChange::Kind::kMissed: return "missed";
  }
  return "";
}

std::string change_text(const KvChange& change, bool as_json) {
  const bool is_put = change.kind == KvChange::Kind::kPut;
  if (as_json) {
    Json json{{"change", word_for(change.kind)}};
    if (change.kind != KvChange::Kind::kMissed) set_bytes(json, "key", change.item.key);
    if (is_put) {
      set_bytes(json, "value", change.item.value);
      json["ttl_left_s"] = ttl_left(change.item.expiration);
    }
    return json_text(json);
  }
  std::string text(word_for(change.kind));
  if (change.kind != KvChange::Kind::kMissed) text += fmt::format(" {}", plan::one_line(change.item.key));
  if (is_put) text += fmt::format(" {}", plan::one_line(change.item.value));
  return text + "\n";
}

int watch(const KvSettings& settings, Kv& kv) {
  const SignalGuard guard;
  auto watcher = kv.watch(settings.key);
  if (!watcher) return failed(watcher.error());
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  std::uint64_t seen = 0;
  while (!was_interrupted()) {
    Duration wait = kPatience;
    if (settings.span > 0ns) {
      const Duration left = settings.span - std::chrono::duration_cast<Duration>(Clock::now() - begun);
      if (left <= 0ns) {
        if (settings.count == 0) return kOk;
        return failed({ErrorCode::kTimeout, fmt::format("{} within {}, and {} were to come", counted(seen, "change"),
                                                        format_duration(settings.span), settings.count)});
      }
      wait = std::min(wait, left);
    }
    const auto change = (*watcher)->next(wait);
    if (!change && change.error().code == ErrorCode::kTimeout) continue;
    if (!change) return failed(change.error());
    if (const int code = print_or_fail(change_text(*change, settings.json)); code != kOk) return code;
    if (reader_is_gone()) return kOk;
    if (++seen == settings.count) return kOk;
  }
  return kInterrupted;
}

// A client that is no member asks nodes as their service.
Result<KvOptions> open_options(const KvSettings& settings) {
  KvOptions options = settings.store;
  if (options.backend == "gossip") options.backend = "service";
  if (options.backend == "service" && options.servers.empty()) {
    return invalid(
        "--servers is missing: which nodes to ask, as in --servers tcp://127.0.0.1:27801; HEARSAY_SERVERS and the file "
        "of --config may have it, too");
  }
  return options;
}

}  // namespace

int kv(const KvSettings& settings, const KvOpener& open) {
  const auto options = open_options(settings);
  if (!options) return failed(options.error());
  auto opened = open(*options);
  if (!opened) return failed(opened.error());
  Kv& store = **opened;
  switch (settings.op) {
    case KvSettings::Op::kPut: return put(settings, store);
    case KvSettings::Op::kGet: return get(settings, store);
    case KvSettings::Op::kDel: return del(settings, store);
    case KvSettings::Op::kList: return list(settings, store);
    case KvSettings::Op::kWatch: return watch(settings, store);
  }
  return kFailure;
}

}  // namespace hearsay::cli
