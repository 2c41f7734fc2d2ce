#include "core/ring/rendezvous_scan.hpp"

#include <bit>
#include <initializer_list>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
// GCC 12 warns of what its own header does: intrinsics that begin with an undefined register (its bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

namespace hearsay {

namespace {

using Hit = RendezvousScan::Hit;
constexpr std::size_t kBlock = RendezvousScan::kBlock;
constexpr std::size_t kBatch = RendezvousScan::kBatch;

// The upper 52 bits as a fraction of 1.
double fraction(std::uint64_t score) {
  return std::bit_cast<double>((score >> 12) | 0x3ff0000000000000U) - 1.0;  // exact
}

std::size_t least_plain(const std::uint64_t* ids, std::size_t count, std::uint64_t hash) {
  std::uint64_t least = rendezvous_score(ids[0], hash);
  std::size_t index = 0;
  for (std::size_t i = 1; i < count; ++i) {
    const std::uint64_t score = rendezvous_score(ids[i], hash);
    index = score < least ? i : index;
    least = score < least ? score : least;
  }
  return index;
}

void least_of_batch_plain(const std::uint64_t* ids, std::size_t count, const std::uint64_t* hashes,
                          std::size_t* indices) {
  for (std::size_t k = 0; k < kBatch; ++k) indices[k] = least_plain(ids, count, hashes[k]);
}

Hit up_to_plain(const std::uint64_t* ids, std::size_t count, std::size_t from, std::uint64_t hash,
                std::uint64_t bound) {
  for (std::size_t block = from; block < count / kBlock; ++block) {
    std::uint32_t which = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      which |= std::uint32_t{rendezvous_score(ids[block * kBlock + i], hash) <= bound} << i;
    }
    if (which != 0) return {block, which};
  }
  return {count / kBlock, 0};
}

Hit scaled_up_to_plain(const std::uint64_t* ids, const double* factors, std::size_t count, std::size_t from,
                       std::uint64_t hash, double bound) {
  for (std::size_t block = from; block < count / kBlock; ++block) {
    std::uint32_t which = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const std::size_t at = block * kBlock + i;
      which |= std::uint32_t{fraction(rendezvous_score(ids[at], hash)) * factors[at] <= bound} << i;
    }
    if (which != 0) return {block, which};
  }
  return {count / kBlock, 0};
}

constexpr RendezvousScan kPlain{least_plain, least_of_batch_plain, up_to_plain, scaled_up_to_plain};

#if defined(__x86_64__)

// Blocks whose least scores are compared with the best so far as one: that, and noting where the best is, then costs
// little beside the scores. Who it is among them is found afterwards.
constexpr std::size_t kGroup = 4 * kBlock;

std::uint32_t lowest(std::uint32_t bits) { return static_cast<std::uint32_t>(std::countr_zero(bits)); }

#define HEARSAY_AVX512 [[gnu::target("avx512f,avx512dq")]]
#define HEARSAY_AVX512_INLINE [[gnu::target("avx512f,avx512dq"), gnu::always_inline]] inline

HEARSAY_AVX512_INLINE __m512i scores_avx512(const std::uint64_t* ids, __m512i hash) {
  __m512i x = _mm512_mullo_epi64(_mm512_xor_si512(_mm512_loadu_si512(ids), hash),
                                 _mm512_set1_epi64(static_cast<long long>(0x9e3779b97f4a7c15U)));
  x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 32));
  return _mm512_mullo_epi64(x, _mm512_set1_epi64(static_cast<long long>(0xbf58476d1ce4e5b9U)));
}

template <std::size_t kKeys>
HEARSAY_AVX512_INLINE void least_of_avx512(const std::uint64_t* ids, std::size_t count, const std::uint64_t* hashes,
                                           std::size_t* indices) {
  __m512i hash[kKeys];
  __m512i best[kKeys];
  __m512i group[kKeys];
  for (std::size_t k = 0; k < kKeys; ++k) {
    hash[k] = _mm512_set1_epi64(static_cast<long long>(hashes[k]));
    best[k] = _mm512_set1_epi64(-1);
    group[k] = _mm512_setzero_si512();
  }
  std::size_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    for (std::size_t k = 0; k < kKeys; ++k) {
      const __m512i a = _mm512_min_epu64(scores_avx512(ids + i, hash[k]), scores_avx512(ids + i + 8, hash[k]));
      const __m512i b = _mm512_min_epu64(scores_avx512(ids + i + 16, hash[k]), scores_avx512(ids + i + 24, hash[k]));
      const __m512i c = _mm512_min_epu64(a, b);
      group[k] = _mm512_mask_mov_epi64(group[k], _mm512_cmplt_epu64_mask(c, best[k]),
                                       _mm512_set1_epi64(static_cast<long long>(i)));
      best[k] = _mm512_min_epu64(best[k], c);
    }
  }
  for (; i < count; i += kBlock) {
    for (std::size_t k = 0; k < kKeys; ++k) {
      const __m512i c = scores_avx512(ids + i, hash[k]);
      group[k] = _mm512_mask_mov_epi64(group[k], _mm512_cmplt_epu64_mask(c, best[k]),
                                       _mm512_set1_epi64(static_cast<long long>(i)));
      best[k] = _mm512_min_epu64(best[k], c);
    }
  }
  // Without a branch that depends on the hash. Copies of the last member have its score, so any of them will do.
  for (std::size_t k = 0; k < kKeys; ++k) {
    const __m512i least = _mm512_set1_epi64(static_cast<long long>(_mm512_reduce_min_epu64(best[k])));
    const std::uint32_t lane = lowest(_mm512_cmpeq_epu64_mask(best[k], least));
    alignas(64) std::uint64_t groups[kBlock];
    _mm512_store_si512(groups, group[k]);
    std::size_t index = groups[lane];
    if (index + kGroup <= count) {
      const std::uint32_t a = _mm512_cmpeq_epu64_mask(scores_avx512(ids + index, hash[k]), least);
      const std::uint32_t b = _mm512_cmpeq_epu64_mask(scores_avx512(ids + index + 8, hash[k]), least);
      const std::uint32_t c = _mm512_cmpeq_epu64_mask(scores_avx512(ids + index + 16, hash[k]), least);
      const std::uint32_t d = _mm512_cmpeq_epu64_mask(scores_avx512(ids + index + 24, hash[k]), least);
      index += lowest(a | b << 8 | c << 16 | d << 24);
    } else {
      index += lane;
    }
    indices[k] = index;
  }
}

HEARSAY_AVX512 std::size_t least_avx512(const std::uint64_t* ids, std::size_t count, std::uint64_t hash) {
  std::size_t index = 0;
  least_of_avx512<1>(ids, count, &hash, &index);
  return index;
}

HEARSAY_AVX512 void least_of_batch_avx512(const std::uint64_t* ids, std::size_t count, const std::uint64_t* hashes,
                                          std::size_t* indices) {
  least_of_avx512<kBatch>(ids, count, hashes, indices);
}

HEARSAY_AVX512 Hit up_to_avx512(const std::uint64_t* ids, std::size_t count, std::size_t from, std::uint64_t hash,
                                std::uint64_t bound) {
  const __m512i h = _mm512_set1_epi64(static_cast<long long>(hash));
  const __m512i b = _mm512_set1_epi64(static_cast<long long>(bound));
  for (std::size_t block = from; block < count / kBlock; ++block) {
    const std::uint32_t which = _mm512_cmple_epu64_mask(scores_avx512(ids + block * kBlock, h), b);
    if (which != 0) return {block, which};
  }
  return {count / kBlock, 0};
}

HEARSAY_AVX512 Hit scaled_up_to_avx512(const std::uint64_t* ids, const double* factors, std::size_t count,
                                       std::size_t from, std::uint64_t hash, double bound) {
  const __m512i h = _mm512_set1_epi64(static_cast<long long>(hash));
  const __m512d b = _mm512_set1_pd(bound);
  const __m512d one = _mm512_set1_pd(1.0);
  for (std::size_t block = from; block < count / kBlock; ++block) {
    const __m512i score = scores_avx512(ids + block * kBlock, h);
    const __m512i bits = _mm512_or_si512(_mm512_srli_epi64(score, 12), _mm512_castpd_si512(one));
    const __m512d scaled =
        _mm512_mul_pd(_mm512_sub_pd(_mm512_castsi512_pd(bits), one), _mm512_loadu_pd(factors + block * kBlock));
    const std::uint32_t which = _mm512_cmp_pd_mask(scaled, b, _CMP_LE_OQ);
    if (which != 0) return {block, which};
  }
  return {count / kBlock, 0};
}

constexpr RendezvousScan kAvx512{least_avx512, least_of_batch_avx512, up_to_avx512, scaled_up_to_avx512};

#undef HEARSAY_AVX512
#undef HEARSAY_AVX512_INLINE

#define HEARSAY_AVX2 [[gnu::target("avx2")]]
#define HEARSAY_AVX2_INLINE [[gnu::target("avx2"), gnu::always_inline]] inline

// The lower half of a 64-bit product, from 32-bit ones.
HEARSAY_AVX2_INLINE __m256i times_avx2(__m256i x, std::uint64_t factor) {
  const __m256i low = _mm256_set1_epi64x(static_cast<long long>(factor & 0xffffffffU));
  const __m256i high = _mm256_set1_epi64x(static_cast<long long>(factor >> 32));
  const __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(x, high), _mm256_mul_epu32(_mm256_srli_epi64(x, 32), low));
  return _mm256_add_epi64(_mm256_mul_epu32(x, low), _mm256_slli_epi64(cross, 32));
}

HEARSAY_AVX2_INLINE __m256i scores_avx2(const std::uint64_t* ids, __m256i hash) {
  __m256i x = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(ids)), hash);
  x = times_avx2(x, 0x9e3779b97f4a7c15U);
  x = _mm256_xor_si256(x, _mm256_srli_epi64(x, 32));
  return times_avx2(x, 0xbf58476d1ce4e5b9U);
}

// AVX2 compares signed numbers alone: with the top bit turned they order as the unsigned ones do.
HEARSAY_AVX2_INLINE __m256i turned_avx2(__m256i x) {
  return _mm256_xor_si256(x, _mm256_set1_epi64x(std::numeric_limits<long long>::min()));
}

HEARSAY_AVX2_INLINE std::uint32_t mask_avx2(__m256i compared) {
  return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(compared)));
}

HEARSAY_AVX2 std::size_t least_avx2(const std::uint64_t* ids, std::size_t count, std::uint64_t hash) {
  const __m256i h = _mm256_set1_epi64x(static_cast<long long>(hash));
  __m256i best = _mm256_set1_epi64x(std::numeric_limits<long long>::max());
  __m256i group = _mm256_setzero_si256();
  for (std::size_t i = 0; i < count; i += 4) {
    const __m256i c = turned_avx2(scores_avx2(ids + i, h));
    const __m256i better = _mm256_cmpgt_epi64(best, c);
    best = _mm256_blendv_epi8(best, c, better);
    group = _mm256_blendv_epi8(group, _mm256_set1_epi64x(static_cast<long long>(i)), better);
  }
  alignas(32) std::uint64_t bests[4];
  alignas(32) std::uint64_t groups[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(bests), turned_avx2(best));
  _mm256_store_si256(reinterpret_cast<__m256i*>(groups), group);
  std::size_t lane = 0;
  for (std::size_t l = 1; l < 4; ++l) lane = bests[l] < bests[lane] ? l : lane;
  return groups[lane] + lane;
}

HEARSAY_AVX2 void least_of_batch_avx2(const std::uint64_t* ids, std::size_t count, const std::uint64_t* hashes,
                                      std::size_t* indices) {
  for (std::size_t k = 0; k < kBatch; ++k) indices[k] = least_avx2(ids, count, hashes[k]);
}

HEARSAY_AVX2 Hit up_to_avx2(const std::uint64_t* ids, std::size_t count, std::size_t from, std::uint64_t hash,
                            std::uint64_t bound) {
  const __m256i h = _mm256_set1_epi64x(static_cast<long long>(hash));
  const __m256i b = turned_avx2(_mm256_set1_epi64x(static_cast<long long>(bound)));
  for (std::size_t block = from; block < count / kBlock; ++block) {
    const __m256i low = _mm256_cmpgt_epi64(turned_avx2(scores_avx2(ids + block * kBlock, h)), b);
    const __m256i high = _mm256_cmpgt_epi64(turned_avx2(scores_avx2(ids + block * kBlock + 4, h)), b);
    const std::uint32_t above = mask_avx2(low) | mask_avx2(high) << 4;
    if (above != 0xff) return {block, above ^ 0xff};
  }
  return {count / kBlock, 0};
}

HEARSAY_AVX2_INLINE std::uint32_t scaled_avx2(__m256i score, const double* factors, double bound) {
  const __m256d one = _mm256_set1_pd(1.0);
  const __m256i bits = _mm256_or_si256(_mm256_srli_epi64(score, 12), _mm256_castpd_si256(one));
  const __m256d scaled = _mm256_mul_pd(_mm256_sub_pd(_mm256_castsi256_pd(bits), one), _mm256_loadu_pd(factors));
  return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_cmp_pd(scaled, _mm256_set1_pd(bound), _CMP_LE_OQ)));
}

HEARSAY_AVX2 Hit scaled_up_to_avx2(const std::uint64_t* ids, const double* factors, std::size_t count, std::size_t from,
                                   std::uint64_t hash, double bound) {
  const __m256i h = _mm256_set1_epi64x(static_cast<long long>(hash));
  for (std::size_t block = from; block < count / kBlock; ++block) {
    const std::size_t at = block * kBlock;
    const std::uint32_t which = scaled_avx2(scores_avx2(ids + at, h), factors + at, bound) |
                                scaled_avx2(scores_avx2(ids + at + 4, h), factors + at + 4, bound) << 4;
    if (which != 0) return {block, which};
  }
  return {count / kBlock, 0};
}

constexpr RendezvousScan kAvx2{least_avx2, least_of_batch_avx2, up_to_avx2, scaled_up_to_avx2};

#undef HEARSAY_AVX2
#undef HEARSAY_AVX2_INLINE

#endif

}  // namespace

const RendezvousScan* rendezvous_scan(Simd simd) {
#if defined(__x86_64__)
  if (simd == Simd::kAvx512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? &kAvx512 : nullptr;
  }
  if (simd == Simd::kAvx2) return __builtin_cpu_supports("avx2") ? &kAvx2 : nullptr;
#endif
  return simd == Simd::kNone ? &kPlain : nullptr;
}

const RendezvousScan& rendezvous_scan() {
  for (const Simd simd : {Simd::kAvx512, Simd::kAvx2}) {
    if (const RendezvousScan* const found = rendezvous_scan(simd)) return *found;
  }
  return kPlain;
}

}  // namespace hearsay

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
