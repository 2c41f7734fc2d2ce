#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "core/base/dmath.hpp"
#include "core/base/normal.hpp"
#include "core/base/random.hpp"

using namespace hearsay;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }
double from_bits(std::uint64_t value) { return std::bit_cast<double>(value); }

bool close(double value, double reference) {
  return value == reference || std::abs(value - reference) <= 1e-14 * std::abs(reference);
}

}  // namespace

TEST_CASE("logarithms: golden bits") {
  struct Row {
    std::uint64_t x, natural, binary, decimal;
  };
  for (const Row& row : {
           Row{0x3fe0000000000000, 0xbfe62e42fefa39ef, 0xbff0000000000000, 0xbfd34413509f79ff},  // 0.5
           Row{0x4000000000000000, 0x3fe62e42fefa39ef, 0x3ff0000000000000, 0x3fd34413509f79ff},  // 2
           Row{0x4024000000000000, 0x40026bb1bbb55516, 0x400a934f0979a371, 0x3ff0000000000000},  // 10
           Row{0x3fb999999999999a, 0xc0026bb1bbb55515, 0xc00a934f0979a371, 0xbff0000000000000},  // 0.1
           Row{0x3ff000001ad7f29b, 0x3e7ad7f2847b6492, 0x3e835d0fea5fccb7, 0x3e6750e5ca0b1098},  // 1.0000001
           Row{0x00003739a252b281, 0xc086459f44103e87, 0xc09010d9da53be06, 0xc073585db61a6c0b},  // 3e-310
           Row{0x7fee42d130773b76, 0x40862dd08fdc6f88, 0x408fff5ae814b54a, 0x407343afeb354b7e},  // 1.7e308
           Row{0x3fe6a0902de00d1b, 0xbfd62e6b3842a25e, 0xbfe0001d03eb60d8, 0xbfc3443640baac37},  // 0.7071
       }) {
    const double x = from_bits(row.x);
    CAPTURE(x);
    CHECK(bits(dlog(x)) == row.natural);
    CHECK(bits(dlog2(x)) == row.binary);
    CHECK(bits(dlog10(x)) == row.decimal);
  }
}

TEST_CASE("exponential and power: golden bits") {
  CHECK(bits(dexp(1.0)) == 0x4005bf0a8b145769U);
  CHECK(bits(dexp(-1.0)) == 0x3fd78b56362cef38U);
  CHECK(bits(dexp(0.5)) == 0x3ffa61298e1e069cU);
  CHECK(bits(dexp(-20.25)) == 0x3e1b93de1e27ca3bU);
  CHECK(bits(dexp(700.5)) == 0x7f18625c7d4f56c2U);
  CHECK(bits(dexp(-740.0)) == 0x0000000000000055U);
  CHECK(bits(dexp(1e-10)) == 0x3ff000000006df38U);
  CHECK(bits(dexp(0.34657)) == 0x3ff6a099138a089cU);  // one unit off the nearest double
  CHECK(bits(dexp(709.78)) == 0x7fefe9ce5c4c52b4U);
  CHECK(bits(dpow(2.0, 0.5)) == 0x3ff6a09e667f3bccU);  // one unit off the nearest double
  CHECK(bits(dpow(10.0, -3.0)) == 0x3f50624dd2f1a9fcU);
  CHECK(bits(dpow(1.0000001, 1e9)) == 0x48f349445c228792U);
  CHECK(bits(dpow(0.3, 7.7)) == 0x3f18ae7e5b4e6baeU);  // one unit off the nearest double
  CHECK(bits(dpow(123.456, -98.7)) == 0x1512fc84f176eb2aU);
  CHECK(bits(dpow(7.0, 300.0)) == 0x7492763cf89c12d4U);
}

TEST_CASE("logarithm, exponential and power agree with libm to 1e-14") {
  RandomStream random(3, Purpose::kTest);
  int misses = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double any = from_bits(random.next() >> 1);  // every magnitude
    const double near_one = 0.5 + 1.5 * random.unit();
    for (const double x : {any, near_one}) {
      if (!(x < kInf)) continue;
      misses += close(dlog(x), std::log(x)) ? 0 : 1;
      misses += close(dlog2(x), std::log2(x)) ? 0 : 1;
      misses += close(dlog10(x), std::log10(x)) ? 0 : 1;
    }
    const double exponent = 1415.0 * random.unit() - 706.0;
    misses += close(dexp(exponent), std::exp(exponent)) ? 0 : 1;
    const double base = 40.0 * random.unit();
    const double power = 200.0 * random.unit() - 100.0;
    const double expected = std::pow(base, power);
    if (expected > 1e-307 && expected < kInf) {
      misses += close(dpow(base, power), expected) ? 0 : 1;
    }
  }
  CHECK(misses == 0);
}

TEST_CASE("powers of two have exact binary logarithms") {
  for (int k = -1074; k <= 1023; ++k) {
    CHECK(dlog2(std::ldexp(1.0, k)) == k);
  }
}

TEST_CASE("special values follow C") {
  CHECK(dlog(0.0) == -kInf);
  CHECK(dlog2(kInf) == kInf);
  CHECK(std::isnan(dlog10(-1.0)));
  CHECK(std::isnan(dlog(std::nan(""))));
  CHECK(dlog(1.0) == 0.0);
  CHECK(dexp(0.0) == 1.0);
  CHECK(dexp(kInf) == kInf);
  CHECK(dexp(-kInf) == 0.0);
  CHECK(dexp(709.9) == kInf);
  CHECK(dexp(-745.2) == 0.0);
  CHECK(dexp(-745.0) == 0x1p-1074);
  CHECK(std::isnan(dexp(std::nan(""))));
  CHECK(dpow(0.0, 0.0) == 1.0);
  CHECK(dpow(1.0, kInf) == 1.0);
  CHECK(dpow(0.0, -2.0) == kInf);
  CHECK(bits(dpow(-0.0, 3.0)) == bits(-0.0));
  CHECK(dpow(-2.0, 3.0) == std::pow(-2.0, 3.0));
  CHECK(dpow(-2.0, 4.0) == 16.0);
  CHECK(std::isnan(dpow(-2.0, 0.5)));
  CHECK(dpow(2.0, 1e300) == kInf);
  CHECK(dpow(2.0, -1e300) == 0.0);
  CHECK(dpow(0.5, kInf) == 0.0);
  CHECK(dpow(kInf, -1.0) == 0.0);
}

TEST_CASE("ceil_log2") {
  CHECK(ceil_log2(0) == 0);
  CHECK(ceil_log2(1) == 0);
  CHECK(ceil_log2(2) == 1);
  CHECK(ceil_log2(3) == 2);
  CHECK(ceil_log2(1024) == 10);
  CHECK(ceil_log2(1025) == 11);
  CHECK(ceil_log2(~std::uint64_t{0}) == 64);
}

TEST_CASE("the normal quantile: golden bits and known values") {
  struct Row {
    double p, z;
    std::uint64_t golden;
  };
  for (const Row& row : {
           Row{0.5, 0.0, 0},
           Row{0.1, -1.2815515655446004353, 0xbff4813c36e26d33},
           Row{0.925, 1.4395314709384562291, 0x3ff7085226d3e524},
           Row{0.975, 1.9599639845400538556, 0x3fff5c0331eeff82},
           Row{0.001, -3.0902323061678135354, 0xc008b8cbb7204470},
           Row{0.9999, 3.7190164854557083867, 0x400dc08bb712897a},
           Row{1e-10, -6.3613409024040561991, 0xc0197203597a2154},
           Row{0x1p-53, -8.2095361516013868556, 0xc0206b48528cea51},
           Row{1 - 0x1p-53, 8.2095361516013868556, 0x40206b48528cea51},
       }) {
    CAPTURE(row.p);
    CHECK(bits(normal_quantile(row.p)) == row.golden);
    CHECK(std::abs(normal_quantile(row.p) - row.z) <= 4e-16 * (1 + std::abs(row.z)));
  }
  CHECK(std::isnan(normal_quantile(0.0)));
  CHECK(std::isnan(normal_quantile(1.0)));
  CHECK(std::isnan(normal_quantile(std::nan(""))));
}

TEST_CASE("the normal distribution function inverts the quantile and agrees with erfc") {
  for (int i = -800; i <= 800; ++i) {
    const double x = i / 100.0;
    CHECK(std::abs(normal_cdf(x) - 0.5 * std::erfc(-x / std::sqrt(2.0))) < 2e-15);
  }
  for (int i = 1; i < 1000; ++i) {
    CHECK(std::abs(normal_cdf(normal_quantile(i / 1000.0)) - i / 1000.0) < 2e-15);
  }
  CHECK(normal_cdf(-kInf) == 0.0);
  CHECK(normal_cdf(kInf) == 1.0);
}
