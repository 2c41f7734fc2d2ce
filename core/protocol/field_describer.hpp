// Names the fields of a message and what they are on the wire, down to the leaves, for the reference pages.
#pragma once

#include <cstddef>
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
std::size_t required_fields();  // codec.hpp

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

class FieldDescriber {
 public:
  FieldDescriber(FieldSink& sink, std::size_t required) : sink_(sink), required_(required) {}
  template <class T>
  void operator()(const T&, std::string_view name, std::string_view doc) {
    sink_.field(name, type_name<T>(), doc, ++count_ > required_);
    describe_inside<T>();
  }

  // Tells a sink of each field of a struct.
  template <class T>
  static void describe(FieldSink& sink) {
    T t{};
    FieldDescriber fields(sink, required_fields<T>());
    T::fields(t, fields);
  }

 private:
  template <class T>
  void describe_inside() {
    if constexpr (kIsVector<T>) {
      describe_inside<typename T::value_type>();
    } else if constexpr (requires(T& t, FieldDescriber& fields) { T::fields(t, fields); }) {
      sink_.enter();
      describe<T>(sink_);
      sink_.leave();
    }
  }
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
    int depth = 0;
    void field(std::string_view name, std::string_view, std::string_view, bool) override {
      if (depth > 0) return;
      if (!text.empty()) text += ", ";
      text += name;
    }
    void enter() override { ++depth; }
    void leave() override { --depth; }
  };
  template <class T>
  static std::string struct_name() {
    Inner inner;
    describe<T>(inner);
    return "[" + inner.text + "]";
  }
  FieldSink& sink_;
  std::size_t required_;
  std::size_t count_ = 0;
};

}  // namespace hearsay::codec
