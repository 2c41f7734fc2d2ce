// Keys that people and attackers have, other than random ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearsay::rings {

// The i-th of "key-1", "key-2", ...: i from 0 on.
std::string sequential_key(std::size_t i);

// The i-th of distinct keys that end with their own check sum, so that all have the same one: CRC-16/XMODEM, of which
// Redis Cluster takes slots (all are in slot 0), and CRC-32, of which go-os/kv takes places on its ring.
std::string one_crc16_key(std::size_t i);
std::string one_crc32_key(std::size_t i);

// How often the r-th of `count` keys is asked for, r from 1 on: in proportion to r^-0.99, as in YCSB; 1 in all.
std::vector<double> zipf_shares(std::size_t count);

}  // namespace hearsay::rings
