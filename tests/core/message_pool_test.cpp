#include <doctest/doctest.h>

#include <cstdint>
#include <set>

#include "core/protocol/message.hpp"
#include "tests/support/messages.hpp"

using namespace hearsay;
using namespace hearsay::test;

TEST_CASE("a reference counts, whatever is done with it") {
  MessagePool pool;
  MessageRef first = pool.make<Small>().take();
  CHECK(first->references == 1);
  {
    const MessageRef copy = first;
    CHECK(first->references == 2);
    MessageRef assigned;
    assigned = copy;
    CHECK(first->references == 3);
    const MessageRef moved = std::move(assigned);
    CHECK(first->references == 3);
  }
  CHECK(first->references == 1);
  const Message* raw = first.detach();
  CHECK_FALSE(static_cast<bool>(first));
  CHECK(pool.live() == 1);
  {
    const MessageRef adopted = MessageRef::adopt(raw);
  }
  CHECK(pool.live() == 0);
}

TEST_CASE("a reference assigned to itself stays") {
  MessagePool pool;
  MessageRef ref = pool.make<Small>().take();
  const MessageRef& same = ref;
  ref = same;
  CHECK(ref->references == 1);
}

TEST_CASE("an abandoned draft goes back to the pool") {
  MessagePool pool;
  {
    const auto draft = pool.make<Small>();
    CHECK(pool.live() == 1);
  }
  CHECK(pool.live() == 0);
}

TEST_CASE("a recycled message differs in nothing from a new one") {
  MessagePool pool;
  MessagePool fresh;
  const Message* before = nullptr;
  {
    auto draft = pool.make<Everything>();
    before = &*draft;
    draft->flag = true;
    draft->i64 = -5;
    draft->peer = NodeSlot{3};
    draft->identity.slot = NodeSlot{3};
    draft->text = "text";
    draft->value = Bytes("value");
    draft->version = {5, NodeId{5}};
    draft->numbers = {1, 2, 3};
    draft->points.resize(3);
    draft->one = pool.make<Small>().take();
  }
  CHECK(pool.live() == 0);
  const auto again = pool.make<Everything>();
  CHECK(&*again == before);
  CHECK(message_type<Everything>().equal(*again, *fresh.make<Everything>()));
  CHECK(again->peer == kNoSlot);

  pool.make<Small>()->number = 99;
  CHECK(pool.make<Small>()->number == 7);  // not zero: its default
}

TEST_CASE("a steady state neither grows the pool nor reallocates what messages hold") {
  MessagePool pool;
  const void* storage = nullptr;
  {
    auto draft = pool.make<Everything>();
    draft->numbers.resize(500);
    storage = draft->numbers.data();
  }
  const std::size_t bytes = pool.memory_bytes();
  for (int i = 0; i < 1000; ++i) {
    auto draft = pool.make<Everything>();
    draft->numbers.resize(500);
    REQUIRE(draft->numbers.data() == storage);
  }
  CHECK(pool.memory_bytes() == bytes);
}

TEST_CASE("messages of several types have handles of their own, and lie on cache lines") {
  MessagePool pool;
  std::vector<MessageRef> held;
  std::set<std::uint32_t> handles;
  for (int i = 0; i < 3000; ++i) {
    held.push_back(i % 3 == 0 ? pool.make<Small>().take() : pool.make<Parcel>().take());
    const Message& message = *held.back();
    handles.insert(message.handle);
    REQUIRE(&pool.at(message.handle) == &message);
    REQUIRE(is<Small>(message) == (i % 3 == 0));
    REQUIRE(reinterpret_cast<std::uintptr_t>(&message) % 64 == 0);
  }
  CHECK(handles.size() == held.size());
  CHECK(pool.live() == held.size());
  held.clear();
  CHECK(pool.live() == 0);
}

TEST_CASE("letting go of a parcel lets go of what is in it") {
  MessagePool pool;
  MessageRef inner = pool.make<Small>().take();
  {
    auto parcel = pool.make<Parcel>();
    parcel->inner = {inner, inner};
    auto outer = pool.make<Parcel>();
    outer->inner.push_back(std::move(parcel).take());
    CHECK(inner->references == 3);
  }
  CHECK(inner->references == 1);
  CHECK(pool.live() == 1);
}
