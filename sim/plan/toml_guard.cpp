#include <fmt/format.h>

#include <algorithm>

#include "sim/plan/toml_input.hpp"

namespace hearsay::plan {

namespace {

// Walks the text once. It knows as much of TOML as it takes to tell brackets and dots from those in strings and
// comments.
class Guard {
 public:
  Guard(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Result<void> check() {
    while (at_ < text_.size()) {
      if (auto fine = step(); !fine) return fine;
    }
    return {};
  }

 private:
  Result<void> step() {
    const char c = text_[at_];
    if (c == '\0') return refuse("a NUL byte; expected a text file in UTF-8");
    if (c == '"' || c == '\'') return skip_string(c);
    if (c == '#') {
      at_ = std::min(text_.find_first_of(std::string_view("\n\0", 2), at_), text_.size());
      return {};
    }
    switch (c) {
      case '\n':
        line_start_ = at_ + 1;
        ++line_;
        if (nesting_ == 0) begin_statement();
        break;
      case '[':
      case '{':
        // Where a statement begins, no more than two open a table; some builds of the parser abort on a third.
        if (at_statement_ && text_.substr(at_).starts_with("[[[")) return refuse("'[[['; expected [table] or [[list]]");
        if (++nesting_ > kMaxNesting) return refuse(fmt::format("lists nested deeper than {}", kMaxNesting));
        break;
      case ']':
      case '}':
        if (nesting_ > 0) --nesting_;
        break;
      case '.':
        if (++dots_ >= kMaxKeyParts) return refuse(fmt::format("a key of more than {} parts", kMaxKeyParts));
        break;
      case '=':
      case ',':
        if (++values_ > kMaxValues) return refuse(fmt::format("more than {} values", kMaxValues));
        dots_ = 0;
        break;
      default: break;
    }
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') at_statement_ = false;
    ++at_;
    return {};
  }

  void begin_statement() {
    at_statement_ = true;
    dots_ = 0;
  }

  Result<void> skip_string(char quote) {
    at_statement_ = false;
    const std::string_view rest = text_.substr(at_);
    const bool long_string = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
    at_ += long_string ? 3U : 1U;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\0') return refuse("a NUL byte; expected a text file in UTF-8");
      if (c == '\n') {
        if (!long_string) return {};  // the parser says that the string has no end
        line_start_ = at_ + 1;
        ++line_;
      }
      if (c == '\\' && quote == '"') {
        // A line break after it is counted when it is reached.
        const bool pair = at_ + 1 < text_.size() && text_[at_ + 1] != '\n' && text_[at_ + 1] != '\0';
        at_ += pair ? 2U : 1U;
        continue;
      }
      if (c == quote && !long_string) {
        ++at_;
        return {};
      }
      if (c == quote && text_.substr(at_).size() >= 3 && text_[at_ + 1] == quote && text_[at_ + 2] == quote) {
        at_ += 3;
        // Up to two more belong to the string itself.
        while (at_ < text_.size() && text_[at_] == quote) ++at_;
        return {};
      }
      ++at_;
    }
    return {};
  }

  tl::unexpected<Error> refuse(std::string_view what) const {
    return invalid(fmt::format("{}:{}:{}: {}", file_, line_, at_ - line_start_ + 1, what));
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  std::size_t nesting_ = 0;
  std::size_t dots_ = 0;
  std::size_t values_ = 0;
  bool at_statement_ = true;
};

}  // namespace

Result<void> check_toml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxFileBytes) {
    return invalid(
        fmt::format("{}:1:1: {} bytes; expected a scenario of at most {} MiB", file, text.size(), kMaxFileBytes >> 20));
  }
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (blank) return invalid(fmt::format("{}:1:1: the file is empty; expected TOML", file));
  return Guard(text, file).check();
}

}  // namespace hearsay::plan
