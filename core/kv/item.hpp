// An item of the key-value store, as a program that uses it sees it: go-os/kv's Item. A plain value; any thread.
#pragma once

#include <string>

#include "core/base/time.hpp"

namespace hearsay {

struct Item {
  std::string key;    // any bytes, 1 to kMaxKeyBytes with the namespace and a '/'
  std::string value;  // any bytes, none included, at most kMaxValueBytes
  // Of a put: how long it shall live; of a get: how much of that is left. 0: it never expires. At most kTenYears.
  Duration expiration{0};

  friend bool operator==(const Item&, const Item&) = default;
};

}  // namespace hearsay
