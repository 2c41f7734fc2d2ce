// Each verb's options and help, declared into the program's set. What the verb does is handed in, so that its options
// can be tested without it: the program registers a verb by one line (program.cpp).
#pragma once

#include "cli/verb_set.hpp"
#include "cli/verbs.hpp"

namespace hearsay::cli {

void declare_run(VerbSet& verbs, Body<RunSettings> body);
void declare_check(VerbSet& verbs, Body<CheckSettings> body);
void declare_list(VerbSet& verbs, Body<ListSettings> body);
void declare_compare(VerbSet& verbs, Body<CompareSettings> body);
void declare_node(VerbSet& verbs, Body<NodeSettings> body);
void declare_serve(VerbSet& verbs, Body<ServeSettings> body);
void declare_broker(VerbSet& verbs, Body<BrokerSettings> body);
void declare_status(VerbSet& verbs, Body<StatusSettings> body);
void declare_keygen(VerbSet& verbs, Body<KeygenSettings> body);
// put, get, del, list and watch.
void declare_kv(VerbSet& verbs, const Body<KvSettings>& body);
// ring.
void declare_new(VerbSet& verbs, const Body<NewSettings>& body);
// compare, check and lookup.
void declare_ring(VerbSet& verbs, Body<RingCompareSettings> compare, Body<RingCheckSettings> check,
                  Body<RingLookupSettings> lookup);
// startup, lookup and expiry.
void declare_bench(VerbSet& verbs, Body<BenchStartupSettings> startup, Body<BenchLookupSettings> lookup,
                   Body<BenchExpirySettings> expiry);

}  // namespace hearsay::cli
