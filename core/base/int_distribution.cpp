#include <fmt/format.h>

#include <array>

#include "core/base/distribution.hpp"

namespace hearsay {
namespace {

Result<void> check_range(std::int64_t min, std::int64_t max) {
  if (min < 0 || max > IntDistribution::kMax || min > max) {
    return invalid(fmt::format("values must satisfy 0 <= min <= max <= {}, not min {} and max {}",
                               IntDistribution::kMax, min, max));
  }
  return {};
}

Result<void> check_positive(std::string_view name, double value, double max) {
  if (!(value > 0.0 && value <= max)) {
    return invalid(fmt::format("{} must be above 0 and at most {}, not {}", name, max, value));
  }
  return {};
}

}  // namespace

Result<IntDistribution> IntDistribution::constant(std::int64_t value) {
  return check_range(value, value).map([&] { return clamped(Kind::kConstant, value, value, 0.0, 0.0); });
}

Result<IntDistribution> IntDistribution::uniform(std::int64_t min, std::int64_t max) {
  return check_range(min, max).map([&] {
    IntDistribution d = clamped(Kind::kUniform, min, max, 0.0, 0.0);
    d.count_ = static_cast<std::uint64_t>(max - min) + 1;
    return d;
  });
}

Result<IntDistribution> IntDistribution::lognormal(double median, double sigma, std::int64_t min, std::int64_t max) {
  return check_range(min, max)
      .and_then([&] { return check_positive("median", median, static_cast<double>(kMax)); })
      .and_then([&] { return check_positive("sigma", sigma, kMaxSigma); })
      .map([&] { return clamped(Kind::kLognormal, min, max, median, sigma); });
}

Result<IntDistribution> IntDistribution::pareto(std::int64_t min, double shape, std::int64_t cap) {
  return check_range(min, cap)
      .and_then([&] { return check_positive("min", static_cast<double>(min), static_cast<double>(kMax)); })
      .and_then([&] { return check_positive("shape", shape, kMaxParetoShape); })
      .map([&] { return clamped(Kind::kPareto, min, cap, static_cast<double>(min), shape); });
}

Result<IntDistribution> IntDistribution::zipf(std::uint64_t n, double s) {
  return Zipf::of(n, s).map([&](const Zipf& zipf) {
    IntDistribution d = clamped(Kind::kZipf, 1, static_cast<std::int64_t>(n), 0.0, s);
    d.zipf_ = std::make_shared<const Zipf>(zipf);
    return d;
  });
}

Result<IntDistribution> IntDistribution::empirical(EmpiricalTable table) {
  return check_range(table.minimum(), table.maximum()).map([&] {
    IntDistribution d = clamped(Kind::kEmpirical, table.minimum(), table.maximum(), 0.0, 0.0);
    d.table_ = std::make_shared<const EmpiricalTable>(std::move(table));
    return d;
  });
}

IntDistribution IntDistribution::clamped(Kind kind, std::int64_t min, std::int64_t max, double scale, double shape) {
  IntDistribution d;
  d.kind_ = kind;
  d.low_ = min;
  d.high_ = max;
  d.scale_ = scale;
  d.shape_ = shape;
  return d;
}

std::int64_t IntDistribution::sample_other(Block block) const {
  switch (kind_) {
    case Kind::kConstant:
    case Kind::kUniform: break;
    case Kind::kLognormal: return clamp_round(sample_lognormal(block.a, scale_, shape_), low_, high_);
    case Kind::kPareto: return clamp_round(sample_pareto(block.a, scale_, shape_), low_, high_);
    case Kind::kZipf: return static_cast<std::int64_t>(zipf_->sample(block));
    case Kind::kEmpirical: return table_->sample(block.a);
  }
  return sample(block);
}

double IntDistribution::mean() const {
  const auto low = static_cast<double>(low_);
  const auto high = static_cast<double>(high_);
  switch (kind_) {
    case Kind::kConstant:
    case Kind::kUniform: break;
    case Kind::kLognormal: return clamped_lognormal_mean(scale_, shape_, low, high);
    case Kind::kPareto: return capped_pareto_mean(scale_, shape_, high);
    case Kind::kZipf: return zipf_->mean();
    case Kind::kEmpirical: return table_->mean();
  }
  return (low + high) / 2.0;
}

std::string_view IntDistribution::kind_name() const {
  static constexpr std::array<std::string_view, 6> kNames{"constant", "uniform", "lognormal",
                                                          "pareto",   "zipf",    "empirical"};
  return kNames[static_cast<std::size_t>(kind_)];
}

std::vector<DistributionParameter> IntDistribution::parameters() const {
  const auto text = [](auto value) { return fmt::format("{}", value); };
  switch (kind_) {
    case Kind::kConstant: return {{"value", text(low_)}};
    case Kind::kUniform: return {{"min", text(low_)}, {"max", text(high_)}};
    case Kind::kLognormal:
      return {{"median", text(scale_)}, {"sigma", text(shape_)}, {"min", text(low_)}, {"max", text(high_)}};
    case Kind::kPareto: return {{"min", text(low_)}, {"shape", text(shape_)}, {"cap", text(high_)}};
    case Kind::kZipf: return {{"n", text(high_)}, {"s", text(shape_)}};
    case Kind::kEmpirical: return {{"entries", text(table_->entries().size())}};
  }
  return {};
}

std::string IntDistribution::describe() const {
  if (kind_ == Kind::kUniform || kind_ == Kind::kEmpirical) {
    return fmt::format("{} {}..{}", kind_name(), low_, high_);
  }
  if (kind_ == Kind::kConstant) {
    return fmt::format("constant {}", low_);
  }
  std::string text(kind_name());
  for (const DistributionParameter& parameter : parameters()) {
    text += fmt::format(" {} {}", parameter.name, parameter.value);
  }
  return text;
}

bool operator==(const IntDistribution& x, const IntDistribution& y) {
  const bool tables = x.table_ == y.table_ || (x.table_ && y.table_ && *x.table_ == *y.table_);
  return tables && x.kind_ == y.kind_ && x.low_ == y.low_ && x.high_ == y.high_ && x.scale_ == y.scale_ &&
         x.shape_ == y.shape_;
}

}  // namespace hearsay
