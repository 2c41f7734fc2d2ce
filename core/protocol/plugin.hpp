// A shared library that adds strategies to the catalogue: `hearsay --plugin ./libmine.so ...`. It defines its
// configurations (catalogue.hpp) and ends with
//
//   HEARSAY_PLUGIN(MyRingConfig)
//
// once. The library brings its own copy of core; what it shares with the program are the interfaces, whose shape both
// must have been compiled with: kPluginAbi tells, and the program refuses a library of another one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"
#include "core/protocol/step.hpp"

namespace hearsay {

// Grows with every change of what a strategy or a ring sees.
inline constexpr std::uint32_t kPluginInterface = 1;

namespace detail {

constexpr std::uint64_t mix_abi(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::uint64_t part : parts) hash = (hash ^ part) * 0x100000001b3U;
  return hash;
}

}  // namespace detail

// The interface's number and the layouts that both sides touch, which also change with the standard library's ABI.
inline constexpr std::uint64_t kPluginAbi = detail::mix_abi(
    {kPluginInterface, sizeof(CatalogueEntry), sizeof(RingMember), sizeof(RingChange), sizeof(RingTraits),
     sizeof(RingTheory), sizeof(MemberChange), sizeof(Arc), sizeof(Step), sizeof(View), sizeof(Message),
     sizeof(MessageType), sizeof(Boot), sizeof(std::string), sizeof(std::shared_ptr<int>), alignof(std::max_align_t)});

struct PluginDescriptor {
  static constexpr std::uint32_t kMagic = 0x48525031;  // "HRP1"; these three stay where they are for ever
  std::uint32_t magic = kMagic;
  std::uint32_t interface_number = kPluginInterface;
  std::uint64_t abi = kPluginAbi;

  std::size_t count = 0;
  const CatalogueEntry* entries = nullptr;
};

// What the program looks up.
inline constexpr const char* kPluginSymbol = "hearsay_plugin";

}  // namespace hearsay

#define HEARSAY_PLUGIN(...)                                                                                  \
  extern "C" __attribute__((visibility("default"))) const ::hearsay::PluginDescriptor* hearsay_plugin() {    \
    static const auto entries = []<class... Configs>(::std::tuple<Configs...>*) {                            \
      return ::std::array{::hearsay::entry_of<Configs>()...};                                                \
    }(static_cast<::std::tuple<__VA_ARGS__>*>(nullptr));                                                     \
    static const ::hearsay::PluginDescriptor descriptor{.count = entries.size(), .entries = entries.data()}; \
    return &descriptor;                                                                                      \
  }
