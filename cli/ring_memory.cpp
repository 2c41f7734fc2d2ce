#include "cli/ring_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "sim/rings/members.hpp"

namespace hearsay::cli {

namespace {

constexpr std::size_t kFewMembers = 100'000;  // are let through
constexpr double kSetBytes = 300;             // a member of a MemberSet, with its name
constexpr double kWhileBuilding = 2;          // what building takes, over what is left

// 0 where the system does not say.
double available_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib * 1024;
  }
  return 0;
}

double ring_bytes(const Ring& ring, std::uint32_t members) {
  return static_cast<double>(ring.place(rings::MemberSet::numbered(members, 1).list())->memory_bytes());
}

std::string gigabytes(double bytes) { return fmt::format("{:.1f} GB", bytes / 1e9); }

}  // namespace

Result<void> fits_memory(const ChosenRing& chosen, std::size_t members, std::size_t sets) {
  const double available = available_bytes();
  if (members <= kFewMembers || available == 0) return {};
  const auto count = static_cast<double>(members);
  const double set_bytes = kSetBytes * count * static_cast<double>(sets);
  // A table of a fixed size is no member's: what counts is what more members add. Few come first, since a few may be
  // much.
  std::array<std::uint32_t, 3> sizes{16, 64, 1024};
  double before = ring_bytes(*chosen.ring, sizes[0]);
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const double bytes = ring_bytes(*chosen.ring, sizes[i]);
    const double each = std::max(0.0, bytes - before) / (sizes[i] - sizes[i - 1]);
    before = bytes;
    const double needed = set_bytes + kWhileBuilding * each * count;
    if (needed <= available) continue;
    return invalid(
        fmt::format("{}: {} members take about {} here, and {} are free; take fewer, or a ring of less memory a member "
                    "(the column 'bytes' of hearsay ring compare)",
                    chosen.text, members, gigabytes(needed), gigabytes(available)));
  }
  return {};
}

}  // namespace hearsay::cli
