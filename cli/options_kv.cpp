// The options of `hearsay kv put`, `get`, `del`, `list` and `watch`.
#include "cli/declare.hpp"
#include "cli/shared_options.hpp"

namespace hearsay::cli {

namespace {

constexpr const char* kFamilyText =
    "Examples:\n"
    "  hearsay kv put greeting hello --ttl 20s --servers tcp://127.0.0.1:27801\n"
    "  hearsay kv get greeting --servers tcp://127.0.0.1:27801\n\n"
    "Exits with 0 when it was done, 5 when there is no such key, 4 when no backend or too few replicas could be\n"
    "reached, 124 when the answer did not come in time (the outcome of a write is then unknown), 2 for what is wrong\n"
    "with the command, 130 when interrupted, 1 for anything else.";

constexpr const char* kPutText =
    "Examples:\n"
    "  hearsay kv put greeting hello --ttl 20s --servers tcp://127.0.0.1:27801\n"
    "  hearsay kv put picture - --backend redis --servers 127.0.0.1:6379 < picture.png";

constexpr const char* kGetText =
    "Example:\n  hearsay kv get greeting --servers tcp://127.0.0.1:27801\n\n"
    "Prints the value alone, byte by byte (and a newline, on a terminal). Exits with 5 when there is none.";

constexpr const char* kDelText =
    "Example:\n  hearsay kv del greeting --servers tcp://127.0.0.1:27801\n\n"
    "Deleting what is not there succeeds.";

constexpr const char* kListText =
    "Example:\n  hearsay kv list greeting- --backend redis --servers 127.0.0.1:6379\n\n"
    "Prints a key a line, sorted. Not every backend can.";

constexpr const char* kWatchText =
    "Example:\n  hearsay kv watch greeting- --count 3 --for 1min --servers tcp://127.0.0.1:27801\n\n"
    "Prints a line a change, from now on: put, del, expired; 'missed' when changes were lost on the way. Exits with 0\n"
    "after --count changes or the time of --for, with 124 when that time was over before --count. Not every backend "
    "can.";

void add_store(Options& options, KvSettings& kv) {
  options.choice<std::string>("--backend", kv.store.backend,
                              {{"gossip", "gossip"},
                               {"service", "service"},
                               {"redis", "redis"},
                               {"memcached", "memcached"},
                               {"memory", "memory"}},
                              "NAME",
                              "gossip (the default), service, redis, memcached or memory, which lasts as long as this "
                              "program");
  options.list("--servers", kv.store.servers, ',', true, "SERVER,...",
               "Whom to ask: endpoints of nodes, host:port of redis or memcached");
  add_namespace(options, kv.store.name_space);
  options.duration("--timeout", kv.store.timeout, 1ms, 1h, "How long to wait for an answer");
  add_topic(options, kv.store.topic);
  add_service(options, kv.store.service);
  add_security(options, kv.store.security, false);
  options.flag("--json", kv.json, "Prints JSON; what is no UTF-8 in base64, and marked so");
  options.flag("--quiet,-q", kv.quiet, "No remarks on stderr, but errors");
}

// One verb of the family, with its key and what all have.
VerbSet::Added<KvSettings> add(VerbSet& verbs, const std::string& name, const std::string& summary, const char* text,
                               KvSettings::Op op, const Body<KvSettings>& body) {
  auto added = verbs.add<KvSettings>("kv " + name, summary, text, body);
  added.settings.op = op;
  return added;
}

}  // namespace

void declare_kv(VerbSet& verbs, const Body<KvSettings>& body) {
  using Op = KvSettings::Op;
  verbs.add_family("kv", "Reads and writes the key-value store", kFamilyText);
  {
    auto [options, kv] = add(verbs, "put", "Stores a value under a key", kPutText, Op::kPut, body);
    options.argument("KEY", kv.key, true, "The key; a word that begins with - comes after --");
    options.argument("VALUE", kv.value, true, "The value; - reads it from standard input, as it is");
    options.duration("--ttl", kv.ttl, 0ns, kTenYears, "How long it lives; 0s (the default) is for ever");
    add_store(options, kv);
  }
  {
    auto [options, kv] = add(verbs, "get", "Prints the value of a key", kGetText, Op::kGet, body);
    options.argument("KEY", kv.key, true, "The key");
    add_store(options, kv);
  }
  {
    auto [options, kv] = add(verbs, "del", "Deletes a key", kDelText, Op::kDel, body);
    options.argument("KEY", kv.key, true, "The key");
    add_store(options, kv);
  }
  {
    auto [options, kv] = add(verbs, "list", "Lists keys", kListText, Op::kList, body);
    options.argument("PREFIX", kv.key, false, "What the keys begin with; all of them otherwise");
    options.number("--limit", kv.limit, {1, 1'000'000}, "N", "Keys at most");
    add_store(options, kv);
  }
  {
    auto [options, kv] = add(verbs, "watch", "Prints changes as they come", kWatchText, Op::kWatch, body);
    options.argument("PREFIX", kv.key, false, "What the keys begin with; all of them otherwise");
    options.number("--count", kv.count, {}, "N", "Ends after so many changes; 0 (the default) is any number");
    options.duration("--for", kv.span, 0ns, kTenYears, "Ends after this long; 0s (the default) is never");
    add_store(options, kv);
  }
}

}  // namespace hearsay::cli
