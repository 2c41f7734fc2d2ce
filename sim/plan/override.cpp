#include "sim/plan/override.hpp"

#include <fmt/format.h>

#include <charconv>

#include "sim/plan/default_label.hpp"
#include "sim/plan/toml_input.hpp"

namespace hearsay::plan {

namespace {

// Where the key ends: the first "=" outside quotes.
std::size_t find_equals(std::string_view text) {
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_quotes = !in_quotes;
    if (text[i] == '=' && !in_quotes) return i;
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The parts of a dotted key; empty when it is none.
std::vector<std::string> parts_of(std::string_view key) {
  std::vector<std::string> parts;
  while (true) {
    if (key.starts_with('"')) {
      const std::size_t end = key.find('"', 1);
      if (end == std::string_view::npos) return {};
      parts.emplace_back(key.substr(1, end - 1));
      key.remove_prefix(end + 1);
    } else {
      const std::size_t end = std::min(key.find_first_of(".\""), key.size());
      if (end == 0) return {};
      parts.emplace_back(key.substr(0, end));
      key.remove_prefix(end);
    }
    if (key.empty()) return parts.size() <= kMaxKeyParts ? parts : std::vector<std::string>();
    if (!key.starts_with('.')) return {};
    key.remove_prefix(1);
  }
}

void mark(Input& value, const std::string& key) {
  value.set_by = key;
  for (Input& inner : value.values) mark(inner, key);
}

Input value_of(std::string_view text, const std::string& key) {
  Input value;
  value.kind = Input::Kind::kString;
  value.text = text;
  if (auto parsed = parse_toml(fmt::format("value = {}", text), key)) {
    // More than one key: the text goes on after its value, so it is none.
    if (parsed->values.size() == 1 && parsed->values[0].kind != Input::Kind::kTime)
      value = std::move(parsed->values[0]);
    const bool scalar = value.kind != Input::Kind::kTable && value.kind != Input::Kind::kArray;
    if (scalar && value.kind != Input::Kind::kString) value.text = text;
  }
  mark(value, key);
  return value;
}

// By what an entry of a list is called.
std::string called(const Input& entry) {
  for (const std::string_view key : {"label", "name"}) {
    const Input* label = entry.find(key);
    if (label != nullptr && label->kind == Input::Kind::kString) return label->text;
  }
  return default_label(entry);
}

Input* find_entry(Input& list, const std::string& part) {
  for (Input& entry : list.values) {
    if (called(entry) == part) return &entry;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool number = error == std::errc() && end == part.data() + part.size();
  return number && index < list.values.size() ? &list.values[index] : nullptr;
}

std::string entries(const Input& list) {
  std::string text = fmt::format("a number from 0 to {}", list.values.size() - 1);
  std::size_t listed = 0;
  for (const Input& entry : list.values) {
    if (const std::string name = called(entry); !name.empty() && ++listed <= 8)
      text += (listed == 1 ? " or one of " : ", ") + name;
  }
  return text;
}

}  // namespace

Result<void> apply_override(Input& root, std::string_view assignment) {
  const std::size_t equals = find_equals(assignment);
  if (equals == std::string_view::npos) {
    return invalid(fmt::format("--set {}: no '='; expected key=value", quote(assignment)));
  }
  const std::string key(trimmed(assignment.substr(0, equals)));
  if (assignment.size() > kMaxOverrideBytes) {
    return invalid(fmt::format("--set {}: over {} bytes", quote(key), kMaxOverrideBytes));
  }
  if (!is_utf8(assignment) || assignment.find('\0') != std::string_view::npos) {
    return invalid(fmt::format("--set {}: not UTF-8", is_utf8(key) ? quote(key) : "with a key"));
  }
  const std::vector<std::string> parts = parts_of(key);
  if (parts.empty()) {
    return invalid(fmt::format("--set {}: not a key; expected one such as membership.rejoin", quote(key)));
  }
  Input* at = &root;
  std::string path;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const std::string& part = parts[i];
    if (at->kind == Input::Kind::kArray) {
      Input* entry = find_entry(*at, part);
      if (entry == nullptr) {
        if (at->values.empty()) return invalid(fmt::format("--set {}: {} is empty", key, path));
        return invalid(fmt::format("--set {}: {} has no entry {}; expected {}", key, path, quote(part), entries(*at)));
      }
      at = entry;
    } else if (at->kind == Input::Kind::kTable) {
      Input* member = at->find(part);
      if (member == nullptr) {
        at->keys.push_back(part);
        at->values.emplace_back().set_by = key;
        member = &at->values.back();
      }
      at = member;
    } else {
      return invalid(fmt::format("--set {}: {} is {}; expected a table", key, path, name_of(at->kind)));
    }
    path += (path.empty() ? "" : ".") + part;
    if (last) *at = value_of(trimmed(assignment.substr(equals + 1)), key);
  }
  return {};
}

}  // namespace hearsay::plan
