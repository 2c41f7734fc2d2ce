// What goes in comes out: bytes, limits, namespaces, many at once. On every backend.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/kv/request.hpp"
#include "tests/transport/kv_fixtures.hpp"

namespace hearsay::test {

namespace {

std::string every_byte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

void check_value(Kv& kv, const std::string& key, const std::string& value) {
  CAPTURE(key);
  const Result<Item> item = kv.get(key);
  REQUIRE_MESSAGE(item, item.error().message);
  CHECK(item->key == key);
  CHECK(item->value == value);
}

ErrorCode get_error(Kv& kv, const std::string& key) {
  const Result<Item> item = kv.get(key);
  REQUIRE_FALSE(item);
  return item.error().code;
}

}  // namespace

HEARSAY_KV_CASE(bytes_come_back, "any bytes come back, none included", EveryKv) {
  const auto kv = f.open();
  const std::vector<std::string> keys{"plain",
                                      "with space",
                                      " ",
                                      "\n",
                                      std::string(1, '\0'),
                                      "\xff\xfe",
                                      "a\r\nset b 0 0 1\r\nx",
                                      "%25",
                                      "%",
                                      "schl\xc3\xbcssel",
                                      every_byte().substr(0, 128),
                                      every_byte().substr(128)};
  const std::vector<std::string> values{"", std::string("\0\xff\r\nEND\r\n", 9), every_byte()};
  for (const std::string& value : values) {
    for (const std::string& key : keys) {
      const Result<void> done = kv->put({key, value + key, 0s});
      REQUIRE_MESSAGE(done, done.error().message);
    }
    for (const std::string& key : keys) check_value(*kv, key, value + key);
  }
  REQUIRE(kv->put({"empty", "", 0s}));
  check_value(*kv, "empty", "");
}

HEARSAY_KV_CASE(limits, "the limits of keys and values hold to the byte, and what is over leaves the old value",
                EveryKv) {
  const auto kv = f.open("ns");
  const std::size_t most = kMaxKeyBytes - 3;  // "ns/"
  for (const char filler : {'k', ' ', '\xff'}) {
    const std::string longest(most, filler);
    REQUIRE(kv->put({longest.substr(1), "shorter", 0s}));
    REQUIRE(kv->put({longest, "longest", 0s}));
    check_value(*kv, longest, "longest");
    check_value(*kv, longest.substr(1), "shorter");
    CHECK(kv->put({longest + filler, "over", 0s}).error().code == ErrorCode::kTooLarge);
    CHECK(get_error(*kv, longest + filler) == ErrorCode::kTooLarge);
    CHECK(kv->del(longest + filler).error().code == ErrorCode::kTooLarge);
    check_value(*kv, longest, "longest");
  }
  CHECK(kv->put({"", "value", 0s}).error().code == ErrorCode::kInvalidArgument);
  CHECK(get_error(*kv, "") == ErrorCode::kInvalidArgument);
  CHECK(kv->del("").error().code == ErrorCode::kInvalidArgument);

  for (const std::string& key : {std::string("large"), std::string(most, ' ')}) {
    for (const std::size_t size : {kMaxValueBytes - 1, kMaxValueBytes}) {
      std::string value(size, 'v');
      value.back() = '\0';
      const Result<void> done = kv->put({key, value, 1h});
      REQUIRE_MESSAGE(done, done.error().message);
      check_value(*kv, key, value);
    }
    CHECK(kv->put({key, std::string(kMaxValueBytes + 1, 'x'), 0s}).error().code == ErrorCode::kTooLarge);
    const Result<Item> left = kv->get(key);
    REQUIRE(left);
    CHECK(left->value.size() == kMaxValueBytes);
    CHECK(left->value.front() == 'v');
    CHECK(left->expiration > 0s);
  }
}

HEARSAY_KV_CASE(overwrite, "a put replaces value and expiration, and clears the expiration", EveryKv) {
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "long value", 1h}));
  REQUIRE(kv->put({"key", "new", 20min}));
  Result<Item> item = kv->get("key");
  REQUIRE(item);
  CHECK(item->value == "new");
  CHECK(item->expiration <= 20min);
  CHECK(item->expiration > 19min);
  REQUIRE(kv->put({"key", "", 0s}));
  item = kv->get("key");
  REQUIRE(item);
  CHECK(item->value.empty());
  CHECK(item->expiration == 0s);
  REQUIRE(kv->put({"key", "again", 1h}));
  item = kv->get("key");
  REQUIRE(item);
  CHECK(item->expiration > 59min);
}

HEARSAY_KV_CASE(deletes, "a delete is idempotent and leaves the neighbours", EveryKv) {
  const auto kv = f.open();
  CHECK(get_error(*kv, "key") == ErrorCode::kNotFound);
  CHECK(kv->del("key"));
  REQUIRE(kv->put({"key", "value", 0s}));
  REQUIRE(kv->put({"key2", "value2", 0s}));
  CHECK(kv->del("key"));
  CHECK(get_error(*kv, "key") == ErrorCode::kNotFound);
  CHECK(kv->del("key"));
  check_value(*kv, "key2", "value2");
  REQUIRE(kv->put({"key", "back", 0s}));
  check_value(*kv, "key", "back");
}

HEARSAY_KV_CASE(expirations, "a negative expiration and one of over ten years are refused and change nothing",
                EveryKv) {
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "value", 0s}));
  for (const Duration wrong : {Duration(-1ns), Duration(-5s), Duration::min(), kTenYears + 1ns, Duration::max()}) {
    CHECK(kv->put({"key", "wrong", wrong}).error().code == ErrorCode::kInvalidArgument);
  }
  check_value(*kv, "key", "value");
  REQUIRE(kv->put({"key", "ten years", kTenYears}));
  const Result<Item> item = kv->get("key");
  REQUIRE(item);
  CHECK(item->expiration > kTenYears - 1min);
  CHECK(item->expiration <= kTenYears);
}

HEARSAY_KV_CASE(namespaces, "namespaces are isolated, and none at all is one of them", EveryKv) {
  const auto none = f.open();
  const auto a = f.open("a");
  const auto b = f.open("b");
  for (Kv* kv : {none.get(), a.get(), b.get()}) REQUIRE(kv->put({"key", kv->string(), 0s}));
  for (Kv* kv : {none.get(), a.get(), b.get()}) check_value(*kv, "key", kv->string());
  REQUIRE(a->del("key"));
  CHECK(get_error(*a, "key") == ErrorCode::kNotFound);
  check_value(*b, "key", b->string());
  check_value(*none, "key", none->string());
}

HEARSAY_KV_CASE(two_handles, "two handles in one process see one store where there is one", SharedKv) {
  const auto one = f.open("ns");
  const auto two = f.open("ns");
  REQUIRE(one->put({"key", "of one", 0s}));
  check_value(*two, "key", "of one");
  REQUIRE(two->put({"key", "of two", 0s}));
  check_value(*one, "key", "of two");
  REQUIRE(two->close());
  check_value(*one, "key", "of two");
  CHECK(get_error(*two, "key") == ErrorCode::kClosed);
}

HEARSAY_KV_CASE(many, "many at once: each stands for itself, in order", EveryKv) {
  const auto kv = f.open("ns");
  const std::string over(kMaxKeyBytes, 'k');
  std::vector<Item> items{{"a", "1", 0s},   {"", "x", 0s},   {"b c", "2", 1h},
                          {"d", "x", -1ns}, {over, "x", 0s}, {"a", "3", 0s}};
  const auto done = kv->put_many(items);
  REQUIRE(done.size() == 6);
  CHECK(done[0]);
  CHECK(done[1].error().code == ErrorCode::kInvalidArgument);
  CHECK(done[2]);
  CHECK(done[3].error().code == ErrorCode::kInvalidArgument);
  CHECK(done[4].error().code == ErrorCode::kTooLarge);
  CHECK(done[5]);
  const std::vector<std::string> keys{"missing", "a", over, "b c", "", "a", "d"};
  const auto got = kv->get_many(keys);
  REQUIRE(got.size() == 7);
  CHECK(got[0].error().code == ErrorCode::kNotFound);
  CHECK(got[1].value() == Item{"a", "3", 0s});
  CHECK(got[2].error().code == ErrorCode::kTooLarge);
  CHECK(got[3].value().key == "b c");
  CHECK(got[3].value().value == "2");
  CHECK(got[3].value().expiration > 59min);
  CHECK(got[4].error().code == ErrorCode::kInvalidArgument);
  CHECK(got[5].value().value == "3");
  CHECK(got[6].error().code == ErrorCode::kNotFound);
  CHECK(kv->get_many({}).empty());
  CHECK(kv->put_many({}).empty());
}

HEARSAY_KV_CASE(very_many, "more at once than one batch takes", EveryKv) {
  const auto kv = f.open("ns");
  constexpr std::size_t count = 700;
  std::vector<Item> items;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back("key " + std::to_string(i));
    if (i % 3 != 0) items.push_back({keys.back(), std::to_string(i), 1h});
  }
  for (const auto& done : kv->put_many(items)) REQUIRE_MESSAGE(done, done.error().message);
  const auto got = kv->get_many(keys);
  REQUIRE(got.size() == count);
  for (std::size_t i = 0; i < count; ++i) {
    CAPTURE(i);
    REQUIRE(got[i].has_value() == (i % 3 != 0));
    if (got[i]) {
      CHECK(got[i]->value == std::to_string(i));
    } else {
      CHECK(got[i].error().code == ErrorCode::kNotFound);
    }
  }
}

HEARSAY_KV_CASE(lists, "list: the keys with a prefix, without the namespace, sorted, bounded, literally", ListingKv) {
  const auto kv = f.open("ns");
  const auto other = f.open("ns2");
  CHECK(kv->list().value().empty());
  for (const char* key : {"b", "a*", "a?", "a[x]", "a\\", "ab", "a"}) REQUIRE(kv->put({key, "v", 1h}));
  REQUIRE(kv->put({std::string("a\0", 2), "v", 0s}));
  REQUIRE(other->put({"a from elsewhere", "v", 0s}));
  using Keys = std::vector<std::string>;
  CHECK(kv->list("").value() == Keys{"a", std::string("a\0", 2), "a*", "a?", "a[x]", "a\\", "ab", "b"});
  CHECK(kv->list("a*").value() == Keys{"a*"});
  CHECK(kv->list("a?").value() == Keys{"a?"});
  CHECK(kv->list("a[x").value() == Keys{"a[x]"});
  CHECK(kv->list("a[x]").value() == Keys{"a[x]"});
  CHECK(kv->list("a\\").value() == Keys{"a\\"});
  CHECK(kv->list(std::string("a\0", 2)).value() == Keys{std::string("a\0", 2)});
  CHECK(kv->list("[").value().empty());
  CHECK(kv->list("", 3).value().size() == 3);
  CHECK(kv->list("", 0).value().empty());
  REQUIRE(kv->del("ab"));
  CHECK(kv->list("ab").value().empty());
}

HEARSAY_KV_CASE(lists_many, "list: more keys than one step looks at", ListingKv) {
  const auto kv = f.open();
  std::vector<Item> items;
  for (int i = 0; i < 2500; ++i) items.push_back({"key-" + std::to_string(10'000 + i), "", 0s});
  for (std::size_t begin = 0; begin < items.size(); begin += 250) {  // each within the timeout
    for (const auto& done : kv->put_many(std::span(items).subspan(begin, 250))) REQUIRE(done);
  }
  const auto all = kv->list("key-", 10'000).value();
  REQUIRE(all.size() == 2500);
  CHECK(all.front() == "key-10000");
  CHECK(all.back() == "key-12499");
  CHECK(kv->list("key-").value().size() == 1000);
}

HEARSAY_KV_CASE(capabilities, "what a backend cannot is refused by name, and string() does not change", EveryKv) {
  const auto kv = f.open("ns");
  const std::string name = kv->string();
  CHECK_FALSE(name.empty());
  if (!kv->capabilities().list) CHECK(kv->list().error().code == ErrorCode::kInvalidArgument);
  if (kv->capabilities().list) CHECK(kv->list());
  if (!kv->capabilities().watch) CHECK(kv->watch().error().code == ErrorCode::kInvalidArgument);
  if (kv->capabilities().watch) CHECK(kv->watch());
  REQUIRE(kv->put({"key", "v", 0s}));
  CHECK(kv->string() == name);
  REQUIRE(kv->close());
  CHECK(kv->string() == name);
}

}  // namespace hearsay::test
