#include "sim/measure/metric_names.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace hearsay::measure {

namespace {

constexpr MetricInfo kMetrics[] = {
    // Views.
    {"start_convergence_s", "live nodes",
     "From the last node's start until every live node's view is its target, for good until the next event."},
    {"convergence_s[label]", "live nodes",
     "From an event's last change of the targets until every live node's view is its target and stays so until the "
     "next event."},
    {"agreement_regained_s[label]", "live nodes",
     "Of an event that changes no target: from its last step on the time line until every live node's view is its "
     "target and stays so until the next event; 0 where that was never lost."},
    {"first_agreement_s[label]", "live nodes",
     "The same until all live nodes have their target for the first time, whether or not it lasts."},
    {"first_node_s[label]", "live nodes", "The same until the first node has its target for good."},
    {"node_convergence_*_s[label]", "live nodes", "The same for each live node alone."},
    {"agreement_exits_count[label]", "live nodes", "How often agreement was lost with the targets unchanged."},
    {"disagreement_share[label]", "live nodes",
     "Share of live nodes whose view is not their target, averaged over the time between an event's first and last "
     "change of the targets; with a single change, until convergence or censoring; without any, until the next "
     "event."},
    {"view_disagreement_share", "live nodes", "The same averaged over the run."},

    // Failure detection.
    {"first_detection_s[label]", "deaths of the event",
     "From a crash until the first live member of the dead node's component declares it dead; the slowest of the "
     "event's deaths."},
    {"full_detection_s[label]", "deaths of the event",
     "From a crash until no live member of the dead node's component has it in its view; the slowest of the event's."},
    {"first_detection_*_s", "deaths", "First detection over all deaths of the run."},
    {"full_detection_*_s", "deaths", "Full detection over all deaths of the run."},
    {"false_positives_count", "declarations",
     "Declarations that a member is dead, or forgotten, while it is live and in the declarer's component: one for each "
     "declarer."},
    {"false_positive_members_count", "members", "Members that such a declaration was about, each once."},
    {"false_positives_healthy_count", "declarations",
     "Those by healthy accusers: nodes that no event has paused, slowed or set the clock of so far."},
    {"mistake_rate_per_node_s", "live nodes", "False positives per live node and second."},
    {"mistake_duration_*_s", "false positives", "From a false positive until the accuser takes it back."},
    {"suspicions_count", "accused incarnations",
     "Accusations: once for each incarnation of a member that anybody suspected, however many adopt it."},
    {"false_suspicions_count", "accused incarnations",
     "Those of members that were live and in the component of a node that suspected them."},
    {"false_suspicion_members_count", "members", "Members that those were about, each once."},
    {"refutations_count", "observations", "Accusations that the accused itself heard of and refuted."},

    // Clients.
    {"requests_count", "requests", "Requests that clients made and that ended within the run."},
    {"open_requests_count", "requests",
     "Requests that the end of the run cut off; they have neither succeeded nor failed and are in no other figure."},
    {"availability_share", "requests", "Share of requests that succeeded; a miss is a success."},
    {"get_availability_share", "gets", "Share of gets that succeeded; a miss is a success."},
    {"put_availability_share", "puts", "Share of puts that succeeded."},
    {"del_availability_share", "deletes", "Share of deletes that succeeded."},
    {"availability_share[client]", "requests of the client", "Share of a client's requests that succeeded."},
    {"get_latency_*_ms", "successful gets", "From a get's invocation to its answer."},
    {"put_latency_*_ms", "successful puts", "From a put's invocation to its acknowledgement."},
    {"del_latency_*_ms", "successful deletes", "From a delete's invocation to its acknowledgement."},
    {"misses_count", "gets", "Gets that found nothing."},
    {"errors_count", "requests", "Requests that failed, or whose node was down or died before it answered."},
    {"errors_count[error]", "requests",
     "Those by error: invalid argument, too large, unavailable, timeout, closed, corrupt, internal error, unanswered."},
    {"stale_reads_count", "gets",
     "Gets that returned an older version than a write that was acknowledged before the get was invoked."},
    {"stale_reads_share", "gets that returned a value", "The same as a share."},
    {"lost_acknowledged_writes_count", "acknowledged puts",
     "Acknowledged puts that no later read can return although no later write, delete or expiry superseded them."},
    {"concurrent_losers_count", "acknowledged puts",
     "Acknowledged puts that lost to a concurrent write of a higher version; not counted as lost."},

    // Expiry.
    {"early_expiries_count", "gets",
     "Misses returned before invocation + TTL of a put that nothing superseded, after a replica expired it."},
    {"false_misses_count", "gets", "Misses of a value that should have been there, for another reason than expiry."},
    {"false_misses_count[client]", "gets of the client", "Those of a client."},
    {"early_drops_count", "replicas", "Times that a replica expired a value before invocation + TTL of its put."},
    {"late_reads_count", "gets", "Values returned by gets that were invoked after acknowledgement + TTL."},
    {"late_reads_count[client]", "gets of the client", "Those returned to a client."},
    {"lateness_*_s", "late reads", "How long after acknowledgement + TTL a late read was invoked."},
    {"gone_everywhere_*_s", "puts with a TTL that ran out",
     "From invocation + TTL until no live replica holds the value."},
    {"resurrections_count", "gets and replicas",
     "Values visible at a node, or taken in by a replica, after it had seen them expired, deleted or overwritten."},

    // Values and rings.
    {"value_convergence_*_s", "acknowledged writes",
     "From a write's acknowledgement until all live replicas of the key in the component hold it or a newer one."},
    {"value_convergence_censored_count", "acknowledged writes",
     "Writes whose replicas had not all got them by their expiry or by the end of the run."},
    {"ring_disagreement_share", "pairs of live nodes",
     "Share of the key space on which two nodes of one component name different owners: mean over pairs and samples."},
    {"ring_disagreement_max_share", "pairs of live nodes", "The largest over pairs and samples."},
    {"ring_disagreement_across_share", "pairs of live nodes", "The mean over pairs in different components."},
    {"ring_disagreement_across_max_share", "pairs of live nodes", "The largest over pairs in different components."},
    {"ring_misrouted_share", "live nodes",
     "Share of keys for which a node names another owner than its target gives: mean over live nodes and time."},
    {"ring_misrouted_max_share", "live nodes", "The largest that one node ever had."},
    {"ring_misroute_*_s", "changes of the targets by events",
     "The mean share over live nodes, summed up over time from a change of the targets that an event made to the next "
     "change, or to the end of the run: 0.1 s is all keys at all nodes for 0.1 s, or a tenth of them for 1 s."},
    {"ring_misroute_s[label]", "live nodes", "The sum of those that an event made."},
    {"quorum_miss_share", "pairs of live nodes",
     "Probability that w of the replicas that one node of a component knows and r of those that another knows have "
     "none in common: mean over keys, pairs and samples."},
    {"quorum_miss_max_share", "pairs of live nodes", "The largest over pairs and samples."},
    {"quorum_miss_across_share", "pairs of live nodes", "The mean over pairs in different components."},
    {"quorum_miss_across_max_share", "pairs of live nodes", "The largest over pairs in different components."},

    // Cost.
    {"messages_count", "messages", "Messages handed to the network, a publish once for each receiver."},
    {"bytes_count", "messages", "Their bytes."},
    {"messages_per_node_s", "live nodes", "Messages handed to the network per live node and second."},
    {"bytes_per_node_s", "live nodes", "Their bytes per live node and second."},
    {"messages_per_node_s[type]", "live nodes", "Messages of one type per live node and second."},
    {"bytes_per_node_s[type]", "live nodes", "Their bytes per live node and second."},
    {"delivered_count", "messages", "Messages that reached a process."},
    {"dropped_count", "messages", "Messages dropped, for whatever cause."},
    {"dropped_loss_count", "messages", "Messages lost by a lossy link."},
    {"dropped_cut_count", "messages", "Messages dropped by a partition."},
    {"dropped_down_count", "messages", "Messages whose receiver was not up."},
    {"dropped_queue_count", "messages", "Messages dropped at a full queue."},
    {"overflows_count", "observations", "Items let go because a node's bounded queue or store was full."},
    {"repaired_count", "observations", "Items that repair sent to peers."},
};

constexpr InvariantInfo kInvariants[] = {
    {"views_agree_at_end", "At the end of the run some node lives, and every live node's view is its target."},
    {"no_false_positive", "No live member was declared dead within its component (false_positives_count)."},
    {"no_resurrection", "No value came back after it was seen gone (resurrections_count)."},
    {"never_early", "No value expired before its time (early_expiries_count)."},
    {"no_late_read", "No value was returned after its time (late_reads_count)."},
    {"no_false_miss", "No value was missing that should have been there (false_misses_count)."},
    {"no_lost_acknowledged_write", "No acknowledged write was lost (lost_acknowledged_writes_count)."},
    {"no_stale_read", "No get returned an older version than acknowledged before (stale_reads_count)."},
    {"values_agree_at_end",
     "At the end of the run some node lives, and all live replicas in its component hold each key's newest "
     "acknowledged "
     "write, or a newer one, unless it has expired."},
};

struct Names {
  std::vector<std::string> storage;
  std::vector<std::string_view> metrics;
  std::vector<std::string_view> invariants;

  Names() {
    for (const MetricInfo& info : kMetrics) {
      const std::size_t star = info.name.find('*');
      if (star == std::string_view::npos) {
        storage.emplace_back(info.name);
        continue;
      }
      for (const std::string_view statistic : kStatistics) {
        storage.push_back(fmt::format("{}{}{}", info.name.substr(0, star), statistic, info.name.substr(star + 1)));
      }
    }
    metrics.assign(storage.begin(), storage.end());
    for (const InvariantInfo& info : kInvariants) invariants.push_back(info.name);
  }
};

const Names& names() {
  static const Names all;
  return all;
}

std::string_view before_bracket(std::string_view name) { return name.substr(0, name.find('[')); }

bool has_argument(std::string_view name) {
  return name.ends_with(']') && name.find('[') != std::string_view::npos && name.find('[') + 2 < name.size();
}

}  // namespace

std::span<const MetricInfo> metric_infos() { return kMetrics; }
std::span<const InvariantInfo> invariant_infos() { return kInvariants; }
std::span<const std::string_view> metric_names() { return names().metrics; }
std::span<const std::string_view> invariant_names() { return names().invariants; }

bool is_metric(std::string_view name) {
  const bool bracket = name.find('[') != std::string_view::npos;
  if (bracket && !has_argument(name)) return false;
  return std::ranges::any_of(metric_names(), [&](std::string_view known) {
    return bracket ? has_argument(known) && before_bracket(known) == before_bracket(name) : known == name;
  });
}

bool is_invariant(std::string_view name) {
  return std::ranges::find(invariant_names(), name) != invariant_names().end();
}

std::string metrics_reference() {
  std::string text = "| metric | unit | population | definition |\n|---|---|---|---|\n";
  for (const MetricInfo& info : kMetrics) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", info.name, info.unit(), info.population, info.definition);
  }
  text += "\n| invariant | holds when |\n|---|---|\n";
  for (const InvariantInfo& info : kInvariants) text += fmt::format("| `{}` | {} |\n", info.name, info.definition);
  return text;
}

}  // namespace hearsay::measure
