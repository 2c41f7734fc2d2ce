#include "core/kv/kv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/kv/request.hpp"

namespace hearsay {

namespace {

tl::unexpected<Error> closed_error() { return fail(ErrorCode::kClosed, "the store was closed"); }

Result<void> check_sizes(std::size_t key, std::size_t prefix, std::size_t value) {
  if (key == 0) return invalid("a key must have at least 1 byte");
  if (key + prefix > kMaxKeyBytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("the key has {} bytes; at most {} are allowed with the namespace",
                                                  key + prefix, kMaxKeyBytes));
  }
  if (value > kMaxValueBytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the value has {} bytes; at most {} are allowed", value, kMaxValueBytes));
  }
  return {};
}

Result<void> check_item(const Item& item, std::size_t prefix) {
  if (auto sizes = check_sizes(item.key.size(), prefix, item.value.size()); !sizes) return sizes;
  if (item.expiration < Duration::zero()) return invalid("an expiration must not be negative; 0 means never");
  if (item.expiration > kTenYears) return invalid("an expiration must be at most ten years; 0 means never");
  return {};
}

// A key with its namespace, on the stack: a get of what is at hand should not allocate for it.
class WholeKey {
 public:
  // The sizes were checked.
  WholeKey(std::string_view prefix, std::string_view key) : size_(prefix.size() + key.size()) {
    std::memcpy(bytes_.data(), prefix.data(), prefix.size());
    std::memcpy(bytes_.data() + prefix.size(), key.data(), key.size());
  }
  operator std::string_view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMaxKeyBytes> bytes_;
  std::size_t size_;
};

}  // namespace

Kv::Kv(std::string name_space) : prefix_(std::move(name_space) + '/') {}

Result<Item> Kv::get(std::string_view key) {
  if (closed()) return closed_error();
  if (auto sizes = check_sizes(key.size(), prefix_.size(), 0); !sizes) return tl::unexpected(sizes.error());
  Result<Item> found = do_get(WholeKey(prefix_, key));
  if (found) found->key.assign(key);
  return found;
}

Result<void> Kv::put(const Item& item) {
  if (closed()) return closed_error();
  if (auto checked = check_item(item, prefix_.size()); !checked) return checked;
  return do_put(WholeKey(prefix_, item.key), item.value, item.expiration);
}

Result<void> Kv::del(std::string_view key) {
  if (closed()) return closed_error();
  if (auto sizes = check_sizes(key.size(), prefix_.size(), 0); !sizes) return sizes;
  return do_del(WholeKey(prefix_, key));
}

std::vector<Result<Item>> Kv::get_many(std::span<const std::string> keys) {
  std::vector<Result<Item>> results(keys.size());
  std::vector<std::string> whole;  // with the namespace
  std::vector<std::string_view> asked;
  std::vector<std::size_t> places;
  whole.reserve(keys.size());
  asked.reserve(keys.size());
  places.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (closed()) {
      results[i] = closed_error();
    } else if (auto sizes = check_sizes(keys[i].size(), prefix_.size(), 0); !sizes) {
      results[i] = tl::unexpected(sizes.error());
    } else {
      asked.push_back(whole.emplace_back(prefix_ + keys[i]));
      places.push_back(i);
    }
  }
  if (asked.empty()) return results;
  std::vector<Result<Item>> found = do_get_many(asked);
  for (std::size_t i = 0; i < places.size(); ++i) {
    Result<Item>& result = results[places[i]] = std::move(found[i]);
    if (result) result->key = keys[places[i]];
  }
  return results;
}

std::vector<Result<void>> Kv::put_many(std::span<const Item> items) {
  std::vector<Result<void>> results(items.size());
  std::vector<Item> whole;
  std::vector<std::size_t> places;
  whole.reserve(items.size());
  places.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (closed()) {
      results[i] = closed_error();
    } else if (auto checked = check_item(items[i], prefix_.size()); !checked) {
      results[i] = checked;
    } else {
      whole.push_back({prefix_ + items[i].key, items[i].value, items[i].expiration});
      places.push_back(i);
    }
  }
  if (whole.empty()) return results;
  std::vector<Result<void>> done = do_put_many(whole);
  for (std::size_t i = 0; i < places.size(); ++i) results[places[i]] = std::move(done[i]);
  return results;
}

Result<std::vector<std::string>> Kv::list(std::string_view prefix, std::size_t limit) {
  if (closed()) return closed_error();
  if (!capabilities().list) return invalid(fmt::format("{} cannot list keys", string()));
  if (prefix_.size() + prefix.size() > kMaxKeyBytes) return std::vector<std::string>();  // longer than any key
  auto keys = do_list(prefix_ + std::string(prefix), limit);
  if (!keys) return keys;
  for (std::string& key : *keys) key.erase(0, prefix_.size());
  std::sort(keys->begin(), keys->end());
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
  if (keys->size() > limit) keys->resize(limit);
  return keys;
}

Result<std::unique_ptr<KvWatcher>> Kv::watch(std::string_view prefix) {
  if (closed()) return closed_error();
  if (!capabilities().watch) return invalid(fmt::format("{} cannot watch keys", string()));
  return do_watch(prefix_ + std::string(prefix));
}

Result<void> Kv::close() {
  if (closed_.exchange(true, std::memory_order_acq_rel)) return {};
  return do_close();
}

// ---- what a backend need not do better -----------------------------------------------------------------------------

std::vector<Result<Item>> Kv::do_get_many(std::span<const std::string_view> keys) {
  std::vector<Result<Item>> results;
  results.reserve(keys.size());
  for (const std::string_view key : keys) results.push_back(do_get(key));
  return results;
}

std::vector<Result<void>> Kv::do_put_many(std::span<const Item> items) {
  std::vector<Result<void>> results;
  results.reserve(items.size());
  for (const Item& item : items) results.push_back(do_put(item.key, item.value, item.expiration));
  return results;
}

Result<std::vector<std::string>> Kv::do_list(std::string_view, std::size_t) {
  return invalid("this backend cannot list keys");
}

Result<std::unique_ptr<KvWatcher>> Kv::do_watch(std::string_view) { return invalid("this backend cannot watch keys"); }

Result<void> check_namespace(std::string_view name_space) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name_space.size() > kMaxNamespaceBytes) {
    return invalid(fmt::format("a namespace has at most {} characters", kMaxNamespaceBytes));
  }
  const auto wrong = std::find_if_not(name_space.begin(), name_space.end(), allowed);
  if (wrong != name_space.end()) {
    // The byte and not the text, which may have more than a line.
    return invalid(fmt::format("a namespace has letters, digits, '.', '_' and '-' alone, and not 0x{:02x}",
                               static_cast<unsigned char>(*wrong)));
  }
  return {};
}

}  // namespace hearsay
