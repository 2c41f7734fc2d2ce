#include "cli/program.hpp"

#include <fmt/format.h>

#include <exception>

#include "cli/declare.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/node_worker.hpp"
#include "cli/plugins.hpp"
#include "cli/terminal.hpp"

namespace hearsay::cli {

namespace {

// In the order of the help.
void declare_verbs(VerbSet& verbs) {
  declare_run(verbs, run);
  declare_check(verbs, check);
  declare_list(verbs, list);
  declare_compare(verbs, compare);
  declare_node(verbs, node);
  declare_serve(verbs, serve);
  declare_broker(verbs, broker);
  declare_status(verbs, status);
  declare_keygen(verbs, keygen);
  declare_kv(verbs, [](const KvSettings& settings) { return kv(settings, open_kv); });
  declare_ring(verbs, ring_compare, ring_check, ring_lookup);
  declare_new(verbs, new_strategy);
  declare_bench(verbs, bench_startup, bench_lookup, bench_expiry);
}

}  // namespace

int run_program(std::vector<std::string> arguments) {
  prepare_streams();
  try {
    if (auto loaded = load_plugins(arguments); !loaded) return failed(loaded.error());
    if (!arguments.empty() && arguments.front() == WorkerOrder::kVerb) return node_worker(arguments);
    VerbSet verbs;
    declare_verbs(verbs);
    return verbs.run(arguments);
  } catch (const std::exception& error) {  // memory that ran out, or what a plug-in threw
    return failed({ErrorCode::kInternal, fmt::format("failed: {}", error.what())});
  }
}

}  // namespace hearsay::cli
