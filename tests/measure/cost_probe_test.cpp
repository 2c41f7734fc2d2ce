#include <doctest/doctest.h>

#include "core/membership/announce.hpp"
#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

TEST_CASE("what a type of message costs is told per live node and second") {
  Scene s(4);
  s.begin_together();
  s.down(5, 3);  // 3 nodes for 10 s and one for 5 s
  s.traffic.by_type.push_back({&message_type<Announcement>(), 70, 2800});
  s.finish(10);
  CHECK(s.value("messages_per_node_s[announce.Announcement]") == doctest::Approx(2));
  CHECK(s.value("bytes_per_node_s[announce.Announcement]") == doctest::Approx(80));
  CHECK(s.value("messages_per_node_s") == doctest::Approx(2));
}

}  // namespace
}  // namespace hearsay::measure
