#include "core/base/distribution.hpp"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <utility>

#include "core/base/quantity.hpp"

namespace hearsay {
namespace {

Result<void> check_duration(std::string_view name, Duration value, Duration least = Duration{0}) {
  if (value < least || value > kTenYears) {
    return invalid(
        fmt::format("{} must lie in {}..10 years, not {}", name, format_duration(least), format_duration(value)));
  }
  return {};
}

Result<void> check_shape(std::string_view name, double value, double max) {
  if (!(value > 0.0 && value <= max)) {
    return invalid(fmt::format("{} must be above 0 and at most {}, not {}", name, max, value));
  }
  return {};
}

// The first failure, if any.
Result<void> all(std::initializer_list<Result<void>> checks) {
  for (const Result<void>& check : checks) {
    if (!check) {
      return check;
    }
  }
  return {};
}

}  // namespace

Result<DurationDistribution> DurationDistribution::constant(Duration value) {
  return check_duration("a duration", value).map([&] {
    DurationDistribution d;
    d.low_ = d.high_ = value.count();
    return d;
  });
}

Result<DurationDistribution> DurationDistribution::uniform(Duration min, Duration max) {
  if (max < min) {
    return invalid(fmt::format("min {} is above max {}", format_duration(min), format_duration(max)));
  }
  return all({check_duration("min", min), check_duration("max", max)}).map([&] {
    DurationDistribution d;
    d.kind_ = Kind::kUniform;
    d.low_ = min.count();
    d.high_ = max.count();
    d.count_ = static_cast<std::uint64_t>((max - min).count()) + 1;
    return d;
  });
}

DurationDistribution DurationDistribution::clamped(Kind kind, Duration min, Duration max, double scale, double shape) {
  DurationDistribution d;
  d.kind_ = kind;
  d.low_ = min.count();
  d.high_ = max.count();
  d.scale_ = scale;
  d.shape_ = shape;
  return d;
}

Result<DurationDistribution> DurationDistribution::exponential(Duration mean, Duration min) {
  return all({check_duration("mean", mean, 1ns), check_duration("min", min)}).map([&] {
    return clamped(Kind::kExponential, min, kTenYears, static_cast<double>(mean.count()), 0.0);
  });
}

Result<DurationDistribution> DurationDistribution::normal(Duration mean, Duration sd, Duration min) {
  return all({check_duration("mean", mean), check_duration("sd", sd, 1ns), check_duration("min", min)}).map([&] {
    return clamped(Kind::kNormal, min, kTenYears, static_cast<double>(mean.count()), static_cast<double>(sd.count()));
  });
}

Result<DurationDistribution> DurationDistribution::lognormal(Duration median, double sigma, Duration min) {
  return all({check_duration("median", median, 1ns), check_shape("sigma", sigma, kMaxSigma),
              check_duration("min", min)})
      .map([&] { return clamped(Kind::kLognormal, min, kTenYears, static_cast<double>(median.count()), sigma); });
}

Result<DurationDistribution> DurationDistribution::pareto(Duration min, double shape, Duration cap) {
  if (cap < min) {
    return invalid(fmt::format("min {} is above cap {}", format_duration(min), format_duration(cap)));
  }
  return all({check_duration("min", min, 1ns), check_shape("shape", shape, kMaxParetoShape),
              check_duration("cap", cap)})
      .map([&] { return clamped(Kind::kPareto, min, cap, static_cast<double>(min.count()), shape); });
}

Result<DurationDistribution> DurationDistribution::empirical(EmpiricalTable table) {
  return all({check_duration("a value of the table", Duration{table.minimum()}),
              check_duration("a value of the table", Duration{table.maximum()})})
      .map([&] {
        auto d = clamped(Kind::kEmpirical, Duration{table.minimum()}, Duration{table.maximum()}, 0.0, 0.0);
        d.table_ = std::make_shared<const EmpiricalTable>(std::move(table));
        return d;
      });
}

Duration DurationDistribution::sample_other(std::uint64_t bits) const {
  double ns = 0.0;
  switch (kind_) {
    case Kind::kConstant:
    case Kind::kUniform: return sample(bits);
    case Kind::kEmpirical: return Duration{table_->sample(bits)};
    case Kind::kExponential: ns = sample_exponential(bits, scale_); break;
    case Kind::kNormal: ns = sample_normal(bits, scale_, shape_); break;
    case Kind::kLognormal: ns = sample_lognormal(bits, scale_, shape_); break;
    case Kind::kPareto: ns = sample_pareto(bits, scale_, shape_); break;
  }
  return Duration{clamp_round(ns, low_, high_)};
}

Duration DurationDistribution::mean() const {
  const auto low = static_cast<double>(low_);
  const auto high = static_cast<double>(high_);
  double ns = 0.0;
  switch (kind_) {
    case Kind::kConstant:
    case Kind::kUniform: return Duration{low_ + static_cast<std::int64_t>(count_ / 2)};
    case Kind::kExponential: ns = clamped_exponential_mean(scale_, low, high); break;
    case Kind::kNormal: ns = clamped_normal_mean(scale_, shape_, low, high); break;
    case Kind::kLognormal: ns = clamped_lognormal_mean(scale_, shape_, low, high); break;
    case Kind::kPareto: ns = capped_pareto_mean(scale_, shape_, high); break;
    case Kind::kEmpirical: ns = table_->mean(); break;
  }
  return Duration{clamp_round(ns, low_, high_)};
}

std::string_view DurationDistribution::kind_name() const {
  static constexpr std::array<std::string_view, 7> kNames{"constant",  "uniform", "exponential", "normal",
                                                          "lognormal", "pareto",  "empirical"};
  return kNames[static_cast<std::size_t>(kind_)];
}

std::vector<DistributionParameter> DurationDistribution::parameters() const {
  const auto time = [](std::int64_t ns) { return format_duration(Duration{ns}); };
  const auto scale = time(static_cast<std::int64_t>(scale_));
  switch (kind_) {
    case Kind::kConstant: return {{"value", time(low_)}};
    case Kind::kUniform: return {{"min", time(low_)}, {"max", time(high_)}};
    case Kind::kExponential: return {{"mean", scale}, {"min", time(low_)}};
    case Kind::kNormal: return {{"mean", scale}, {"sd", time(static_cast<std::int64_t>(shape_))}, {"min", time(low_)}};
    case Kind::kLognormal: return {{"median", scale}, {"sigma", fmt::format("{}", shape_)}, {"min", time(low_)}};
    case Kind::kPareto: return {{"min", time(low_)}, {"shape", fmt::format("{}", shape_)}, {"cap", time(high_)}};
    case Kind::kEmpirical: return {{"entries", fmt::format("{}", table_->entries().size())}};
  }
  return {};
}

std::string DurationDistribution::describe() const {
  const auto time = [](std::int64_t ns) { return format_duration(Duration{ns}); };
  if (kind_ == Kind::kUniform || kind_ == Kind::kEmpirical) {
    return fmt::format("{} {}..{}", kind_name(), time(low_), time(high_));
  }
  if (kind_ == Kind::kConstant) {
    return fmt::format("constant {}", time(low_));
  }
  std::string text(kind_name());
  for (const DistributionParameter& parameter : parameters()) {
    const bool no_cap = parameter.name == "cap" && high_ == kTenYears.count();
    text += no_cap ? "" : fmt::format(" {} {}", parameter.name, parameter.value);
  }
  return text;
}

bool operator==(const DurationDistribution& x, const DurationDistribution& y) {
  const bool tables = x.table_ == y.table_ || (x.table_ && y.table_ && *x.table_ == *y.table_);
  return tables && x.kind_ == y.kind_ && x.low_ == y.low_ && x.high_ == y.high_ && x.scale_ == y.scale_ &&
         x.shape_ == y.shape_;
}

}  // namespace hearsay
