#include <doctest/doctest.h>

#include <deque>
#include <map>

#include "cli/declare.hpp"
#include "cli/exit_codes.hpp"
#include "core/kv/request.hpp"
#include "tests/cli/captured.hpp"

using namespace hearsay;
using namespace hearsay::cli;

namespace {

// What a test decides of a store, and what the store was asked; it outlives the handle.
struct Script {
  KvOptions opened;
  std::map<std::string, Item, std::less<>> items;
  std::optional<Error> error;  // of every call
  std::deque<Result<KvChange>> changes;
  bool can_list = true;
};

class ScriptedWatcher final : public KvWatcher {
 public:
  explicit ScriptedWatcher(Script& script) : script_(script) {}
  Result<KvChange> next(Duration) override {
    if (script_.changes.empty()) return fail(ErrorCode::kTimeout, "none");
    Result<KvChange> change = std::move(script_.changes.front());
    script_.changes.pop_front();
    return change;
  }

 private:
  Script& script_;
};

class ScriptedKv final : public Kv {
 public:
  explicit ScriptedKv(Script& script) : Kv(script.opened.name_space), script_(script) {}
  std::string string() const override { return "scripted"; }
  KvCapabilities capabilities() const override { return {.list = script_.can_list, .watch = true}; }

 protected:
  Result<Item> do_get(std::string_view key) override {
    if (script_.error) return tl::unexpected(*script_.error);
    const auto found = script_.items.find(key);
    if (found == script_.items.end()) return fail(ErrorCode::kNotFound, "not found");
    return found->second;
  }
  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    if (script_.error) return tl::unexpected(*script_.error);
    script_.items[std::string(key)] = {std::string(key), std::string(value), ttl};
    return {};
  }
  Result<void> do_del(std::string_view key) override {
    if (script_.error) return tl::unexpected(*script_.error);
    script_.items.erase(std::string(key));
    return {};
  }
  Result<std::vector<std::string>> do_list(std::string_view prefix, std::size_t) override {
    std::vector<std::string> keys;
    for (const auto& [key, _] : script_.items) {
      if (key.starts_with(prefix)) keys.push_back(key);
    }
    return keys;
  }
  Result<std::unique_ptr<KvWatcher>> do_watch(std::string_view) override {
    return std::make_unique<ScriptedWatcher>(script_);
  }
  Result<void> do_close() override { return {}; }

 private:
  Script& script_;
};

// `hearsay kv ...` over the scripted store.
test::Captured kv_says(Script& script, std::vector<std::string> words, const std::string& given = {}) {
  words.insert(words.begin(), "kv");
  const auto open = [&script](const KvOptions& options) -> Result<std::unique_ptr<Kv>> {
    script.opened = options;
    return std::make_unique<ScriptedKv>(script);
  };
  return test::captured(
      [&] {
        VerbSet verbs;
        declare_kv(verbs, [&](const KvSettings& settings) { return cli::kv(settings, open); });
        return verbs.run(words);
      },
      given);
}

std::vector<std::string> at_redis(std::vector<std::string> words) {
  words.insert(words.end(), {"--backend", "redis"});
  return words;
}

const std::string kBinary("\0\xff\n", 3);

}  // namespace

TEST_CASE("a value is stored with its time and printed alone") {
  Script script;
  CHECK(kv_says(script, at_redis({"put", "a", "1", "--ttl", "2s"})).code == kOk);
  CHECK(script.items["/a"] == Item{"/a", "1", 2s});
  const auto got = kv_says(script, at_redis({"get", "a"}));
  CHECK(got.code == kOk);
  CHECK(got.out == "1");
  CHECK(got.errors.empty());
}

TEST_CASE("values of standard input are kept byte by byte") {
  Script script;
  CHECK(kv_says(script, at_redis({"put", "a", "-"}), kBinary).code == kOk);
  CHECK(script.items["/a"].value == kBinary);
  CHECK(kv_says(script, at_redis({"get", "a"})).out == kBinary);
  CHECK(kv_says(script, at_redis({"put", "a", "-"}), std::string(kMaxValueBytes, 'x')).code == kOk);
  CHECK(script.items["/a"].value.size() == kMaxValueBytes);
  const auto over = kv_says(script, at_redis({"put", "b", "-"}), std::string(kMaxValueBytes + 1, 'x'));
  CHECK(over.code == kUsage);
  CHECK(over.errors == "hearsay: stdin: a value of over 1000000 bytes\n");
  CHECK_FALSE(script.items.contains("/b"));
}

TEST_CASE("words that CLI11 would take apart or for verbs are keys and values") {
  Script script;
  for (const std::string word : {"[a,b]", "{}", "get", "run", "kv", " x ", "\"q\"", "a=b", "'", "%%", "\n"}) {
    CAPTURE(word);
    CHECK(kv_says(script, at_redis({"put", word, word})).code == kOk);
    CHECK(script.items[std::string("/").append(word)].value == word);
    CHECK(kv_says(script, at_redis({"get", word})).out == word);
  }
  CHECK(kv_says(script, at_redis({"put", "empty", ""})).code == kOk);
  CHECK(script.items["/empty"].value.empty());
  CHECK(kv_says(script, {"put", "--backend", "redis", "--", "-k", "--v"}).code == kOk);
  CHECK(script.items["/-k"].value == "--v");
}

TEST_CASE("a miss exits with 5 and says which key") {
  Script script;
  const auto missed = kv_says(script, at_redis({"get", "a\nb"}));
  CHECK(missed.code == kNotFound);
  CHECK(missed.out.empty());
  CHECK(missed.errors == "hearsay: not found: 'a\\x0ab' in scripted\n");
}

TEST_CASE("each kind of error has its exit code") {
  const std::pair<ErrorCode, int> codes[] = {{ErrorCode::kUnavailable, kUnavailable}, {ErrorCode::kTimeout, kTimedOut},
                                             {ErrorCode::kInvalidArgument, kUsage},   {ErrorCode::kTooLarge, kUsage},
                                             {ErrorCode::kCorrupt, kFailure},         {ErrorCode::kClosed, kFailure},
                                             {ErrorCode::kInternal, kFailure}};
  for (const auto& [error, code] : codes) {
    CAPTURE(to_string(error));
    Script script;
    script.error = Error{error, "so it is"};
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"get", "a"}, std::vector<std::string>{"put", "a", "b"},
          std::vector<std::string>{"del", "a"}}) {
      const auto said = kv_says(script, at_redis(words));
      CHECK(said.code == code);
      CHECK(said.errors == "hearsay: so it is\n");
    }
  }
}

TEST_CASE("JSON has bytes in base64, marked so, and the time that is left") {
  Script script;
  script.items["/a"] = {"a", "\"x\"", 1500ms};
  CHECK(kv_says(script, at_redis({"get", "a", "--json"})).out ==
        "{\"key\":\"a\",\"value\":\"\\\"x\\\"\",\"ttl_left_s\":1.5}\n");
  script.items["/a"] = {"a", kBinary, 0ns};
  CHECK(kv_says(script, at_redis({"get", "a", "--json"})).out ==
        "{\"key\":\"a\",\"value\":\"AP8K\",\"value_encoding\":\"base64\",\"ttl_left_s\":null}\n");
  CHECK(kv_says(script, at_redis({"put", "b", "xyz", "--ttl", "1min", "--json"})).out ==
        "{\"key\":\"b\",\"bytes\":3,\"ttl_s\":60.0}\n");
  CHECK(kv_says(script, at_redis({"del", "b", "--json"})).out == "{\"key\":\"b\"}\n");
}

TEST_CASE("a client of the ring is a client of its nodes' service, and needs to know one") {
  Script script;
  const auto lost = kv_says(script, {"get", "a"});
  CHECK(lost.code == kUsage);
  CHECK(lost.errors.find("--servers is missing") != std::string::npos);
  CHECK(lost.errors.find("HEARSAY_SERVERS") != std::string::npos);
  CHECK(kv_says(script, {"put", "a", "b", "--servers", "tcp://x:1,tcp://y:2", "--namespace", "n", "--timeout", "3s"})
            .code == kOk);
  CHECK(script.opened.backend == "service");
  CHECK(script.opened.servers == std::vector<std::string>{"tcp://x:1", "tcp://y:2"});
  CHECK(script.opened.timeout == 3s);
  CHECK(script.items.contains("n/a"));
}

TEST_CASE("keys are listed a line each, and it is said when there are more") {
  Script script;
  for (const char* key : {"/b", "/a1", "/a2", "/a3"}) script.items[key] = {key, "x", 0ns};
  CHECK(kv_says(script, at_redis({"list"})).out == "a1\na2\na3\nb\n");
  const auto some = kv_says(script, at_redis({"list", "a", "--limit", "2"}));
  CHECK(some.out == "a1\na2\n");
  CHECK(some.errors == "hearsay: there are more than these 2 keys; --limit shows more\n");
  CHECK(kv_says(script, at_redis({"list", "a", "--limit", "3"})).errors.empty());
  CHECK(kv_says(script, at_redis({"list", "b", "--json"})).out == "{\"key\":\"b\"}\n");
  script.can_list = false;
  CHECK(kv_says(script, at_redis({"list"})).code == kUsage);
}

TEST_CASE("a watch ends after its changes or its time") {
  using Kind = KvChange::Kind;
  Script script;
  const auto fill = [&] {
    script.changes = {KvChange{Kind::kPut, {"a", "1", 2s}}, fail(ErrorCode::kTimeout, "none"),
                      KvChange{Kind::kMissed, {}}, KvChange{Kind::kExpired, {"a\n", "", 0ns}}};
  };
  fill();
  const auto three = kv_says(script, at_redis({"watch", "--count", "3"}));
  CHECK(three.code == kOk);
  CHECK(three.out == "put a 1\nmissed\nexpired a\\x0a\n");
  fill();
  CHECK(kv_says(script, at_redis({"watch", "--count", "2", "--json"})).out ==
        "{\"change\":\"put\",\"key\":\"a\",\"value\":\"1\",\"ttl_left_s\":2.0}\n{\"change\":\"missed\"}\n");
  fill();
  CHECK(kv_says(script, at_redis({"watch", "--for", "1ms"})).code == kOk);
  script.changes.clear();
  const auto late = kv_says(script, at_redis({"watch", "--for", "1ms", "--count", "9"}));
  CHECK(late.code == kTimedOut);
  CHECK(late.errors == "hearsay: 0 changes within 1ms, and 9 were to come\n");
  script.changes = {fail(ErrorCode::kClosed, "closed")};
  CHECK(kv_says(script, at_redis({"watch"})).code == kFailure);
}

TEST_CASE("what is wrong with the words is said") {
  Script script;
  CHECK(kv_says(script, {}).errors ==
        "hearsay: a verb is missing after kv: put, get, del, list, watch; see 'hearsay kv --help'\n");
  CHECK(kv_says(script, {"gte", "a"}).errors ==
        "hearsay: there is no verb 'kv gte'; there are put, get, del, list, watch; did you mean 'get'? See 'hearsay kv "
        "--help'\n");
  CHECK(kv_says(script, {"put", "a"}).errors == "hearsay: VALUE is required; see 'hearsay kv put --help'\n");
  CHECK(kv_says(script, {"put", "a", "b", "--tll", "2s"}).errors.find("did you mean '--ttl'?") != std::string::npos);
  CHECK(kv_says(script, {"put", "a", "b", "--ttl", "2"}).errors.find("--ttl: ") != std::string::npos);
  CHECK(kv_says(script, {"get", "a", "--backend", "redsi"}).errors.find("did you mean 'redis'?") != std::string::npos);
  CHECK(kv_says(script, {"get", "a", "--namespace", "a/b"}).code == kUsage);
  CHECK(kv_says(script, at_redis({"get", std::string(251, 'k')})).code == kUsage);
}
