// `hearsay bench lookup`: a load on any backend, and of gossip what a get costs here, elsewhere, and at least.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/bench_cluster.hpp"
#include "cli/bench_report.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/raw_round_trip.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "cli/words.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

// Gets elsewhere and bare round trips alternate this often, so that whatever slows the machine slows both.
constexpr int kTurns = 5;
constexpr double kDefaultZipf = 0.99;
// What the benchmark leaves in a server goes by itself.
constexpr Duration kSpare = 10min;

struct Report {
  std::vector<std::vector<std::string>> rows;
  Json benchmarks = Json::array();
  std::string backend;

  void add(const std::string& name, const LoadFigures& figures, const LoadResult& of, std::uint32_t threads) {
    rows.push_back(load_row(name, figures, of.elapsed_s));
    std::string word = name;
    std::ranges::replace(word, ' ', '_');
    benchmarks.push_back(load_json(fmt::format("lookup/{}/{}", backend, word), figures, of, threads));
  }
};

Load load_of(const BenchLookupSettings& settings) {
  Load load;
  load.threads = settings.threads;
  load.span = settings.span;
  load.read_share = settings.read_share;
  load.miss_share = settings.miss_share;
  if (settings.is_zipf) load.zipf = settings.zipf.value_or(kDefaultZipf);
  load.is_open = settings.is_open;
  load.rate = settings.rate;
  load.batch = settings.batch;
  load.value_bytes = settings.value_bytes;
  load.ttl = 5 * settings.span + kSpare;
  return load;
}

// The mix that was asked for.
Result<LoadResult> mixed(const BenchLookupSettings& settings, Kv& kv, const std::vector<std::string>& keys,
                         Report& report) {
  const Load load = load_of(settings);
  auto loaded = run_load(kv, keys, load);
  if (!loaded) return loaded;
  const LoadResult& result = *loaded;
  report.add("gets", result.gets, result, load.threads);
  report.add("puts", result.puts, result, load.threads);
  report.add("all", result.all(), result, load.threads);
  if (load.is_open) report.benchmarks.back()["calls_not_made"] = result.not_made;
  if (!load.is_open && load.rate > 0) {
    LoadFigures corrected = result.all();
    const double interval = 1e9 * load.threads / load.rate;
    corrected.latency = corrected.latency.corrected(Duration(std::max<std::int64_t>(1, std::llround(interval))));
    report.add("all corrected", corrected, result, load.threads);
  }
  return loaded;
}

Result<LoadResult> raw_for(RawRoundTrip& raw, Duration span, std::uint64_t bytes) {
  LoadResult result;
  const auto begin = Clock::now();
  for (auto at = begin; at < begin + span;) {
    if (auto done = raw.once(); !done) return tl::unexpected(done.error());
    const auto answered = Clock::now();
    result.gets.latency.record(answered - at);
    ++result.gets.hits;
    result.gets.bytes += 2 * bytes;
    at = answered;
  }
  result.elapsed_s = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

void merge(LoadResult& all, const LoadResult& turn) {
  all.gets.merge(turn.gets);
  all.elapsed_s += turn.elapsed_s;
  all.cpu_s += turn.cpu_s;
  if (!all.first_error) all.first_error = turn.first_error;
}

double p50(const LoadResult& result) { return static_cast<double>(result.gets.latency.quantile(0.5).count()); }

// By one thread, in a closed loop, without puts: what the node has itself, and what others have beside the least that
// it can cost. Returns the ratio of the two, the median of the turns'; 0: there is none.
Result<double> by_owner(const BenchLookupSettings& settings, BenchCluster& cluster,
                        const std::vector<std::string>& keys, Report& report) {
  const auto split = cluster.split(keys);
  if (!split) return tl::unexpected(split.error());
  Load load;
  load.span = settings.span;
  load.value_bytes = settings.value_bytes;
  if (!split->own.empty()) {
    const auto own = run_load(cluster.kv(), split->own, load);
    if (!own) return tl::unexpected(own.error());
    report.add("gets of own keys", own->gets, *own, 1);
  }
  if (split->remote.empty()) return 0.0;
  auto raw = RawRoundTrip::open(settings.value_bytes);
  if (!raw) return tl::unexpected(raw.error());
  load.span = std::max<Duration>(settings.span / kTurns, 1ms);
  LoadResult remote;
  LoadResult bare;
  std::vector<double> ratios;
  for (int turn = 0; turn < kTurns && !was_interrupted(); ++turn) {
    const auto once = raw_for(**raw, load.span, settings.value_bytes);
    if (!once) return tl::unexpected(once.error());
    const auto there = run_load(cluster.kv(), split->remote, load);
    if (!there) return tl::unexpected(there.error());
    ratios.push_back(p50(*there) / p50(*once));
    merge(bare, *once);
    merge(remote, *there);
  }
  report.add("gets of others' keys", remote.gets, remote, 1);
  report.add("bare round trip", bare.gets, bare, 1);
  std::ranges::sort(ratios);
  return ratios.empty() ? 0 : ratios[ratios.size() / 2];
}

std::string title(const BenchLookupSettings& settings, const std::string& store) {
  std::string text =
      fmt::format("{}\n{} of {} B, {}, {}; {:g}% gets", store, counted(settings.keys, "key"), settings.value_bytes,
                  settings.is_zipf ? fmt::format("zipf {:g}", *load_of(settings).zipf) : "uniform",
                  counted(settings.threads, "thread"), settings.read_share * 100);
  if (settings.batch > 1) text += fmt::format(" of {} keys a call", settings.batch);
  text += fmt::format(", {} loop", settings.is_open ? "open" : "closed");
  if (settings.rate > 0) text += fmt::format(" at {:g}/s", settings.rate);
  text += fmt::format(", {}", human_duration(settings.span));
  if (settings.pin) text += fmt::format(", on core {}", *settings.pin);
  return text + "\n\n";
}

Result<int> measure(const BenchLookupSettings& settings) {
  auto cluster = BenchCluster::open(settings.store, static_cast<std::uint32_t>(settings.nodes.value_or(1)));
  if (!cluster) return tl::unexpected(cluster.error());
  Kv& kv = cluster->kv();
  const std::vector<std::string> keys = bench_keys(settings.keys);
  if (auto put = put_all(kv, keys, settings.value_bytes, load_of(settings).ttl); !put)
    return tl::unexpected(put.error());
  // Connections are opened by the first calls of each thread: not what is measured.
  Load warm = load_of(settings);
  warm.span = std::min<Duration>(settings.span / 10, 200ms);
  warm.is_open = false;
  warm.rate = 0;
  if (auto warmed = run_load(kv, keys, warm); !warmed) return tl::unexpected(warmed.error());

  Report report;
  report.backend = settings.store.backend;
  report.rows.push_back(load_head());
  const auto mix = mixed(settings, kv, keys, report);
  if (!mix) return tl::unexpected(mix.error());
  const LoadResult& result = *mix;
  double ratio = 0;
  if (settings.store.backend == "gossip") {
    const auto found = by_owner(settings, *cluster, keys, report);
    if (!found) return tl::unexpected(found.error());
    ratio = *found;
  }
  if (was_interrupted()) return int{kInterrupted};
  if (result.first_error && result.gets.hits + result.gets.misses + result.puts.hits == 0) {
    return tl::unexpected(*result.first_error);
  }
  std::string text;
  if (settings.json) {
    if (ratio > 0) {
      report.benchmarks.push_back(benchmark_json("lookup/gossip/remote_to_bare", kTurns, 0, 0, {{"ratio", ratio}}));
    }
    text = document(std::move(report.benchmarks), {{"store", kv.string()}});
  } else {
    text = title(settings, kv.string()) + table_text(report.rows);
    if (result.not_made > 0) {
      text +=
          fmt::format("\nThe store did not keep up: {} more were due and not made\n", counted(result.not_made, "call"));
    }
    if (ratio > 0) {
      text +=
          fmt::format("\nA get of another node's key takes {} times the bare round trip (median of {} turns' p50)\n",
                      number_text(ratio), kTurns);
    }
    if (result.first_error) text += fmt::format("\nThe first error: {}\n", plan::one_line(result.first_error->message));
  }
  return print_or_fail(text);
}

// What does not go together: an option without effect would be taken for one with.
Result<void> check_options(const BenchLookupSettings& settings) {
  if (settings.is_open && settings.rate <= 0) {
    return invalid("--rate is missing: an open loop's calls are due at one, as in --rate 10000");
  }
  if (settings.zipf && !settings.is_zipf) return invalid("--zipf: is of a popularity; give --popularity zipf");
  if (!settings.nodes) return {};
  const std::string& backend = settings.store.backend;
  if (backend != "gossip" && backend != "service") {
    return invalid(fmt::format("--nodes: {} has none that could be started; it is of gossip and service", backend));
  }
  if (!settings.store.servers.empty()) return invalid("--nodes: none are started where --servers are given");
  return {};
}

}  // namespace

int bench_lookup(const BenchLookupSettings& settings) {
  if (auto fits = check_options(settings); !fits) return failed(fits.error());
  raise_descriptor_limit();
  if (settings.pin) {
    if (auto pinned = pin_to(*settings.pin); !pinned) return failed(pinned.error());
  }
  const SignalGuard guard;
  const auto code = measure(settings);
  if (code) return *code;
  return was_interrupted() ? int{kInterrupted} : failed(code.error());
}

}  // namespace hearsay::cli
