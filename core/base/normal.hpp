// The normal distribution's quantile and distribution function, specified and portable (see dmath.hpp).
// Pure; any thread.
#pragma once

namespace hearsay {

// Inverse of the standard normal distribution function; p in (0, 1), otherwise NaN. Relative error about 1e-15.
// M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
double normal_quantile(double p);

// The standard normal density and distribution function; absolute error about 1e-15.
// The latter by the series of G. Marsaglia, Evaluating the Normal Distribution, J. Stat. Softw. 11 (2004).
double normal_density(double x);
double normal_cdf(double x);

}  // namespace hearsay
