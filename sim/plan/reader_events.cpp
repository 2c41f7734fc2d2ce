// [[event]]: the time line. Reads each event by its kind, names those that have no label, turns `for` on a partition
// into a heal, and checks what concerns several events.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>

#include "core/base/quantity.hpp"
#include "sim/plan/default_label.hpp"
#include "sim/plan/event_input.hpp"

namespace hearsay::plan {

namespace {

// An end that nothing follows would be measured as "at once" and "no more than 0 s".
void check_before_end(const EventInput& input, Duration end, std::string_view key) {
  const Duration duration = input.reading.plan.duration;
  if (end != duration) return input.check_end(end, key);
  input.section.report(
      key,
      fmt::format("ends with the scenario, at {}, and nothing could follow; expected an end before that, or no '{}'",
                  format_duration(duration), key));
}

}  // namespace

std::optional<Duration> EventInput::end() const {
  section.at_most_one({"for", "until"});
  if (section.has("for")) {
    const Duration length = section.duration("for", 1ns, {1ns, kTenYears});
    check_before_end(*this, at + length, "for");
    return at + length;
  }
  if (!section.has("until")) return std::nullopt;
  const Duration until = section.duration("until", at + 1ns);
  if (until <= at)
    section.report("until", fmt::format("not after 'at' ({}); expected a later time", format_duration(at)));
  check_before_end(*this, until, "until");
  return until;
}

void EventInput::check_end(Duration end, std::string_view key) const {
  if (end <= reading.plan.duration) return;
  section.report(key, fmt::format("goes on until {}, after the scenario's end ({}); expected an end before it",
                                  format_duration(end), format_duration(reading.plan.duration)));
}

namespace {

const EventKind* find_kind(Reading& reading, const Input& table) {
  std::vector<const EventKind*> kinds;
  for (const auto family : {partition_kinds(), link_kinds(), node_kinds()}) {
    for (const EventKind& kind : family) kinds.push_back(&kind);
  }
  std::vector<std::string_view> names;
  for (const EventKind* kind : kinds) names.push_back(kind->name);
  const Input* kind = table.find("kind");
  if (kind == nullptr) {
    reading.diagnostics.at_key(table,
                               fmt::format("[[event]] lacks 'kind'; expected one of {}{}", list_of(names),
                                           table.find("type") != nullptr ? "; did you mean 'kind' by 'type'?" : ""));
    return nullptr;
  }
  Input only;
  only.keys.emplace_back("kind");
  only.values.push_back(*kind);
  constexpr std::array<std::string_view, 1> kOnly{"kind"};
  const std::size_t chosen =
      Section(reading.diagnostics, &only, "[[event]]", kOnly).choice("kind", kinds.size(), names);
  return chosen == kinds.size() ? nullptr : kinds[chosen];
}

class EventsReader {
 public:
  explicit EventsReader(Reading& reading) : reading_(reading) {}

  void read() {
    const std::vector<const Input*> entries =
        tables(reading_.diagnostics, reading_.root, "event", kMaxEvents, "[[event]]");
    collect_labels(entries);
    for (const Input* table : entries) {
      if (reading_.diagnostics.failed()) return;
      read_event(*table);
    }
    std::stable_sort(events_.begin(), events_.end(),
                     [](const Read& a, const Read& b) { return a.event.at < b.event.at; });
    check_heals();
    check_weights();
    for (Read& read : events_) reading_.plan.events.push_back(std::move(read.event));
  }

 private:
  struct Read {
    Event event;
    const Input* table;
  };

  // Given labels first, so that no default takes one away.
  void collect_labels(const std::vector<const Input*>& entries) {
    for (const Input* table : entries) {
      const Input* label = table->find("label");
      if (label == nullptr || label->kind != Input::Kind::kString) continue;
      if (!labels_.insert(label->text).second) {
        reading_.diagnostics.at(
            *label, fmt::format("label: a second event {}; expected a label of its own", quote(label->text)));
      }
    }
  }

  std::string unused_label(std::string_view kind, Duration at) {
    const std::string label = default_label(kind, at);
    std::string numbered = label;
    for (int i = 2; !labels_.insert(numbered).second; ++i) numbered = fmt::format("{}#{}", label, i);
    return numbered;
  }

  void read_event(const Input& table) {
    if (table.kind != Input::Kind::kTable) {
      const Section not_a_table(reading_.diagnostics, &table, "[[event]]", {});
      return;
    }
    const EventKind* kind = find_kind(reading_, table);
    if (kind == nullptr) return;
    std::vector<std::string_view> keys{"kind", "at", "label"};
    keys.insert(keys.end(), kind->keys.begin(), kind->keys.end());
    const Section section(reading_.diagnostics, &table, fmt::format("[[event]] of kind '{}'", kind->name), keys);
    if (!section.require("at", "at = \"10s\"")) return;
    Event event;
    event.place = table.place;
    event.at = section.duration("at", 0ns);
    if (event.at >= reading_.plan.duration) {
      section.report("at", fmt::format("{} is at or after the scenario's end ({}); expected a time before it",
                                       format_duration(event.at), format_duration(reading_.plan.duration)));
    }
    if (reading_.diagnostics.failed()) return;
    event.label = section.has("label") ? section.name("label", "") : unused_label(kind->name, event.at);
    const EventInput input{reading_, section, event.at, kind->name, event.label};
    event.action = kind->read(input);
    if (reading_.diagnostics.failed()) return;
    const bool is_partition = std::holds_alternative<Partition>(event.action);
    events_.push_back({std::move(event), &table});
    if (const auto end = is_partition ? input.end() : std::nullopt) add_heal(table, *end);
  }

  void add_heal(const Input& table, Duration at) {
    Event heal;
    heal.at = at;
    heal.place = table.place;
    heal.action = Heal{events_.back().event.label};
    heal.label = unused_label("heal", at);
    events_.push_back({std::move(heal), &table});
  }

  // A heal must find what it heals: the partition it names, or any, begun before.
  void check_heals() {
    std::vector<std::string_view> names;
    for (const Read& read : events_) {
      if (std::holds_alternative<Partition>(read.event.action)) names.push_back(read.event.label);
    }
    std::unordered_set<std::string_view> begun;
    for (const Read& read : events_) {
      if (std::holds_alternative<Partition>(read.event.action)) begun.insert(read.event.label);
      const auto* heal = std::get_if<Heal>(&read.event.action);
      if (heal == nullptr) continue;
      const Input* named = read.table->find("partition");
      const Input& at = named != nullptr ? *named : *read.table;
      if (heal->partition.empty()) {
        if (begun.empty()) reading_.diagnostics.at(at, "there is nothing to heal; expected a partition before it");
      } else if (std::find(names.begin(), names.end(), heal->partition) == names.end()) {
        reading_.diagnostics.at(
            at,
            fmt::format("partition: unknown partition {}; expected {}{}", quote(heal->partition),
                        names.empty() ? "the label of a partition, of which there is none" : "one of " + list_of(names),
                        did_you_mean(heal->partition, names)));
      } else if (!begun.contains(heal->partition)) {
        reading_.diagnostics.at(
            at, fmt::format("partition: {} begins after this heal; expected a heal after it", quote(heal->partition)));
      }
    }
  }

  // A client whose weights all become 0 has nothing left to ask.
  void check_weights() {
    struct Weights {
      std::uint32_t put, get, del;
    };
    std::map<std::string_view, Weights> weights;
    for (const ClientSpec& client : reading_.plan.clients) {
      weights[client.name] = {client.put_weight, client.get_weight, client.del_weight};
    }
    for (const Read& read : events_) {
      const auto* change = std::get_if<WorkloadChange>(&read.event.action);
      if (change == nullptr) continue;
      Weights& now = weights[change->client];
      now = {change->put_weight.value_or(now.put), change->get_weight.value_or(now.get),
             change->del_weight.value_or(now.del)};
      if (now.put + now.get + now.del == 0) {
        reading_.diagnostics.at_key(*read.table, fmt::format("put, get and del of client '{}' are 0 from here on; "
                                                             "expected one above it",
                                                             change->client));
      }
    }
  }

  Reading& reading_;
  std::unordered_set<std::string> labels_;
  std::vector<Read> events_;
};

}  // namespace

void read_events(Reading& reading) { EventsReader(reading).read(); }

}  // namespace hearsay::plan
