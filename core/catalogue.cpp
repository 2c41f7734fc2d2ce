// What hearsay ships. A new strategy is one include and one line.
#include "core/protocol/catalogue.hpp"
#include "core/base/check.hpp"
#include "core/dissemination/publish.hpp"
#include "core/dissemination/push.hpp"
#include "core/membership/announce.hpp"
#include "core/membership/static.hpp"
#include "core/membership/swim.hpp"
#include "core/replication/anti_entropy.hpp"
#include "core/replication/none.hpp"
#include "core/ring/anchor.hpp"
#include "core/ring/bounded_load.hpp"
#include "core/ring/dx.hpp"
#include "core/ring/flip.hpp"
#include "core/ring/jump.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/ketama.hpp"
#include "core/ring/maglev.hpp"
#include "core/ring/memento.hpp"
#include "core/ring/multi_probe.hpp"
#include "core/ring/redis_slots.hpp"
#include "core/ring/rendezvous.hpp"
#include "core/ring/slots.hpp"
#include "core/ring/stathat.hpp"
#include "core/ring/straw2.hpp"
#include "core/ring/token_allocation.hpp"

namespace hearsay {

const Catalogue& Catalogue::builtin() {
  static const Catalogue catalogue = [] {
    Catalogue all;
    for (const CatalogueEntry& entry : {
             // membership
             swim_entry(),
             announce_entry(),
             static_entry(),
             // dissemination
             publish_entry(),
             push_entry(),
             // replication
             anti_entropy_entry(),
             none_entry(),
             // ring
             karger_entry(),
             ketama_entry(),
             stathat_entry(),
             hrw_entry(),
             multi_probe_entry(),
             maglev_entry(),
             jump_entry(),
             flip_entry(),
             anchor_entry(),
             dx_entry(),
             memento_entry(),
             redis_slots_entry(),
             slots_entry(),
             straw2_entry(),
             token_allocation_entry(),
             bounded_load_entry(),
         }) {
      HEARSAY_CHECK(all.add(entry).has_value());
    }
    return all;
  }();
  return catalogue;
}

}  // namespace hearsay
