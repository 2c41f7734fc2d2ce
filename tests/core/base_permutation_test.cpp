#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "core/base/permutation.hpp"
#include "core/base/random.hpp"
#include "tests/core/base_statistics.hpp"

using namespace hearsay;

namespace {

std::vector<std::uint32_t> order(std::uint64_t key, std::uint32_t n) {
  const Permutation permutation(key, n);
  std::vector<std::uint32_t> values;
  for (std::uint32_t i = 0; i < n; ++i) {
    values.push_back(permutation.at(i));
  }
  return values;
}

bool is_bijection(std::vector<std::uint32_t> values) {
  std::sort(values.begin(), values.end());
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    if (values[i] != i) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a permutation is a bijection at every small size and some large ones") {
  for (std::uint32_t n = 1; n <= 300; ++n) {
    CAPTURE(n);
    CHECK(is_bijection(order(n * 77, n)));
    CHECK(is_bijection(order(~std::uint64_t{0} - n, n)));
  }
  for (const std::uint32_t n : {1023U, 1024U, 1025U, 65'536U, 65'537U, 100'003U}) {
    CAPTURE(n);
    CHECK(is_bijection(order(3, n)));
  }
  const Permutation widest(1, ~0U);
  CHECK(widest.at(~0U - 1) < ~0U);
}

TEST_CASE("permutations: golden values") {
  struct Row {
    std::uint32_t n;
    std::array<std::uint32_t, 5> golden;
  };
  for (const Row& row : {Row{5, {1, 3, 2, 4, 0}}, Row{16, {8, 14, 5, 3, 1}}, Row{17, {5, 0, 12, 7, 10}},
                         Row{300, {25, 238, 193, 41, 249}}, Row{1'000'000, {769460, 829601, 533474, 73671, 639957}}}) {
    CAPTURE(row.n);
    const Permutation permutation(0x5eed, row.n);
    for (std::uint32_t i = 0; i < 5; ++i) {
      CHECK(permutation.at(i) == row.golden[i]);
    }
  }
}

TEST_CASE("every order of a few elements is equally likely, for consecutive keys") {
  for (const std::uint32_t n : {2U, 3U, 4U, 5U}) {
    CAPTURE(n);
    std::map<std::vector<std::uint32_t>, double> counts;
    constexpr int kKeys = 60'000;
    for (std::uint64_t key = 0; key < kKeys; ++key) {
      counts[order(key, n)] += 1;
    }
    std::size_t orders = 1;
    for (std::uint32_t i = 2; i <= n; ++i) orders *= i;
    REQUIRE(counts.size() == orders);
    std::vector<double> observed;
    for (const auto& [values, count] : counts) observed.push_back(count);
    const std::vector<double> expected(orders, static_cast<double>(kKeys) / static_cast<double>(orders));
    CHECK(test::chi_square(observed, expected) < test::chi_square_critical(orders - 1));
  }
}

TEST_CASE("every element is equally likely at every position") {
  for (const std::uint32_t n : {10U, 16U, 17U, 33U, 100U, 257U}) {
    CAPTURE(n);
    const int keys = 200'000 / static_cast<int>(n);
    std::vector<double> observed(n * n);
    for (std::uint64_t key = 0; key < static_cast<std::uint64_t>(keys); ++key) {
      const auto values = order(philox(5, key, n).a, n);
      for (std::uint32_t i = 0; i < n; ++i) observed[i * n + values[i]] += 1;
    }
    const std::vector<double> expected(n * n, static_cast<double>(keys) / n);
    // Rows and columns sum to the number of keys, which takes 2n - 1 degrees of freedom.
    CHECK(test::chi_square(observed, expected) < test::chi_square_critical((n - 1) * (n - 1)));
  }
}

TEST_CASE("successors are spread: the step from one element to the next takes every value") {
  for (const std::uint32_t n : {16U, 31U, 64U, 200U, 300U}) {
    CAPTURE(n);
    std::vector<double> observed(n - 1);
    const int keys = 400'000 / static_cast<int>(n);
    for (std::uint64_t key = 0; key < static_cast<std::uint64_t>(keys); ++key) {
      const auto values = order(philox(6, key, n).a, n);
      // One pair a key, so that the counts are independent.
      const auto i = static_cast<std::uint32_t>(key % (n - 1));
      observed[(values[i + 1] + n - values[i]) % n - 1] += 1;
    }
    const std::vector<double> expected(n - 1, static_cast<double>(keys) / (n - 1));
    CHECK(test::chi_square(observed, expected) < test::chi_square_critical(n - 2));
  }
}
