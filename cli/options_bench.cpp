// The options of `hearsay bench startup`, `lookup` and `expiry`.
#include <utility>

#include "cli/declare.hpp"
#include "cli/shared_options.hpp"

namespace hearsay::cli {

namespace {

constexpr const char* kBenchText =
    "Examples:\n"
    "  hearsay bench startup --nodes 2,10,50\n"
    "  hearsay bench lookup --nodes 2 --pin 0\n\n"
    "Prints a table, or with --json what Google Benchmark prints, so that its compare.py takes it. Latencies of one\n"
    "core and of several differ by what waking another core costs: --pin 0 makes them comparable.";

constexpr const char* kStartupText =
    "Examples:\n"
    "  hearsay bench startup\n"
    "  hearsay bench startup --backend redis --servers 127.0.0.1:6379 --repeats 20\n\n"
    "How long until a store is ready and its first put and get are done; of gossip also for a process of its own, "
    "from\n"
    "its start on, and until all nodes of a cluster see all others, which start at once and join through the first.";

constexpr const char* kLookupText =
    "Examples:\n"
    "  hearsay bench lookup --nodes 2 --pin 0\n"
    "  hearsay bench lookup --backend redis --servers 127.0.0.1:6379 --threads 4 --popularity zipf\n"
    "  hearsay bench lookup --loop open --rate 20000 --seconds 10s\n\n"
    "Puts all keys, named bench:0000000 and so on, and then gets and puts them. In an open loop latency counts from "
    "when "
    "a\n"
    "call was due, so that a stall is felt by all calls that it delays. Of gossip on several nodes it also tells gets "
    "of\n"
    "what the node itself owns from those of what another one does, beside a bare round trip over ZeroMQ.";

constexpr const char* kExpiryText =
    "Example:\n  hearsay bench expiry --keys 1000000 --ttl 10s\n\n"
    "Puts all keys with one deadline into a node and tells how long after it the last one is gone, how long a get had "
    "to\n"
    "wait meanwhile, and what memory an item takes.";

std::string check_size(const std::string& text) {
  std::uint64_t nodes = 0;
  return detail::read_whole(text, {2, 500}, nodes);
}

void add_bench(Options& options, BenchSettings& bench) {
  options.number("--pin", bench.pin, {0, 1023}, "CPU", "Keeps all of its threads on this core");
  options.flag("--json", bench.json, "Prints JSON, as Google Benchmark does");
}

void add_store(Options& options, BenchSettings& bench) {
  options.choice<std::string>("--backend", bench.store.backend,
                              {{"gossip", "gossip"},
                               {"service", "service"},
                               {"redis", "redis"},
                               {"memcached", "memcached"},
                               {"memory", "memory"}},
                              "NAME", "gossip (the default), service, redis, memcached or memory");
  options.list(
      "--servers", bench.store.servers, ',', true, "SERVER,...",
      "Nodes to join or to ask, or host:port of redis or memcached; gossip and service start their own without");
  add_namespace(options, bench.store.name_space);
  options.duration("--timeout", bench.store.timeout, 1ms, 1h, "How long to wait for an answer");
  add_security(options, bench.store.security, true);
  add_bench(options, bench);
}

}  // namespace

void declare_bench(VerbSet& verbs, Body<BenchStartupSettings> startup, Body<BenchLookupSettings> lookup,
                   Body<BenchExpirySettings> expiry) {
  verbs.add_family("bench", "Measures start-up and lookup latency", kBenchText);
  {
    auto [options, bench] = verbs.add<BenchStartupSettings>("bench startup", "Measures how long it takes to be there",
                                                            kStartupText, std::move(startup));
    options.list("--nodes", bench.nodes, ',', true, "N,...", "Sizes of clusters, of gossip; 2,10,50 otherwise",
                 check_size);
    options.number("--repeats", bench.repeats, {1, 1000}, "N", "How often each is done");
    options.flag("--processes", bench.processes, "Each node of a cluster is a process of its own");
    add_store(options, bench);
  }
  {
    auto [options, bench] = verbs.add<BenchLookupSettings>("bench lookup", "Measures throughput and latency of calls",
                                                           kLookupText, std::move(lookup));
    options.number("--keys", bench.keys, {1, 100'000'000}, "N", "Keys");
    options.number("--value-size", bench.value_bytes, {0, std::uint64_t{1} << 20U}, "BYTES", "Bytes of a value");
    options.number("--threads", bench.threads, {1, 256}, "N", "Threads that call");
    options.duration("--seconds", bench.span, 1ms, 1h, "How long each part takes");
    options.real("--read-share", bench.read_share, 0, 1, "SHARE", "The share of gets; the rest are puts");
    options.real("--miss-share", bench.miss_share, 0, 1, "SHARE", "The share of gets that ask for what is not there");
    options.choice<bool>("--popularity", bench.is_zipf, {{"uniform", false}, {"zipf", true}}, "KIND",
                         "uniform (the default) or zipf");
    options.real("--zipf", bench.zipf, 0, 20, "S", "Zipf's exponent, of --popularity zipf; 0.99 otherwise");
    options.choice<bool>("--loop", bench.is_open, {{"closed", false}, {"open", true}}, "KIND",
                         "closed (the default): a call follows the last answer; open: calls start when they are due");
    options.real("--rate", bench.rate, 0, 1e7, "R",
                 "Calls a second of all threads; 0 (the default, in a closed loop alone) is as many as there can be");
    options.number("--nodes", bench.nodes, {1, 100}, "N",
                   "Nodes to start, of gossip and service without --servers; 1 otherwise");
    options.number("--batch", bench.batch, {1, 10'000}, "B", "Keys a call: get_many and put_many");
    add_store(options, bench);
  }
  {
    auto [options, bench] = verbs.add<BenchExpirySettings>("bench expiry", "Measures how long expired items take to go",
                                                           kExpiryText, std::move(expiry));
    options.number("--keys", bench.keys, {1, std::uint64_t{1} << 24U}, "N", "Keys with one deadline");
    options.number("--value-size", bench.value_bytes, {0, std::uint64_t{1} << 16U}, "BYTES", "Bytes of a value");
    options.duration("--ttl", bench.ttl, 1ms, 1h, "From the first put to the deadline; all puts must fit in");
    add_bench(options, bench);
  }
}

}  // namespace hearsay::cli
