#include "sim/plan/parameters.hpp"

namespace hearsay::plan {

namespace {

class IntegerFinder final : public ParamVisitor {
 public:
  explicit IntegerFinder(std::string_view wanted) : wanted_(wanted) {}
  std::optional<std::int64_t> found;

  void duration(std::string_view, Duration&, ParamRange<Duration>, std::string_view) override {}
  void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t>, std::string_view,
               std::string_view) override {
    if (name == wanted_) found = value;
  }
  void real(std::string_view, double&, ParamRange<double>, std::string_view, std::string_view) override {}
  void share(std::string_view, double&, std::string_view) override {}
  void size(std::string_view, std::int64_t&, ParamRange<std::int64_t>, std::string_view) override {}
  void boolean(std::string_view, bool&, std::string_view) override {}
  void choice(std::string_view, int&, std::span<const std::string_view>, std::string_view) override {}

 private:
  std::string_view wanted_;
};

}  // namespace

std::optional<std::int64_t> integer_parameter(const StrategyConfig& config, std::string_view name) {
  IntegerFinder finder(name);
  config.clone()->visit(finder);
  return finder.found;
}

}  // namespace hearsay::plan
