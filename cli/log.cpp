#include "cli/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
    case LogLevel::kOff: break;
  }
  return spdlog::level::off;
}

spdlog::level::level_enum spdlog_level(transport::LogLevel level) {
  switch (level) {
    case transport::LogLevel::kDebug: return spdlog::level::debug;
    case transport::LogLevel::kInfo: return spdlog::level::info;
    case transport::LogLevel::kWarning: return spdlog::level::warn;
    case transport::LogLevel::kError: break;
  }
  return spdlog::level::err;
}

}  // namespace

std::function<void(transport::LogLevel, const std::string&)> make_log(LogLevel level, bool quiet) {
  auto log = std::make_shared<spdlog::logger>("hearsay", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  log->set_level(quiet ? spdlog::level::off : spdlog_level(level));
  return [log = std::move(log)](transport::LogLevel of, const std::string& text) {
    log->log(spdlog_level(of), "{}", plan::one_line(text));
  };
}

}  // namespace hearsay::cli
