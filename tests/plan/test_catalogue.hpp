// A catalogue of strategies that have parameters of every type and do nothing: what the reader is tested with, so that
// its tests depend on no protocol.
#pragma once

#include <array>

#include "core/base/check.hpp"
#include "core/protocol/catalogue.hpp"

namespace hearsay::test {

struct FakeSwim {
  static constexpr Role kRole = Role::kMembership;
  static constexpr std::string_view kName = "swim";
  static constexpr std::string_view kSummary = "a membership for tests";
  static constexpr std::string_view kSource = "tests";
  static std::span<const Preset> presets() {
    static constexpr std::array<Preset, 2> kPresets{Preset{"lan", "the defaults"}, Preset{"wan", "slower"}};
    return kPresets;
  }
  void use_preset(std::size_t index) { probe_interval = index == 1 ? 5s : 1s; }
  void visit(ParamVisitor& v) {
    v.duration("probe_interval", probe_interval, {1ms, 1h}, "how often a member probes another");
    v.duration("probe_timeout", probe_timeout, {1ms, 1h}, "how long it waits");
    v.integer("indirect_checks", indirect_checks, {0, 16}, "members", "how many others are asked");
    v.real("suspicion_mult", suspicion_mult, {1.0, 100.0}, "log10(n)", "how long a suspicion lasts");
    v.choice("rejoin", rejoin, kRejoin, "what mends a split");
    v.boolean("refute", refute, "whether a member defends itself");
    v.size("packet", packet, {64, 65536}, "how large a message may be");
    v.share("awareness", awareness, "a share");
  }
  Result<void> check() const {
    if (probe_timeout > probe_interval) return invalid("probe_timeout is above probe_interval; expected at most that");
    return {};
  }
  std::shared_ptr<const Component> build() const { return nullptr; }

  static constexpr std::array<std::string_view, 2> kRejoin{"none", "push-pull"};
  Duration probe_interval = 1s;
  Duration probe_timeout = 500ms;
  std::int64_t indirect_checks = 3;
  double suspicion_mult = 4.0;
  int rejoin = 1;
  bool refute = true;
  std::int64_t packet = 1400;
  double awareness = 0.25;
};

template <Role kFakeRole, char... kLetters>
struct Fake {
  static constexpr std::array<char, sizeof...(kLetters)> kText{kLetters...};
  static constexpr Role kRole = kFakeRole;
  static constexpr std::string_view kName{kText.data(), kText.size()};
  static constexpr std::string_view kSummary = "a strategy for tests";
  static constexpr std::string_view kSource = "tests";
  void visit(ParamVisitor& v) { v.integer("n", n, {1, 1000}, "", "a number"); }
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return nullptr; }
  std::int64_t n = 3;
};

inline const Catalogue& catalogue() {
  static const Catalogue made = [] {
    Catalogue catalogue;
    HEARSAY_CHECK(catalogue.add(entry_of<FakeSwim>()).has_value());
    HEARSAY_CHECK(catalogue.add(entry_of<Fake<Role::kMembership, 's', 't', 'a', 't', 'i', 'c'>>()).has_value());
    HEARSAY_CHECK(catalogue.add(entry_of<Fake<Role::kDissemination, 'p', 'u', 's', 'h'>>()).has_value());
    HEARSAY_CHECK(
        catalogue.add(entry_of<Fake<Role::kReplication, 'a', 'n', 't', 'i', '-', 'e', 'n', 't', 'r', 'o', 'p', 'y'>>())
            .has_value());
    HEARSAY_CHECK(catalogue.add(entry_of<Fake<Role::kRing, 'k', 'a', 'r', 'g', 'e', 'r'>>()).has_value());
    return catalogue;
  }();
  return made;
}

}  // namespace hearsay::test
