#include "core/kv/store_wheel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "core/base/random.hpp"

namespace hearsay {
namespace {

constexpr Duration kTick = StoreWheel::kTick;

struct Wheel {
  StoreSlab slab;
  StoreWheel wheel;

  std::uint32_t add(MonoTime due, MonoTime now) {
    const std::uint32_t i = slab.acquire();
    slab[i].due = due;
    wheel.insert(slab, i, now);
    return i;
  }
  std::vector<std::uint32_t> due_at(MonoTime now) {
    std::vector<std::uint32_t> out;
    std::size_t budget = 1'000'000;
    for (std::uint32_t i = wheel.pop_due(slab, now, budget); i != kNoEntry; i = wheel.pop_due(slab, now, budget)) {
      out.push_back(i);
    }
    REQUIRE(budget > 0);
    return out;
  }
};

TEST_CASE("wheel: an entry comes out at its time or within a tick, on every level") {
  for (unsigned bits = 0; bits < 62; ++bits) {
    for (const std::int64_t extra : {-1, 0, 1}) {
      const Duration delay(std::max<std::int64_t>(1, (std::int64_t{1} << bits) + extra));
      Wheel w;
      const MonoTime start(987'654'321ns);
      const MonoTime due = start + delay;
      const std::uint32_t i = w.add(due, start);
      int calls = 0;
      MonoTime at = start;
      std::vector<std::uint32_t> out;
      while (out.empty()) {
        const MonoTime next = w.wheel.next_due();
        REQUIRE(next >= at - kTick);
        at = std::max(at, next);
        out = w.due_at(at);
        // One move down a level at most for each, so that a far deadline does not poll.
        REQUIRE(++calls <= 9);
      }
      CAPTURE(bits);
      CHECK(out == std::vector{i});
      CHECK(at >= due);
      CHECK(at < due + kTick);
      CHECK(w.wheel.next_due() == kNoDeadline);
    }
  }
}

TEST_CASE("wheel: an entry that never ends is not kept, and removing it is harmless") {
  Wheel w;
  const std::uint32_t i = w.add(kNoDeadline, MonoTime());
  CHECK(w.wheel.next_due() == kNoDeadline);
  w.wheel.remove(w.slab, i);
  CHECK(w.due_at(MonoTime(kTenYears)).empty());
}

TEST_CASE("wheel: the last nanoseconds of all time do not wrap round") {
  Wheel w;
  const std::uint32_t i = w.add(kNoDeadline - 1ns, MonoTime());
  CHECK(w.due_at(kNoDeadline - kTick).empty());
  w.wheel.remove(w.slab, i);
  CHECK(w.wheel.next_due() == kNoDeadline);
}

TEST_CASE("wheel: time before the clock's epoch is as good as any") {
  Wheel w;
  const std::uint32_t i = w.add(MonoTime(-1ns), MonoTime(-10s));
  CHECK(w.due_at(MonoTime(-1s)).empty());
  CHECK(w.due_at(MonoTime(0s)) == std::vector{i});
}

TEST_CASE("wheel: an entry whose time has passed comes out at once") {
  Wheel w;
  w.add(MonoTime(9s), MonoTime(1s));
  CHECK(w.due_at(MonoTime(5s)).empty());
  const std::uint32_t late = w.add(MonoTime(2s), MonoTime(5s));
  CHECK(w.due_at(MonoTime(5s)) == std::vector{late});
}

TEST_CASE("wheel: many entries of one time move down and come out within the budget of each call") {
  Wheel w;
  const MonoTime due(60s);
  for (int i = 0; i < 5000; ++i) w.add(due, MonoTime());
  std::size_t out = 0;
  for (MonoTime at{}; out < 5000; at += 1ms) {
    std::size_t budget = 300;
    while (w.wheel.pop_due(w.slab, at, budget) != kNoEntry) {
      CHECK(at >= due);
      ++out;
    }
    REQUIRE(at < due + 1s);
  }
  CHECK(w.wheel.next_due() == kNoDeadline);
}

TEST_CASE("wheel: entries may come and go while a slot is moving down") {
  Wheel w;
  std::vector<std::uint32_t> entries;
  for (int i = 0; i < 100; ++i) entries.push_back(w.add(MonoTime(60s + i * 1us), MonoTime()));
  std::size_t budget = 30;
  const MonoTime moving = w.wheel.next_due();
  CHECK(w.wheel.pop_due(w.slab, moving, budget) == kNoEntry);
  CHECK(w.wheel.next_due() <= moving);  // not done
  for (int i = 0; i < 100; i += 2) w.wheel.remove(w.slab, entries[static_cast<std::size_t>(i)]);
  const std::uint32_t soon = w.add(moving + 1ms, moving);
  const std::uint32_t later = w.add(MonoTime(90s), moving);
  CHECK(w.due_at(moving + 2ms) == std::vector{soon});
  CHECK(w.due_at(MonoTime(61s)).size() == 50);
  CHECK(w.due_at(MonoTime(91s)) == std::vector{later});
}

TEST_CASE("wheel: agrees with a sorted map under random times, steps, removals and budgets") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::uint64_t draws = 0;
    Random random(stream_key(seed, Purpose::kTest), 1, draws);
    // Spread over all levels: as likely microseconds as months.
    const auto span = [&] { return Duration(random.below(std::uint64_t{1} << random.below(55)) + 1); };
    Wheel w;
    std::map<std::uint32_t, MonoTime> model;
    MonoTime now(static_cast<Duration>(5s));
    for (int op = 0; op < 4000; ++op) {
      const std::uint64_t kind = random.below(10);
      if (kind < 5) {
        const MonoTime due = now + span();
        model[w.add(due, now)] = due;
      } else if (kind < 6 && !model.empty()) {
        auto victim = model.begin();
        std::advance(victim, static_cast<std::ptrdiff_t>(random.below(model.size())));
        w.wheel.remove(w.slab, victim->first);
        w.slab.release(victim->first);
        model.erase(victim);
      } else {
        now += Duration(random.below(static_cast<std::uint64_t>(span().count())));
        std::size_t budget = random.below(3) == 0 ? random.below(5) : 100'000;
        while (true) {
          const std::uint32_t i = w.wheel.pop_due(w.slab, now, budget);
          if (i == kNoEntry) break;
          REQUIRE(model.count(i) == 1);
          REQUIRE(model[i] <= now);
          model.erase(i);
          w.slab.release(i);
        }
        if (budget == 0) continue;
        MonoTime first = kNoDeadline;
        for (const auto& [i, due] : model) first = std::min(first, due);
        // Nothing is left that a whole tick has passed for, and the next call is asked for in time.
        REQUIRE(first > now - kTick);
        REQUIRE(w.wheel.next_due() > now);
        if (first != kNoDeadline) REQUIRE(w.wheel.next_due() < first + kTick);
      }
    }
  }
}

}  // namespace
}  // namespace hearsay
