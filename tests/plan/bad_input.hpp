// Tables of wrong scenarios and the messages they get.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>

#include "tests/plan/read.hpp"

namespace hearsay::test {

struct BadInput {
  std::string_view text;
  std::string_view message;
};

inline void check_messages(std::initializer_list<BadInput> rows) {
  for (const BadInput& row : rows) {
    CAPTURE(row.text);
    CHECK(said(row.text) == row.message);
  }
}

}  // namespace hearsay::test
