#include "sim/measure/quorum.hpp"

#include <algorithm>

namespace hearsay::measure {

namespace {

// Takes the parameters of these names, whichever strategy has them.
class QuorumFinder final : public ParamVisitor {
 public:
  explicit QuorumFinder(ReplicationParams& params) : params_(params) {}

  void duration(std::string_view, Duration&, ParamRange<Duration>, std::string_view) override {}
  void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t>, std::string_view,
               std::string_view) override {
    if (name == "n") params_.n = value;
  }
  void real(std::string_view, double&, ParamRange<double>, std::string_view, std::string_view) override {}
  void share(std::string_view, double&, std::string_view) override {}
  void size(std::string_view, std::int64_t&, ParamRange<std::int64_t>, std::string_view) override {}
  void boolean(std::string_view name, bool& value, std::string_view) override {
    if (name == "count_present") params_.count_present = value;
  }
  void choice(std::string_view name, int& value, std::span<const std::string_view>, std::string_view) override {
    if (name == "r") params_.r = value;
    if (name == "w") params_.w = value;
  }

 private:
  ReplicationParams& params_;
};

// Out of n, k at once. Exact: n is at most kMaxReplicas.
double choose(std::size_t n, std::size_t k) {
  if (k > n) return 0;
  double ways = 1;
  for (std::size_t i = 1; i <= k; ++i) ways = ways * static_cast<double>(n - k + i) / static_cast<double>(i);
  return ways;
}

}  // namespace

ReplicationParams quorums_of(const plan::StrategyChoice& replication) {
  ReplicationParams params;
  if (replication.config == nullptr) return params;
  QuorumFinder finder(params);
  replication.config->clone()->visit(finder);
  return params;
}

double miss_probability(std::size_t a, std::size_t b, std::size_t common, std::size_t w, std::size_t r) {
  if (w > a || r > b) return 0;
  double miss = 0;
  // By how many of the w are also the reader's; all r are among its others then.
  for (std::size_t both = 0; both <= std::min(common, w); ++both) {
    miss += choose(common, both) * choose(a - common, w - both) * choose(b - both, r);
  }
  return miss / (choose(a, w) * choose(b, r));
}

QuorumTable::QuorumTable(const ReplicationParams& params) : copies_(static_cast<std::size_t>(params.n)) {
  if (copies_ == 0) return;
  table_.resize((copies_ + 1) * (copies_ + 1) * (copies_ + 1), 0);
  for (std::size_t a = 1; a <= copies_; ++a) {
    for (std::size_t b = 1; b <= copies_; ++b) {
      for (std::size_t common = 0; common <= std::min(a, b); ++common) {
        table_[(a * (copies_ + 1) + b) * (copies_ + 1) + common] =
            miss_probability(a, b, common, params.needed(params.w, a), params.needed(params.r, b));
      }
    }
  }
}

}  // namespace hearsay::measure
