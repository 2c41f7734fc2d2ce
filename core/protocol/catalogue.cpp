#include "core/protocol/catalogue.hpp"

#include <fmt/format.h>

namespace hearsay {

Result<void> Catalogue::add(const CatalogueEntry& entry) {
  if (find(entry.role, entry.name) != nullptr) {
    return invalid(fmt::format("there is a {} strategy '{}' already", to_string(entry.role), entry.name));
  }
  entries_.push_back(entry);
  return {};
}

const CatalogueEntry* Catalogue::find(Role role, std::string_view name) const {
  for (const CatalogueEntry& entry : entries_) {
    if (entry.role == role && entry.name == name) return &entry;
  }
  return nullptr;
}

std::vector<const CatalogueEntry*> Catalogue::list(Role role) const {
  std::vector<const CatalogueEntry*> found;
  for (const CatalogueEntry& entry : entries_) {
    if (entry.role == role) found.push_back(&entry);
  }
  return found;
}

}  // namespace hearsay
