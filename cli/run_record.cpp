#include "cli/run_record.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/json_reader.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Result<std::string> read_whole(const std::string& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) {
    return fail(ErrorCode::kNotFound, fmt::format("{}: no such file; expected a folder that hearsay run wrote", file));
  }
  if (!fs::is_regular_file(status)) return invalid(fmt::format("{}: is no file", file));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"), std::fclose);
  if (!stream) return invalid(fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  std::string text;
  std::vector<char> buffer(std::size_t{1} << 16);
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stream.get())) {
    text.append(buffer.data(), count);
    if (text.size() > kMaxRecordBytes) return invalid(fmt::format("{}: over {} bytes", file, kMaxRecordBytes));
  }
  if (std::ferror(stream.get()) != 0) return invalid(fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  return text;
}

Result<Json> read_json(const std::string& file) {
  const auto text = read_whole(file);
  if (!text) return tl::unexpected(text.error());
  // Series are most of a document and not compared: they are not kept.
  const auto keep = [](int, Json::parse_event_t event, Json& value) {
    return event != Json::parse_event_t::key || value != "series";
  };
  try {
    return Json::parse(*text, keep);
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: ...": the number is of no use to a person.
    const std::string_view what = error.what();
    const std::size_t at = what.find("] ");
    return invalid(
        fmt::format("{}: is no whole JSON: {}", file, at == std::string_view::npos ? what : what.substr(at + 2)));
  }
}

measure::Metric metric_of(const std::string& name, const JsonReader& json) {
  measure::Metric metric;
  metric.name = name;
  metric.censored = json["censored"].boolean();
  metric.value = metric.censored ? json["at_least"].optional_number() : json["value"].optional_number();
  metric.population = json["of"].text();
  if (json.has("censored_count")) metric.censored_members = json["censored_count"].whole();
  return metric;
}

measure::EventReport event_of(const JsonReader& json) {
  measure::EventReport event;
  event.label = json["label"].text();
  event.kind = json["kind"].text();
  event.at_s = json["at_s"].number();
  event.reached = json["reached"].boolean();
  event.changes_views = json.has("convergence");
  event.measured = event.changes_views || json.has("agreement");
  if (!event.measured) return event;
  const JsonReader views = json[event.changes_views ? "convergence" : "agreement"];
  const JsonReader censored = views["censored_by"];
  event.censored = !censored.is_null();
  if (event.censored) event.censored_by = censored.text();
  if (event.changes_views) {
    event.first_s = views["first_s"].optional_number();
    event.converged_s = views["converged_s"].optional_number();
  } else {
    event.regained_s = views["regained_s"].optional_number();
    event.lost = views["lost"].boolean();
  }
  return event;
}

measure::ExpectationReport expectation_of(const JsonReader& json) {
  measure::ExpectationReport expectation;
  expectation.text = json["text"].text();
  const std::optional<bool> held = json["held"].optional_boolean();
  expectation.held = held.value_or(false);
  expectation.open = !held;
  expectation.measured = json["measured"].text();
  return expectation;
}

void read_one(const JsonReader& json, RunRecord& record) {
  measure::Results run;
  run.scenario = json["scenario"].text();
  run.seed = json["seed"].whole();
  run.duration_s = json["duration_s"].number();
  run.interrupted = json["interrupted"].boolean();
  json["metrics"].each_member(
      [&](const std::string& name, const JsonReader& metric) { run.metrics.push_back(metric_of(name, metric)); });
  json["timeline"].each([&](const JsonReader& event) { run.timeline.push_back(event_of(event)); });
  json["expectations"].each([&](const JsonReader& one) { run.expectations.push_back(expectation_of(one)); });
  json["cost"].each([&](const JsonReader& one) {
    run.cost.push_back({one["type"].text(), one["messages"].whole(), one["bytes"].whole()});
  });
  record.passed.push_back(json["passed"].optional_boolean());
  record.runs.push_back(std::move(run));
}

void read_results(const JsonReader& json, RunRecord& record) {
  if (json["scenario"].text() != record.scenario) json["scenario"].report("is not that of manifest.json");
  // A real run has none.
  record.fingerprint = json["fingerprint"].is_null() ? "none" : json["fingerprint"].text();
  if (!json.has("runs")) {
    read_one(json, record);
  } else {
    json["runs"].each([&](const JsonReader& run) { read_one(run, record); });
    if (record.runs.empty()) json["runs"].report("is empty: the run was interrupted before there was a figure");
  }
  if (!record.runs.empty() && record.runs.front().seed != record.seed) {
    json.report(fmt::format("is of seed {}, and manifest.json of seed {}", record.runs.front().seed, record.seed));
  }
}

void read_manifest(const JsonReader& json, RunRecord& record) {
  if (json["program"].text() != "hearsay") json["program"].report("is not \"hearsay\": another program wrote it");
  record.version = json["version"].text();
  record.commit = json["commit"].text();
  record.on = json["on"].text();
  if (record.on != "simulated" && record.on != "zmq") json["on"].report("is neither \"simulated\" nor \"zmq\"");
  record.seed = json["seed"].whole();
  record.scenario = json["scenario"]["name"].text();
  record.resolved = json["scenario"].json();
  const std::string status = json["status"].text();
  record.interrupted = status == "interrupted";
  if (status == "running") {
    json["status"].report("is still \"running\": the run goes on, or was killed before its figures were written");
  } else if (status != "complete" && status != "interrupted") {
    json["status"].report("is none of complete, interrupted, running");
  }
}

}  // namespace

Result<RunRecord> read_run(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return invalid(fmt::format("{}: is no folder; expected one that hearsay run wrote, as runs/NAME/latest", path));
  }
  RunRecord record;
  record.path = path;
  std::optional<Error> wrong;
  using Part = std::pair<const char*, void (*)(const JsonReader&, RunRecord&)>;
  for (const auto& [name, read] : {Part{"manifest.json", read_manifest}, Part{"results.json", read_results}}) {
    const std::string file = (fs::path(path) / name).string();
    const auto json = read_json(file);
    if (!json) return tl::unexpected(json.error());
    read(JsonReader(*json, file, wrong), record);
    if (wrong) return tl::unexpected(*wrong);
  }
  return record;
}

}  // namespace hearsay::cli
