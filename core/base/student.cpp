#include "core/base/student.hpp"

#include <array>
#include <limits>

namespace hearsay {

double student_t975(std::uint64_t degrees) {
  static constexpr std::array<double, 31> kTable = {std::numeric_limits<double>::infinity(),
                                                    12.7062,
                                                    4.3027,
                                                    3.1824,
                                                    2.7764,
                                                    2.5706,
                                                    2.4469,
                                                    2.3646,
                                                    2.3060,
                                                    2.2622,
                                                    2.2281,
                                                    2.2010,
                                                    2.1788,
                                                    2.1604,
                                                    2.1448,
                                                    2.1314,
                                                    2.1199,
                                                    2.1098,
                                                    2.1009,
                                                    2.0930,
                                                    2.0860,
                                                    2.0796,
                                                    2.0739,
                                                    2.0687,
                                                    2.0639,
                                                    2.0595,
                                                    2.0555,
                                                    2.0518,
                                                    2.0484,
                                                    2.0452,
                                                    2.0423};
  if (degrees < kTable.size()) return kTable[degrees];
  // Nearly linear in 1/degrees from 30 (2.0423) over 60 (2.0003) and 120 (1.9799) to infinity (1.9600).
  static constexpr std::array<std::array<double, 2>, 4> kPoints = {
      {{1.0 / 30, 2.0423}, {1.0 / 60, 2.0003}, {1.0 / 120, 1.9799}, {0.0, 1.9600}}};
  const double x = 1.0 / static_cast<double>(degrees);
  for (std::size_t i = 1; i < kPoints.size(); ++i) {
    if (x < kPoints[i][0]) continue;
    const double part = (x - kPoints[i][0]) / (kPoints[i - 1][0] - kPoints[i][0]);
    return kPoints[i][1] + part * (kPoints[i - 1][1] - kPoints[i][1]);
  }
  return kPoints.back()[1];
}

}  // namespace hearsay
