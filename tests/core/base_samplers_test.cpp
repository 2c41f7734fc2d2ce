#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/normal.hpp"
#include "core/base/samplers.hpp"
#include "tests/core/base_statistics.hpp"

using namespace hearsay;

namespace {

// 20,000 samples of a sampler of words, from a fixed seed.
template <class Sampler>
std::vector<double> draw(Sampler sampler) {
  RandomStream random(11, Purpose::kTest);
  std::vector<double> samples;
  for (int i = 0; i < 20'000; ++i) {
    samples.push_back(sampler(random.next()));
  }
  return samples;
}

}  // namespace

TEST_CASE("exponential samples are exponential") {
  const auto samples = draw([](std::uint64_t bits) { return sample_exponential(bits, 3.0); });
  CHECK(test::kolmogorov_smirnov(samples, [](double x) { return 1 - std::exp(-x / 3); }) < test::kKolmogorovCritical);
}

TEST_CASE("normal samples are normal") {
  const auto samples = draw([](std::uint64_t bits) { return sample_normal(bits, 5.0, 2.0); });
  CHECK(test::kolmogorov_smirnov(samples, [](double x) { return 0.5 * std::erfc((5 - x) / 2 / std::sqrt(2.0)); }) <
        test::kKolmogorovCritical);
}

TEST_CASE("lognormal samples are lognormal, by median and by mean") {
  const auto cdf = [](double median, double sigma) {
    return [=](double x) { return 0.5 * std::erfc(-std::log(x / median) / sigma / std::sqrt(2.0)); };
  };
  const auto samples = draw([](std::uint64_t bits) { return sample_lognormal(bits, 20.0, 0.5); });
  CHECK(test::kolmogorov_smirnov(samples, cdf(20.0, 0.5)) < test::kKolmogorovCritical);
  CHECK(test::kolmogorov_smirnov(samples, cdf(20.0, 0.55)) > test::kKolmogorovCritical);  // the test can fail

  const LognormalShape shape = lognormal_from_mean_sd(10.0, 4.0);
  const double mean = shape.median * std::exp(shape.sigma * shape.sigma / 2);
  CHECK(mean == doctest::Approx(10.0).epsilon(1e-12));
  CHECK(mean * std::sqrt(std::exp(shape.sigma * shape.sigma) - 1) == doctest::Approx(4.0).epsilon(1e-12));
}

TEST_CASE("Pareto samples are Pareto") {
  const auto samples = draw([](std::uint64_t bits) { return sample_pareto(bits, 2.0, 1.5); });
  CHECK(test::kolmogorov_smirnov(samples, [](double x) { return 1 - std::pow(2 / x, 1.5); }) <
        test::kKolmogorovCritical);
}

TEST_CASE("the power integral is smooth through its logarithm") {
  for (const double s : {0.0, 0.5, 0.999, 0.999999999, 1.0, 1.000000001, 1.001, 2.0, 5.0}) {
    CAPTURE(s);
    for (const double x : {0.5, 1.0, 1.5, 10.0, 1e6}) {
      CAPTURE(x);
      // Simpson's rule in t = ln x, where the integrand is exp((1-s) t).
      const double end = std::log(x);
      double sum = 0;
      constexpr int kSteps = 2000;
      for (int i = 0; i <= kSteps; ++i) {
        const double weight = i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2;
        sum += weight * std::exp((1 - s) * end * i / kSteps);
      }
      CHECK(power_integral(x, s) == doctest::Approx(sum * end / kSteps / 3).epsilon(1e-7));
    }
  }
}

TEST_CASE("Zipf: golden draws") {
  struct Row {
    double s;
    std::vector<std::uint64_t> golden;
  };
  for (const Row& row :
       {Row{0.0, {666, 624, 921, 498, 49, 512, 510, 514, 992, 227}},
        Row{0.5, {453, 400, 852, 259, 5, 273, 271, 275, 984, 60}}, Row{1.0, {81, 59, 553, 23, 1, 26, 25, 26, 938, 3}},
        Row{1.2, {21, 15, 298, 6, 1, 7, 7, 7, 863, 1}}, Row{3.0, {1, 1, 2, 1, 1, 1, 1, 1, 7, 1}}}) {
    CAPTURE(row.s);
    const Zipf zipf = Zipf::of(1000, row.s).value();
    std::vector<std::uint64_t> drawn;
    for (std::uint64_t i = 0; i < 10; ++i) {
      drawn.push_back(zipf.sample(philox(9, i, 0)));
    }
    CHECK(drawn == row.golden);
  }
}

TEST_CASE("Zipf follows its power law, s = 0, 1, near 1 and above") {
  constexpr std::size_t kValues = 50;
  constexpr int kDraws = 100'000;
  for (const double s : {0.0, 0.3, 0.9999, 1.0, 1.0001, 1.5, 2.5}) {
    CAPTURE(s);
    const Zipf zipf = Zipf::of(kValues, s).value();
    RandomStream random(12, Purpose::kTest);
    std::vector<double> observed(kValues);
    for (int i = 0; i < kDraws; ++i) {
      observed[zipf.sample(random.block()) - 1] += 1;
    }
    double sum = 0;
    for (std::size_t k = 1; k <= kValues; ++k) sum += std::pow(static_cast<double>(k), -s);
    std::vector<double> expected(kValues);
    double mean = 0;
    for (std::size_t k = 1; k <= kValues; ++k) {
      const double p = std::pow(static_cast<double>(k), -s) / sum;
      expected[k - 1] = kDraws * p;
      mean += p * static_cast<double>(k);
    }
    CHECK(test::chi_square(observed, expected) < test::chi_square_critical(kValues - 1));
    CHECK(zipf.mean() == doctest::Approx(mean).epsilon(1e-12));
  }
}

TEST_CASE("Zipf stays in range at the ends of its parameters") {
  RandomStream random(13, Purpose::kTest);
  for (const double s : {0.0, 1.0, 20.0}) {
    for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{2}, Zipf::kMaxN}) {
      const Zipf zipf = Zipf::of(n, s).value();
      for (int i = 0; i < 1000; ++i) {
        const std::uint64_t k = zipf.sample(random.block());
        CHECK((k >= 1 && k <= n));
      }
      for (const Block block : {Block{0, 0}, Block{~std::uint64_t{0}, 0}}) {
        const std::uint64_t k = zipf.sample(block);
        CHECK((k >= 1 && k <= n));
      }
    }
  }
  CHECK_FALSE(Zipf::of(0, 1.0));
  CHECK_FALSE(Zipf::of(Zipf::kMaxN + 1, 1.0));
  CHECK_FALSE(Zipf::of(10, -0.1));
  CHECK_FALSE(Zipf::of(10, std::nan("")));
}

TEST_CASE("the mean of a large Zipf is that of the full sum") {
  double total = 0;
  double weights = 0;
  for (int k = 200'000; k >= 1; --k) {
    total += std::pow(k, -0.2);
    weights += std::pow(k, -1.2);
  }
  CHECK(Zipf::of(200'000, 1.2)->mean() == doctest::Approx(total / weights).epsilon(1e-9));
}

TEST_CASE("an empirical table draws its values by weight") {
  const EmpiricalTable table = EmpiricalTable::of({{30, 1}, {10, 2}, {20, 0}, {30, 3}, {-5, 4}}).value();
  CHECK(table.entries() == std::vector<EmpiricalTable::Entry>{{-5, 4}, {10, 2}, {30, 4}});
  CHECK(table.minimum() == -5);
  CHECK(table.maximum() == 30);
  CHECK(table.mean() == doctest::Approx(12.0));
  CHECK(table.sample(0) == -5);
  CHECK(table.sample(~std::uint64_t{0}) == 30);

  RandomStream random(14, Purpose::kTest);
  std::vector<double> observed(3);
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t value = table.sample(random.next());
    observed[value == -5 ? 0 : value == 10 ? 1 : 2] += 1;
  }
  CHECK(test::chi_square(observed, std::vector<double>{4000, 2000, 4000}) < test::chi_square_critical(2));
}

TEST_CASE("an empirical table has its bounds") {
  CHECK_FALSE(EmpiricalTable::of({}));
  CHECK_FALSE(EmpiricalTable::of({{1, 0}}));
  CHECK_FALSE(EmpiricalTable::of({{1, std::uint64_t{1} << 63}, {2, 1}}));
  CHECK_FALSE(EmpiricalTable::of(std::vector<EmpiricalTable::Entry>(EmpiricalTable::kMaxEntries + 1, {1, 1})));
  CHECK(EmpiricalTable::of(std::vector<EmpiricalTable::Entry>(EmpiricalTable::kMaxEntries, {1, 1})));
}

TEST_CASE("clamp_round rounds half up into its range") {
  CHECK(clamp_round(2.5, 0, 10) == 3);
  CHECK(clamp_round(2.4, 0, 10) == 2);
  CHECK(clamp_round(-1.0, 0, 10) == 0);
  CHECK(clamp_round(1e300, 0, 10) == 10);
  CHECK(clamp_round(std::nan(""), 3, 10) == 3);
}
