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
#include "core/ring/dx.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/memento.hpp"
#include "core/ring/multi_probe.hpp"
#include "core/ring/rendezvous.hpp"
#include "core/ring/stathat.hpp"

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
             anchor_entry(),
             dx_entry(),
             karger_entry(),
             memento_entry(),
             multi_probe_entry(),
             hrw_entry(),
             stathat_entry(),
         }) {
      HEARSAY_CHECK(all.add(entry).has_value());
    }
    return all;
  }();
  return catalogue;
}

}  // namespace hearsay
