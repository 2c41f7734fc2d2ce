#include "cli/run_folder.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
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

// The link is replaced by renaming, so that it always points somewhere. It is a convenience: a file system without
// links loses nothing but it.
void point_latest(const fs::path& folder) {
  std::error_code error;
  const fs::path link = folder.parent_path() / "latest";
  const fs::path fresh = folder.parent_path() / fmt::format(".latest-{}", ::getpid());
  fs::remove(fresh, error);
  fs::create_directory_symlink(folder.filename(), fresh, error);
  if (!error) fs::rename(fresh, link, error);
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

void RunFolder::finish() const { point_latest(path_); }

void RunFolder::discard() const {
  std::error_code ignored;  // what is left is harmless, and the failure that led here is being reported
  if (!path_.empty()) fs::remove_all(path_, ignored);
  for (const std::string& folder : made_) {
    if (!fs::remove(folder, ignored)) return;  // holds somebody else's run
  }
}

Result<void> RunFolder::write(std::string_view name, std::string_view content) const {
  const std::string path = (fs::path(path_) / name).string();
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return disk_error("write", path, errno);
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const int write_error = errno;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) return disk_error("write", path, written ? errno : write_error);
  return {};
}

Result<EventLog> EventLog::open(const RunFolder& folder, const Directory& directory) {
  std::string path = folder.path() + "/events.jsonl";
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return disk_error("write", path, errno);
  return EventLog(file, std::move(path), directory);
}

void EventLog::line(const std::string& text) {
  if (lines_ > kMaxLines) return;
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

Result<void> EventLog::close() {
  if (std::fflush(file_.get()) != 0 && error_ == 0) error_ = errno;
  const int code = std::fclose(file_.release()) != 0 && error_ == 0 ? errno : error_;
  if (code != 0) return disk_error("write", path_, code);
  return {};
}

}  // namespace hearsay::cli
