// `hearsay ring check` and `hearsay ring lookup`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/chosen_ring.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "sim/plan/input.hpp"
#include "sim/rings/check.hpp"
#include "sim/rings/members.hpp"

namespace hearsay::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kStandardInput = "-";

std::string_view word_of(const rings::Verdict& verdict) {
  switch (verdict.outcome) {
    case rings::Verdict::Outcome::kHolds: return "holds";
    case rings::Verdict::Outcome::kBroken: return "broken";
    case rings::Verdict::Outcome::kNotPromised: break;
  }
  return "not promised";
}

std::string text_of(const ChosenRing& chosen, const std::vector<rings::Verdict>& verdicts) {
  std::string out =
      fmt::format("{}: {}\n", chosen.text, rings::passed(verdicts) ? "keeps what it promises" : "is broken");
  for (const rings::Verdict& verdict : verdicts) {
    out += fmt::format("  {:<13} {:<18} {}\n", word_of(verdict), verdict.property, verdict.meaning);
    if (verdict.example) out += fmt::format("  {:<32} {}\n", "", plan::one_line(rings::text_of(*verdict.example)));
  }
  return out;
}

Json json_of(const ChosenRing& chosen, const std::vector<rings::Verdict>& verdicts) {
  Json json{{"ring", chosen.text}, {"passed", rings::passed(verdicts)}, {"properties", Json::array()}};
  for (const rings::Verdict& verdict : verdicts) {
    Json one{{"property", verdict.property}, {"outcome", word_of(verdict)}, {"trials", verdict.trials}};
    if (verdict.example) one["example"] = rings::text_of(*verdict.example);
    json["properties"].push_back(std::move(one));
  }
  return json;
}

std::string dumped(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

// A line without its end, be that one character or two.
bool next_line(std::istream& in, std::string& line) {
  if (!std::getline(in, line)) return false;
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

// What a line says: without a byte order mark, the space around it, and a comment, which a '#' begins that is first or
// behind a space.
std::string_view said_in(std::string_view line) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '#' && (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t')) line = line.substr(0, at);
  }
  return plan::trimmed(line);
}

// "-" is standard input.
Result<void> read_members(const std::string& path, std::vector<rings::Member>& members) {
  const auto wrong = [&path](std::string_view why) { return invalid(fmt::format("--members-file {}: {}", path, why)); };
  std::error_code error;
  if (path != kStandardInput && std::filesystem::is_directory(path, error)) return wrong("is a folder");
  std::ifstream file;
  if (path != kStandardInput) file.open(path);
  if (!file) return wrong("cannot be read");
  std::istream& in = path == kStandardInput ? std::cin : file;
  std::size_t number = 0;
  const std::size_t before = members.size();
  for (std::string line; next_line(in, line);) {
    ++number;
    const std::string_view text = said_in(line);
    if (text.empty()) continue;
    auto member = rings::parse_member(text);
    if (!member) return wrong(fmt::format("line {}: {}", number, member.error().message));
    if (members.size() == kMostMembers) return wrong(fmt::format("more than {} members", kMostMembers));
    members.push_back(std::move(*member));
  }
  if (in.bad() || (path == kStandardInput && std::ferror(stdin) != 0)) return wrong("cannot be read");
  if (members.size() == before) return wrong("no member in it; expected NAME or NAME=WEIGHT, one a line");
  return {};
}

Result<rings::MemberSet> members_of(const RingLookupSettings& settings) {
  std::vector<rings::Member> members;
  for (const std::string& text : settings.members) {
    auto member = rings::parse_member(text);
    if (!member) return invalid(fmt::format("--members: {}", member.error().message));
    members.push_back(std::move(*member));
  }
  if (!settings.members_file.empty()) {
    if (auto read = read_members(settings.members_file, members); !read) return tl::unexpected(read.error());
  }
  if (members.empty()) return invalid("--members or --members-file is required, as in --members a:11211=3,b:11211");
  rings::MemberSet set(members);
  if (set.size() == members.size()) return set;
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twice =
      std::adjacent_find(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
  return invalid(fmt::format("two members are called '{}'", twice->name));
}

}  // namespace

int ring_check(const RingCheckSettings& settings) {
  const auto chosen = choose_rings(settings.rings);
  if (!chosen) return failed(chosen.error());
  bool all = true;
  Json json = Json::array();
  for (const ChosenRing& one : *chosen) {
    const auto verdicts = rings::check(*one.ring, {settings.seed, settings.trials});
    all = all && rings::passed(verdicts);
    if (settings.json) {
      json.push_back(json_of(one, verdicts));
      continue;
    }
    const bool first = &one == &chosen->front();
    if (const int code = print_or_fail((first ? "" : "\n") + text_of(one, verdicts)); code != kOk) return code;
    if (reader_is_gone()) break;
  }
  if (settings.json) {
    if (const int code = print_or_fail(dumped(json, 2)); code != kOk) return code;
  }
  return all ? kOk : kUnmet;
}

int ring_lookup(const RingLookupSettings& settings) {
  const auto chosen = choose_ring(settings.ring);
  if (!chosen) return failed(chosen.error());
  if (settings.members_file == kStandardInput && settings.keys.empty()) {
    return failed(Error{ErrorCode::kInvalidArgument, "--members-file -: takes standard input, so keys must be given"});
  }
  const auto members = members_of(settings);
  if (!members) return failed(members.error());
  const rings::MemberSet& set = *members;
  if (!chosen->ring->traits().weights && std::ranges::any_of(set.list(), [](const auto& m) { return m.weight != 1; })) {
    std::fprintf(stderr, "hearsay: %s ignores weights\n", plan::one_line(chosen->text).c_str());
  }
  if (settings.replicas > set.size()) {
    return failed(Error{ErrorCode::kInvalidArgument,
                        fmt::format("--replicas {}: there are {} members", settings.replicas, set.size())});
  }
  const auto placement = chosen->ring->place(set.list());
  std::vector<NodeSlot> found(settings.replicas);
  const auto line_of = [&](const std::string& key) {
    found.resize(placement->replicas(chosen->ring->hash_key(key), found));
    std::vector<std::string> names;
    for (const NodeSlot slot : found) names.emplace_back(set.name(slot));
    if (settings.json) return dumped(Json{{"key", key}, {"owner", names.front()}, {"replicas", names}}, -1);
    return fmt::format("{}\t{}\n", plan::one_whole_line(key), fmt::join(names, "\t"));
  };
  if (!settings.keys.empty()) {
    std::string text;
    for (const std::string& key : settings.keys) text += line_of(key);
    return print_or_fail(text);
  }
  for (std::string key; !reader_is_gone() && next_line(std::cin, key);) {
    if (const int code = print_or_fail(line_of(key)); code != kOk) return code;
  }
  if (std::ferror(stdin) != 0) return failed(Error{ErrorCode::kInvalidArgument, "standard input: cannot be read"});
  return kOk;
}

}  // namespace hearsay::cli
