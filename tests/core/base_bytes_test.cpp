#include "core/base/bytes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace hearsay {
namespace {

TEST_CASE("bytes: any byte comes back, NUL and 0xFF included") {
  const std::string text("\0a\xff", 3);
  CHECK(Bytes(text).view() == text);
  CHECK(Bytes(text).size() == 3);
}

TEST_CASE("bytes: nothing is empty, whichever way it was made") {
  CHECK(Bytes().empty());
  CHECK(Bytes(std::string()) == Bytes());
  CHECK(Bytes().view().empty());
}

TEST_CASE("bytes: copies share one buffer, which outlives the first owner") {
  auto* first = new Bytes("value");
  const Bytes copy = *first;
  CHECK(copy.view().data() == first->view().data());
  delete first;
  CHECK(copy.view() == "value");
}

TEST_CASE("bytes: assignment lets go of the old buffer, also to itself") {
  Bytes a("a");
  Bytes b("b");
  a = b;
  CHECK(a.view().data() == b.view().data());
  a = *&a;
  CHECK(a.view() == "b");
  b = std::move(a);
  CHECK(b.view() == "b");
}

TEST_CASE("bytes: equality is by content") {
  CHECK(Bytes("same") == Bytes("same"));
  CHECK_FALSE(Bytes("same") == Bytes("sane"));
  CHECK_FALSE(Bytes("same") == Bytes());
}

}  // namespace
}  // namespace hearsay
