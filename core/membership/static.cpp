#include "core/membership/static.hpp"

namespace hearsay {

std::shared_ptr<const Component> StaticConfig::build() const { return std::make_shared<const StaticMembership>(); }

CatalogueEntry static_entry() { return entry_of<StaticConfig>(); }

}  // namespace hearsay
