// go-os/kv's example: every second a greeting that lives for 20 s is put and read back. The worked example of
// docs/howto/use-the-kv.md.
//
//   kv_greetings [--backend NAME] [--servers SERVER,...] [--namespace NAME] [--count N] [--interval DURATION]
//
// Backend memory unless told otherwise; without --count it goes on until it is stopped. Exits with 1 when a call fails,
// with 2 when it was called wrongly.
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/quantity.hpp"
#include "transport/kv_options.hpp"

using namespace hearsay;

// Puts greeting-i and reads it back.
Result<Item> greet(Kv& kv, int i) {
  const Item item{fmt::format("greeting-{}", i), fmt::format("hello {}", i), 20s};
  if (auto done = kv.put(item); !done) return tl::unexpected(done.error());
  return kv.get(item.key);
}

int refuse(std::string_view why) {
  fmt::print(stderr, "kv_greetings: {}\n", why);
  return 2;
}

int main(int argc, char** argv) {
  std::map<std::string, std::string> given{
      {"--backend", "memory"}, {"--servers", ""}, {"--namespace", ""}, {"--count", "-1"}, {"--interval", "1s"}};
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc || given.count(argv[i]) == 0) return refuse(fmt::format("what is '{}'?", argv[i]));
    given[argv[i]] = argv[i + 1];
  }
  int count = 0;
  const std::string& digits = given["--count"];
  const auto number = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (number.ec != std::errc() || number.ptr != digits.data() + digits.size()) return refuse("--count is no number");
  const auto interval = parse_duration(given["--interval"]);
  if (!interval) return refuse(interval.error().message);

  KvOptions options;
  options.backend = given["--backend"];
  options.name_space = given["--namespace"];
  for (std::string_view rest = given["--servers"]; !rest.empty();) {
    const std::string_view server = rest.substr(0, rest.find(','));
    options.servers.emplace_back(server);
    rest.remove_prefix(std::min(rest.size(), server.size() + 1));
  }
  auto kv = open_kv(options);
  if (!kv) return refuse(kv.error().message);
  fmt::print("{}\n", (*kv)->string());

  for (int i = 0; i != count; ++i) {
    if (i > 0) std::this_thread::sleep_for(*interval);
    const auto item = greet(**kv, i);
    if (!item) {
      fmt::print(stderr, "kv_greetings: {}: {}\n", to_string(item.error().code), item.error().message);
      return 1;
    }
    fmt::print("{} = {}, {} left\n", item->key, item->value, human_duration(item->expiration));
    std::fflush(stdout);
  }
  if (auto closed = (*kv)->close(); !closed) return 1;
}
