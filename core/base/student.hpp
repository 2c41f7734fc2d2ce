// Student's t, for confidence intervals. Pure.
#pragma once

#include <cstdint>

namespace hearsay {

// The value x with P(T <= x) = 0.975 for so many degrees of freedom: half the width of a 95% confidence interval in
// standard errors. A table to 30, then interpolated in 1/degrees; within 0.001. 0 degrees: infinity.
double student_t975(std::uint64_t degrees);

}  // namespace hearsay
