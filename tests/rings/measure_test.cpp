// Figures against theory: within four standard errors, of sets of members drawn from a fixed seed.
#include "sim/rings/measure.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/ring/bounded_load.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/owner_placement.hpp"
#include "core/ring/redis_slots.hpp"
#include "core/ring/stathat.hpp"
#include "sim/rings/members.hpp"

namespace hearsay::rings {
namespace {

MeasureOptions untimed(std::uint32_t nodes, std::uint32_t sets = 10) {
  MeasureOptions options;
  options.nodes = nodes;
  options.sets = sets;
  options.keys = 20'000;
  options.times = false;
  return options;
}

TEST_CASE("karger's shares vary as their Beta distribution says, and moves are the least there are") {
  constexpr double kPoints = 40;
  const Figures figures = *measure(Karger(40), untimed(100, 20));
  CHECK(figures.balance.exact);
  CHECK(figures.balance.noise_cv == 0);
  const double expected = std::sqrt(99.0 / (100 * kPoints + 1));
  // The sample CV of n shares has a standard error of about CV / sqrt(2 n); of 20 sets, a twentieth of its square.
  CHECK(std::abs(figures.balance.cv.mean - expected) < 4 * expected / std::sqrt(2.0 * 100 * 20));
  CHECK(figures.disruption.leave.mean == 1);
  CHECK(figures.disruption.join.mean == 1);
  CHECK(figures.disruption.collateral.mean == 0);
  CHECK(figures.disagreement.mean == 0);
  CHECK(figures.disruption.replica_churn.mean == 1);
  REQUIRE(figures.weight_error.has_value());
  CHECK(figures.weight_error->mean > 0.1);
  CHECK(figures.weight_error->mean < 1);
}

// The owner is the hash's remainder.
class Modulo : public Ring {
 public:
  RingTraits traits() const override { return {.any_removal = false, .minimal_disruption = false}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const Placed>(members);
  }

 private:
  class Placed final : public OwnerPlacement {
   public:
    explicit Placed(std::span<const RingMember> members) : OwnerPlacement(members) {}
    NodeSlot lookup(std::uint64_t hash) const override {
      return slots().empty() ? kNoSlot : slots()[hash % slots().size()];
    }
    std::size_t memory_bytes() const override { return sizeof *this + slots_bytes(); }
  };
};

TEST_CASE("modulo is as even as chance, and moves nearly all") {
  const Figures figures = *measure(Modulo(), untimed(50, 20));
  CHECK_FALSE(figures.balance.exact);
  CHECK(figures.balance.noise_cv == doctest::Approx(std::sqrt(49.0 / 20'000)));
  CHECK(std::abs(figures.balance.cv.mean - figures.balance.noise_cv) <
        4 * figures.balance.noise_cv / std::sqrt(2.0 * 50 * 20));
  // Of 49 in 50 keys that stay with a member, all but about one in 50 move: 50 times what has to.
  CHECK(figures.disruption.leave.mean > 40);
  CHECK(figures.disruption.collateral.mean > 0.9);
  CHECK_FALSE(figures.weight_error.has_value());
}

TEST_CASE("what theory and promises say stands beside what is found, and what is far off is marked") {
  const Figures good = *measure(Karger(40), untimed(100));
  REQUIRE(good.balance.cv.expected.has_value());
  CHECK(*good.balance.cv.expected == doctest::Approx(std::sqrt(99.0 / 4001)));
  CHECK_FALSE(good.balance.cv.far_off());
  CHECK(*good.views.expected == doctest::Approx(0.1));
  CHECK_FALSE(good.views.far_off());
  CHECK(good.disruption.leave.expected == 1.0);
  CHECK(good.disagreement.expected == 0.0);

  // CRC32 of names that are alike is no good hash.
  const Figures uneven = *measure(Stathat(20), untimed(100));
  CHECK(uneven.balance.cv.far_off());
  CHECK_FALSE(uneven.views.far_off());

  // A promise that is not kept.
  class Liar final : public Modulo {
   public:
    RingTraits traits() const override { return {}; }
  };
  const Figures lie = *measure(Liar(), untimed(20));
  CHECK(lie.disruption.leave.far_off());
  CHECK(lie.disruption.collateral.far_off());
  CHECK_FALSE(lie.disagreement.far_off());
}

TEST_CASE("crafted keys all go one way where their check sum is the hash, and nowhere else") {
  const Figures redis = *measure(RedisSlots(), untimed(20, 3));
  CHECK(redis.hostile.crc16.mean == doctest::Approx(20));
  CHECK(redis.hostile.crc32.mean < 3);
  const Figures stathat = *measure(Stathat(20), untimed(20, 3));
  CHECK(stathat.hostile.crc32.mean == doctest::Approx(20));
  CHECK(stathat.hostile.crc16.mean < 5);
  const Figures karger = *measure(Karger(160), untimed(20, 3));
  CHECK(karger.hostile.crc16.mean < 2);
  CHECK(karger.hostile.crc32.mean < 2);
  // Of 20,000 keys the most popular has 1 / H(20,000, 0.99) of all requests, about 9%, and its owner some more.
  CHECK(karger.hostile.zipf.mean > 0.09 * 20);
  CHECK(karger.hostile.zipf.mean < 0.25 * 20);
}

TEST_CASE("a ring that needs loads is measured with them") {
  const auto base = std::make_shared<const Karger>(20);
  const BoundedLoad ring(base, 1.1);
  const Figures bounded = *measure(ring, untimed(20));
  const Figures free = *measure(*base, untimed(20));
  CHECK(free.balance.max.mean > 1.2);
  CHECK(bounded.balance.max.mean <= 1.1 + 1e-9);
  CHECK(bounded.disruption.collateral.mean > 0);
  CHECK(free.disruption.collateral.mean == 0);
}

TEST_CASE("one member has everything, and times are measured where they are asked for") {
  const Figures one = *measure(Karger(10), untimed(1));
  CHECK(one.balance.max.mean == doctest::Approx(1));
  CHECK(one.balance.cv.mean == doctest::Approx(0));
  CHECK(one.speed.batch_ns == 0);
  MeasureOptions timed = untimed(10, 1);
  timed.times = true;
  const Figures figures = *measure(Karger(10), timed);
  CHECK(figures.speed.batch_ns > 0);
  CHECK(figures.speed.build_ms > 0);
  CHECK(figures.speed.bytes_a_member > 100);
}

TEST_CASE("a single set of members is not marked for the luck of its draw") {
  int marked = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    MeasureOptions options = untimed(3, 1);
    options.seed = seed;
    marked += measure(Karger(1), options)->views.far_off() ? 1 : 0;
  }
  CHECK(marked == 0);
}

TEST_CASE("the same seed gives the same figures") {
  const Figures a = *measure(Karger(20), untimed(30));
  const Figures b = *measure(Karger(20), untimed(30));
  CHECK(a.balance.cv.mean == b.balance.cv.mean);
  CHECK(a.spread.copysets.mean == b.spread.copysets.mean);
}

}  // namespace
}  // namespace hearsay::rings
