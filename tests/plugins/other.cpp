// What a plug-in looks like that was built against another version of the interface (OTHER_VERSION), with other layouts
// (OTHER_LAYOUT), for something else, or that fails as soon as it is asked (THROWS).
#include <stdexcept>

#include "core/protocol/plugin.hpp"

extern "C" __attribute__((visibility("default"))) const hearsay::PluginDescriptor* hearsay_plugin() {
  static hearsay::PluginDescriptor descriptor;
#if defined(OTHER_VERSION)
  descriptor.interface_number += 1;
  descriptor.abi += 1;
  descriptor.entries = reinterpret_cast<const hearsay::CatalogueEntry*>(8);  // not to be looked at
  descriptor.count = 1;
#elif defined(OTHER_LAYOUT)
  descriptor.abi += 1;
#elif defined(THROWS)
  throw std::runtime_error("no descriptor today");
#else
  descriptor.magic = 1;
#endif
  return &descriptor;
}
