#include "core/membership/swim_state.hpp"

namespace hearsay::swim {

void SwimState::digest(Hasher& hasher) const {
  hasher.add(incarnation);
  hasher.add(sequence);
  hasher.add(awareness);
  hasher.add(leaving);
  hasher.add(gossip_armed);
  hasher.add(raw(probe.target));
  hasher.add(probe.accused.epoch);
  hasher.add(probe.accused.incarnation);
  hasher.add(probe.accused.status);
  hasher.add(probe.sequence);
  hasher.add(probe.ticks_left);
  hasher.add(probe.nacks_expected);
  hasher.add(probe.nacks);
  hasher.add(round_key);
  hasher.add(round_size);
  hasher.add(round_position);
  hasher.add(reap_at);
  hasher.add(gossip_origin);
  broadcasts.digest(hasher);
  suspicions.digest(hasher);
  graves.digest(hasher);
  hasher.add(relays.size());
  for (const Relay& relay : relays) {
    hasher.add(relay.sequence);
    hasher.add(raw(relay.asker));
    hasher.add(relay.asked);
  }
  hasher.add(seeds.size());
  for (const NodeSlot seed : seeds) hasher.add(raw(seed));
  // Only where it can be set, so that the fingerprints of runs without introductions are those from before there were
  // any.
  for (const NodeSlot joiner : joiners) hasher.add(raw(joiner));
}

}  // namespace hearsay::swim
