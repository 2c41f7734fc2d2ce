#include "sim/plan/compose.hpp"

#include <memory>

#include "core/base/check.hpp"

namespace hearsay::plan {

namespace {

template <class Role>
std::shared_ptr<const Role> built(const StrategyChoice& choice) {
  auto role = std::dynamic_pointer_cast<const Role>(choice.config->build());
  HEARSAY_CHECK(role != nullptr);
  return role;
}

}  // namespace

Composition compose(const Plan& plan) {
  return Composition(built<Strategy>(plan.membership), built<Strategy>(plan.dissemination),
                     built<Strategy>(plan.replication), built<Ring>(plan.ring));
}

}  // namespace hearsay::plan
