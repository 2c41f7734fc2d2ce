#include "core/dissemination/publish.hpp"

namespace hearsay {

std::shared_ptr<const Component> PublishConfig::build() const { return std::make_shared<const Publish>(); }

CatalogueEntry publish_entry() { return entry_of<PublishConfig>(); }

}  // namespace hearsay
