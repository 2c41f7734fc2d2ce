// A ring that is not trusted: what it answers is looked at, and an answer that names nobody of the members, or names
// one twice, is an exception instead of a crash somewhere else. For rings of plug-ins and prototypes.
//
// Costs a look into a bit map a lookup. Any thread, as far as the ring's.
#pragma once

#include <memory>
#include <string>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay {

// Throws std::runtime_error, with the ring's name, from lookups of its placements.
std::shared_ptr<const Ring> checked_ring(std::string name, std::shared_ptr<const Ring> ring);

// The entry with its rings checked.
CatalogueEntry checked_entry(const CatalogueEntry& entry);

}  // namespace hearsay
