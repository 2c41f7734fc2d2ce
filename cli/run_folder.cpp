#include "cli/run_folder.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include <unistd.h>

namespace hearsay::cli {

namespace fs = std::filesystem;

namespace {

tl::unexpected<Error> disk_error(const std::string& what, const std::string& path, int code) {
  return fail(ErrorCode::kInternal,
              fmt::format("cannot {} {}: {}; choose another place with --out", what, path, std::strerror(code)));
}

// A folder of our own: mkdir tells whether somebody else was first.
Result<std::string> make_folder(const fs::path& parent) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const std::string stamp = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(now));
  std::error_code error;
  for (int i = 1; i < 1000; ++i) {
    fs::create_directories(parent, error);  // again each time: somebody else may have removed it, being empty
    if (error) return disk_error("create", parent.string(), error.value());
    const fs::path path = parent / (i == 1 ? stamp : fmt::format("{}-{}", stamp, i));
    if (fs::create_directory(path, error)) return path.string();
    if (error && error.value() != ENOENT) return disk_error("create", path.string(), error.value());
  }
  return fail(ErrorCode::kInternal, fmt::format("{} has a thousand runs of this second", parent.string()));
}

// The link is replaced by renaming, so that it always points somewhere. What is no link is somebody's own and stays. It
// is a convenience: a file system without links loses nothing but it.
std::string point_latest(const fs::path& folder) {
  std::error_code error;
  const fs::path link = folder.parent_path() / "latest";
  const fs::file_status there = fs::symlink_status(link, error);
  if (there.type() != fs::file_type::not_found && there.type() != fs::file_type::symlink) {
    return fmt::format("{} is no link and was left as it is", link.string());
  }
  const fs::path fresh = folder.parent_path() / fmt::format(".latest-{}", ::getpid());
  fs::remove(fresh, error);
  fs::create_directory_symlink(folder.filename(), fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (!error) return "";
  const std::string why = error.message();
  fs::remove(fresh, error);
  return fmt::format("{} could not be set: {}", link.string(), why);
}

double seconds(TrueTime at) { return std::chrono::duration<double>(at.time_since_epoch()).count(); }

}  // namespace

Result<RunFolder> RunFolder::create(const std::string& out, const std::string& scenario) {
  const fs::path parent = fs::path(out) / scenario;
  std::vector<std::string> made;
  std::error_code error;
  for (fs::path above = parent; !above.empty() && !fs::exists(above, error); above = above.parent_path()) {
    made.push_back(above.string());
  }
  auto path = make_folder(parent);
  RunFolder folder(path ? *path : std::string());
  folder.made_ = std::move(made);
  if (path) return folder;
  folder.discard();
  return tl::unexpected(path.error());
}

std::string RunFolder::finish() const { return point_latest(path_); }

void RunFolder::remove(std::string_view name) const {
  std::error_code ignored;  // what is left is harmless, and the failure that led here is being reported
  fs::remove(fs::path(path_) / name, ignored);
}

void RunFolder::discard() const {
  std::error_code ignored;  // what is left is harmless, and the failure that led here is being reported
  if (!path_.empty()) fs::remove_all(path_, ignored);
  for (const std::string& folder : made_) {
    if (!fs::remove(folder, ignored)) return;  // holds somebody else's run
  }
}

Result<void> RunFolder::write(std::string_view name, std::string_view content) const {
  const std::string path = (fs::path(path_) / name).string();
  const std::string partial = (fs::path(path_) / fmt::format(".{}.partial", name)).string();
  std::FILE* file = std::fopen(partial.c_str(), "wb");
  if (file == nullptr) return disk_error("write", path, errno);
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const int write_error = errno;
  const bool closed = std::fclose(file) == 0;
  const int close_error = errno;
  if (written && closed && std::rename(partial.c_str(), path.c_str()) == 0) return {};
  const int code = !written ? write_error : !closed ? close_error : errno;
  std::remove(partial.c_str());
  return disk_error("write", path, code);
}

Result<EventLog> EventLog::open(const RunFolder& folder, const plan::Plan& plan) {
  std::string path = (fs::path(folder.path()) / kName).string();
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return disk_error("write", path, errno);
  return EventLog(file, std::move(path), plan);
}

void EventLog::line(const std::string& text) {
  if (lines_ > kMaxLines || error_ != 0) return;
  if (lines_++ == kMaxLines) {
    std::fprintf(file_.get(), "{\"kind\":\"truncated\",\"after\":%llu}\n", static_cast<unsigned long long>(kMaxLines));
    return;
  }
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() && error_ == 0) error_ = errno;
}

void EventLog::write(const Observation& observation) {
  std::string text = fmt::format(R"({{"t_s":{:.9f},"node":"{}","kind":"{}")", seconds(observation.at),
                                 directory_->name(observation.node), to_string(observation.kind));
  if (observation.peer != kNoSlot) text += fmt::format(R"(,"peer":"{}")", directory_->name(observation.peer));
  if (observation.key != 0) text += fmt::format(R"(,"key_hash":"{:016x}")", observation.key);
  if (observation.version)
    text += fmt::format(R"(,"version":"{:x}-{:x}")", observation.version.time, raw(observation.version.node));
  text += fmt::format(",\"value\":{}}}\n", observation.value);
  line(text);
}

void EventLog::write(const measure::OpRecord& op) {
  const nlohmann::json key = op.key;  // may hold any byte: escaped, invalid UTF-8 replaced
  std::string text =
      fmt::format(R"({{"t_s":{:.9f},"node":"{}","kind":"{}","key":{},"invoked_s":{:.9f},"result":"{}")",
                  seconds(op.completed), directory_->name(op.node), to_string(op.op),
                  key.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), seconds(op.invoked),
                  op.reply.ok   ? "ok"
                  : op.answered ? to_string(op.reply.error)
                                : "no answer");
  if (op.reply.version)
    text += fmt::format(R"(,"version":"{:x}-{:x}")", op.reply.version.time, raw(op.reply.version.node));
  line(text + "}\n");
}

void EventLog::write(const world::FaultRecord& fault) {
  const auto list = [this](const std::vector<NodeSlot>& nodes) {
    std::string text = "[";
    for (std::size_t i = 0; i < std::min(nodes.size(), kMaxListed); ++i) {
      text += fmt::format(R"({}"{}")", i == 0 ? "" : ",", directory_->name(nodes[i]));
    }
    text += ']';
    return text;
  };
  std::string text = fmt::format(R"({{"t_s":{:.9f},"kind":"{}","event":"{}")", seconds(fault.at), fault.what,
                                 plan_->events[fault.event].label);
  std::size_t count = 0;
  for (const auto& nodes : fault.nodes) count += nodes.size();
  if (fault.nodes.size() == 1) {
    text += fmt::format(R"(,"nodes":{})", list(fault.nodes.front()));
  } else if (!fault.nodes.empty()) {
    text += R"(,"sides":[)";
    for (std::size_t i = 0; i < fault.nodes.size(); ++i) {
      text += i == 0 ? "" : ",";
      text += list(fault.nodes[i]);
    }
    text += ']';
  }
  if (count > 0) text += fmt::format(R"(,"count":{})", count);
  line(text + "}\n");
}

Result<void> EventLog::close() {
  if (std::fflush(file_.get()) != 0 && error_ == 0) error_ = errno;
  const int code = std::fclose(file_.release()) != 0 && error_ == 0 ? errno : error_;
  if (code != 0) return disk_error("write", path_, code);
  return {};
}

}  // namespace hearsay::cli
