// SWIM membership with Lifeguard, after memberlist and serf: the strategy's entry in the catalogue.
//
//   swim_config.hpp      parameters and presets
//   swim_formulas.hpp    how the parameters become times and counts
//   swim_messages.hpp    what is on the wire
//   swim_state.hpp       what a node remembers
//   swim_broadcasts.hpp  news waiting to be passed on
//   swim_suspicions.hpp  accusations on the clock
//   swim_graveyard.hpp   the dead and the departed
//   swim_strategy.hpp    the protocol itself
#pragma once

#include "core/membership/swim_config.hpp"
#include "core/protocol/catalogue.hpp"

namespace hearsay {

CatalogueEntry swim_entry();

}  // namespace hearsay
