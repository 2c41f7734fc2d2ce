// The options of `hearsay ring compare`, `check` and `lookup`.
#include "cli/declare.hpp"

namespace hearsay::cli {

namespace {

constexpr const char* kRingFamilyText =
    "Examples:\n"
    "  hearsay ring compare\n"
    "  hearsay ring check anchor\n"
    "  hearsay ring lookup ketama --members a:11211=3,b:11211 greeting\n\n"
    "A ring is one of `hearsay list ring`, with parameters behind a colon: karger:points=40.";

constexpr const char* kCompareText =
    "Examples:\n"
    "  hearsay ring compare\n"
    "  hearsay ring compare karger karger:points=40 jump --nodes 10,1000 --keys 1000000\n"
    "  hearsay ring compare karger anchor --nodes 100 --scenario scenarios/ring-churn.toml\n\n"
    "Shares, disruption, replicas and agreement are counted on members and keys drawn from the seed, and are the same "
    "on\n"
    "every machine; what is beside a figure is its 95% interval over the sets of members. Times and memory are "
    "measured\n"
    "here. With a scenario, it is run in the simulator with each ring: what do keys and quorums suffer while views "
    "differ?\n"
    "docs/reference/ring-figures.md says what each figure means.";

constexpr const char* kCheckText =
    "Example:\n  hearsay ring check anchor\n\n"
    "Tries what every ring must do and what this one promises, on random members, changes and keys. What breaks is "
    "shown\n"
    "with the fewest members, steps and keys that show it, and the exit code is 3. What a ring does not promise is "
    "tried,\n"
    "too, and shown when it breaks.";

constexpr const char* kRingLookupText =
    "Examples:\n"
    "  hearsay ring lookup ketama --members a:11211=3,b:11211=1 greeting\n"
    "  hearsay ring lookup karger --members-file members.txt --replicas 3 --json key-1 key-2\n\n"
    "Prints each key with its owner and its replicas; keys come from standard input, one a line, where none is given.\n"
    "A line ends with or without a carriage return.";

}  // namespace

void declare_ring(VerbSet& verbs, Body<RingCompareSettings> compare_body, Body<RingCheckSettings> check_body,
                  Body<RingLookupSettings> lookup_body) {
  verbs.add_family("ring", "Measures, checks and asks placement rings", kRingFamilyText);
  {
    auto [options, compare] = verbs.add<RingCompareSettings>("ring compare", "Shows how good rings are, side by side",
                                                             kCompareText, std::move(compare_body));
    options.arguments("RING", compare.rings, false, "A ring of the catalogue; all of them otherwise");
    options.list("--nodes", compare.nodes, ',', true, "N,...", "Numbers of members");
    options.number("--keys", compare.keys, {1000, 100'000'000}, "N", "Keys to count where shares are not exact");
    options.number("--sets", compare.sets, {1, 1000}, "N", "Sets of members, of which figures are the mean");
    options.number("--seed", compare.seed, {}, "N", "Of members and keys");
    options.text("--scenario", compare.scenario, "FILE", "A scenario to run with each ring, which takes its time");
    options.flag("--no-times", compare.no_times, "Measures no times: what is printed is the same on every machine");
    options.flag("--json", compare.json, "Prints an array of rows: ring, nodes, figure, value, low, high");
  }
  {
    auto [options, check] = verbs.add<RingCheckSettings>("ring check", "Tries what a ring must do and what it promises",
                                                         kCheckText, std::move(check_body));
    options.arguments("RING", check.rings, false, "A ring of the catalogue; all of them otherwise");
    options.number("--trials", check.trials, {1, 1'000'000}, "N", "Cases a property");
    options.number("--seed", check.seed, {}, "N", "Of the cases");
    options.flag("--json", check.json, "Prints an array of objects");
  }
  {
    auto [options, lookup] = verbs.add<RingLookupSettings>("ring lookup", "Prints where keys belong", kRingLookupText,
                                                           std::move(lookup_body));
    options.argument("RING", lookup.ring, true, "A ring of the catalogue");
    options.arguments("KEY", lookup.keys, false, "Keys; from standard input otherwise");
    options.list("--members", lookup.members, ',', true, "NAME[=WEIGHT],...", "The members");
    options.text("--members-file", lookup.members_file, "FILE",
                 "The members, NAME[=WEIGHT] one a line, '#' begins a comment; '-' is standard input");
    options.number("--replicas", lookup.replicas, {1, 1'000'000}, "N", "Members a key");
    options.flag("--json", lookup.json, "Prints an object a key: key, owner, replicas");
  }
}

}  // namespace hearsay::cli
