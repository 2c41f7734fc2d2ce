// Names the fields of a message and what they are on the wire, for the reference pages.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/protocol/message.hpp"
#include "core/protocol/wire.hpp"

namespace hearsay::codec {

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

class FieldDescriber {
 public:
  explicit FieldDescriber(FieldSink& sink) : sink_(sink) {}
  template <class T>
  void operator()(const T&, std::string_view name, std::string_view doc) {
    sink_.field(name, type_name<T>(), doc);
  }

 private:
  template <class T>
  static std::string type_name() {
    if constexpr (std::is_same_v<T, bool>) {
      return "bool";
    } else if constexpr (std::is_same_v<T, NodeSlot> || std::is_same_v<T, NodeId>) {
      return "node id";
    } else if constexpr (std::is_enum_v<T>) {
      return "enum";
    } else if constexpr (std::is_unsigned_v<T>) {
      return "uint" + std::to_string(8 * sizeof(T));
    } else if constexpr (std::is_integral_v<T>) {
      return "int" + std::to_string(8 * sizeof(T));
    } else if constexpr (std::is_same_v<T, double>) {
      return "float64";
    } else if constexpr (std::is_same_v<T, Duration>) {
      return "int64 ns";
    } else if constexpr (std::is_same_v<T, std::string>) {
      return "str";
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return "bin";
    } else if constexpr (std::is_same_v<T, Identity>) {
      return "[name, address, weight, zone]";
    } else if constexpr (std::is_same_v<T, MessageRef>) {
      return "[tag, body]";
    } else if constexpr (kIsVector<T>) {
      return "array of " + type_name<typename T::value_type>();
    } else {
      return struct_name<T>();
    }
  }
  struct Inner : FieldSink {
    std::string text;
    void field(std::string_view name, std::string_view, std::string_view) override {
      if (!text.empty()) text += ", ";
      text += name;
    }
  };
  template <class T>
  static std::string struct_name() {
    Inner inner;
    T t{};
    FieldDescriber describer(inner);
    T::fields(t, describer);
    return "[" + inner.text + "]";
  }
  FieldSink& sink_;
};

}  // namespace hearsay::codec
