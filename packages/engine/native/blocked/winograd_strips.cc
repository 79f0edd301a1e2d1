#include "winograd_strips.h"

#include <immintrin.h>

namespace blocked {
namespace {

// The matrices of F(m, r), m outputs at once of a kernel of r: out = AT · [(G · kernel) ⊙ (BT · in)]. By the points 0, ±1 and infinity, and, as n = m + r − 1
// needs more, those that were found to round least: ½ and −2 (Barabasz and others 2020, section 5.3), or ±2 and ±½.
template <int m, int r>
struct Minimal {
  static constexpr int n = m + r - 1;
  double points[n - 1] = {};
  float bt[n][n] = {}, at[m][n] = {}, a[n][m] = {};
  double g[n][r] = {};

  constexpr Minimal() {
    static_assert(n == 4 || n == 6 || n == 8);
    constexpr double few[] = {0, 1, -1, 0.5, -2}, many[] = {0, 1, -1, 2, -2, 0.5, -0.5};
    for (int j = 0; j < n - 1; ++j) points[j] = n == 8 ? many[j] : few[j];
    for (int j = 0; j < n; ++j) {
      // The polynomial that is 0 at all points, or all but the j-th.
      double coefficients[n] = {1};
      int degree = 0;
      for (int l = 0; l < n - 1; ++l) {
        if (l == j) continue;
        ++degree;
        for (int k = degree; k > 0; --k) coefficients[k] = coefficients[k - 1] - points[l] * coefficients[k];
        coefficients[0] *= -points[l];
      }
      double scale = 1;
      if (j < n - 1)
        for (int l = 0; l < n - 1; ++l)
          if (l != j) scale *= points[j] - points[l];
      for (int k = 0; k < n; ++k) bt[j][k] = static_cast<float>(coefficients[k]);
      double power = 1;
      for (int k = 0; k < r; ++k) {
        g[j][k] = j < n - 1 ? power / scale : k == r - 1 ? 1 : 0;
        if (j < n - 1) power *= points[j];
      }
      power = 1;
      for (int i = 0; i < m; ++i) {
        at[i][j] = a[j][i] = j < n - 1 ? static_cast<float>(power) : i == m - 1 ? 1.f : 0.f;
        if (j < n - 1) power *= points[j];
      }
    }
  }
};

template <int r>
constexpr Minimal<kTile, r> kMinimal{};

}  // namespace
}  // namespace blocked

// No header may come in from here on, or its functions would be compiled for machines that they are not for.
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma")

namespace blocked {
namespace {

#include "products.ipp"

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t most(int64_t a, int64_t b) { return a < b ? b : a; }

// to[i] = Σ_k matrix[i][k] · from[k], for vectors `step` apart.
template <int rows, int columns>
inline __attribute__((always_inline)) void multiply(const float (&matrix)[rows][columns], const v16* from, int from_step, v16* to, int to_step) {
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
    v16 sum{};
    bool begun = false;
#pragma GCC unroll 8
    for (int k = 0; k < columns; ++k) {
      const float factor = matrix[i][k];
      if (factor == 0.f) continue;
      const v16 term = from[k * from_step];
      if (!begun) {
        sum = factor == 1.f ? term : all(factor) * term;
      } else {
        sum = factor == 1.f ? sum + term : factor == -1.f ? sum - term : _mm512_fmadd_ps(all(factor), term, sum);
      }
      begun = true;
    }
    to[i * to_step] = sum;
  }
}

// Whole vectors, the first halves of vectors, or halves that lie apart.
struct Whole {
  const float* from;
  v16 operator[](int64_t voxel) const __attribute__((always_inline)) { return load(from + voxel * kTileBlock); }
};
struct Low {
  const float* from;
  int64_t step;
  v16 operator[](int64_t voxel) const __attribute__((always_inline)) { return _mm512_zextps256_ps512(_mm256_loadu_ps(from + voxel * step)); }
};
struct Both {
  Lanes lanes;
  v16 operator[](int64_t voxel) const __attribute__((always_inline)) {
    const v16 low = _mm512_castps256_ps512(_mm256_loadu_ps(lanes.low + voxel * lanes.low_step));
    return _mm512_insertf32x8(low, _mm256_loadu_ps(lanes.high + voxel * lanes.high_step), 1);
  }
};

template <class Body>
inline __attribute__((always_inline)) void with(const Lanes& lanes, const Body& body) {
  if (lanes.high == nullptr) {
    body(Low{lanes.low, lanes.low_step});
  } else if (lanes.high == lanes.low + kTileBlock / 2 && lanes.low_step == kTileBlock) {
    body(Whole{lanes.low});
  } else {
    body(Both{lanes});
  }
}

// Where a slice of `voxels` each begins.
inline Lanes slice_of(const Lanes& lanes, int64_t slice, int64_t voxels) {
  const auto at = [&](const float* from, int64_t step) { return from == nullptr ? nullptr : from + slice * voxels * step; };
  return {at(lanes.low, lanes.low_step), at(lanes.high, lanes.high_step), lanes.low_step, lanes.high_step};
}

// Where transformed vectors go: whole, their first halves, or the halves apart from one another.
struct WholeTo {
  float* to;
  void put(int64_t place, v16 value) const __attribute__((always_inline)) { store(to + place, value); }
};
struct LowTo {
  float* to;
  void put(int64_t place, v16 value) const __attribute__((always_inline)) { _mm256_storeu_ps(to + place, _mm512_castps512_ps256(value)); }
};
struct BothTo {
  float *low, *high;
  void put(int64_t place, v16 value) const __attribute__((always_inline)) {
    _mm256_storeu_ps(low + place, _mm512_castps512_ps256(value));
    _mm256_storeu_ps(high + place, _mm512_extractf32x8_ps(value, 1));
  }
};

// The patch of one tile and vector of channels, transformed: to[(i · n + j) · step].
template <int r, class Source, class Target>
void transform_patch(const Source& x, const Shape& shape, int64_t top, int64_t left, const Target& to, int64_t step) {
  constexpr auto& minimal = kMinimal<r>;
  constexpr int n = kTile + r - 1;
  v16 patch[n][n], half[n][n];
  const bool inside = top >= 0 && left >= 0 && top + n <= shape.height && left + n <= shape.width;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const auto row = top + i, column = left + j;
      const bool there = inside || (row >= 0 && row < shape.height && column >= 0 && column < shape.width);
      patch[i][j] = there ? x[row * shape.width + column] : v16{};
    }
  }
  for (int j = 0; j < n; ++j) multiply<n, n>(minimal.bt, &patch[0][j], n, &half[0][j], n);
  for (int i = 0; i < n; ++i) {
    v16 line[n];
    multiply<n, n>(minimal.bt, half[i], 1, line, 1);
    for (int j = 0; j < n; ++j) to.put((i * n + j) * step, line[j]);
  }
}

// Where a tile of the output goes: to one place, or its halves to two depths.
struct OneDepth {
  float* out;
  const float* residual;
  v16 added(int64_t place) const __attribute__((always_inline)) { return load(residual + place); }
  void put(int64_t place, v16 value) const __attribute__((always_inline)) { store(out + place, value); }
};
struct TwoDepths {
  float* out;
  const float* residual;
  int64_t apart;  // 0 where there is but one
  v16 added(int64_t place) const __attribute__((always_inline)) {
    const v16 low = _mm512_castps256_ps512(_mm256_loadu_ps(residual + place));
    return _mm512_insertf32x8(low, _mm256_loadu_ps(residual + place + apart), 1);
  }
  void put(int64_t place, v16 value) const __attribute__((always_inline)) {
    _mm256_storeu_ps(out + place, _mm512_castps512_ps256(value));
    if (apart != 0) _mm256_storeu_ps(out + place + apart, _mm512_extractf32x8_ps(value, 1));
  }
};

template <int r, class Target>
void finish_tile(const float* products, int64_t step, const Shape& shape, int64_t top, int64_t left, const Target& to, const float* bias, const float* slope) {
  constexpr auto& minimal = kMinimal<r>;
  constexpr int n = kTile + r - 1;
  v16 half[kTile][n];
  for (int j = 0; j < n; ++j) {
    v16 column[n];
    for (int i = 0; i < n; ++i) column[i] = load(products + (i * n + j) * step);
    multiply<kTile, n>(minimal.at, column, 1, &half[0][j], n);
  }
  const v16 shift = bias == nullptr ? v16{} : load(bias);
  const v16 zero{};
  for (int i = 0; i < kTile; ++i) {
    if (top + i >= shape.out_height) break;
    v16 line[kTile];
    multiply<kTile, n>(minimal.at, half[i], 1, line, 1);
    for (int j = 0; j < kTile; ++j) {
      if (left + j >= shape.out_width) break;
      const auto place = ((top + i) * shape.out_width + left + j) * shape.to_width;
      v16 value = line[j] + shift;
      if (to.residual != nullptr) value += to.added(place);
      if (slope != nullptr) value = _mm512_mask_mul_ps(value, _mm512_cmp_ps_mask(value, zero, _CMP_NGT_UQ), value, load(slope));
      to.put(place, value);
    }
  }
}

// Transforms the slices of one sample that outputs below depth `end` need, from `ready` on, rows of tiles [first, last): slice z is held at z % slots.
// Returns the next one.
template <int r>
int64_t transform_slices(const Lanes* x, const Shape& shape, int64_t first, int64_t last, int64_t ready, int64_t end, int64_t slots, float* held) {
  constexpr int n = kTile + r - 1;
  const auto rows = (last - first) * shape.tiles_wide, step = rows * shape.inner;
  const auto needed = least(end - 1 - shape.pad_depth + shape.taps, shape.depth);
  const auto voxels = shape.height * shape.width;
  const auto each = [&](auto source, auto target_at) __attribute__((always_inline)) {
    for (int64_t high = first; high < last; ++high)
      for (int64_t wide = 0; wide < shape.tiles_wide; ++wide)
        transform_patch<r>(source, shape, high * kTile - shape.pad_height, wide * kTile - shape.pad_width,
                           target_at(((high - first) * shape.tiles_wide + wide) * shape.inner), step);
  };
  const auto held_at = [&](int64_t slice) { return held + (slice % slots) * n * n * step; };
  while (ready < needed) {
    float* const to = held_at(ready);
    if (shape.inner < kTileBlock && ready + 1 < needed) {
      // Two slices of half a vector at a time.
      const auto now = slice_of(x[0], ready, voxels), then = slice_of(x[0], ready + 1, voxels);
      float* const to_then = held_at(ready + 1);
      each(Both{{now.low, then.low, now.low_step, now.low_step}}, [&](int64_t at) { return BothTo{to + at, to_then + at}; });
      ready += 2;
      continue;
    }
    if (shape.inner < kTileBlock) {
      const auto now = slice_of(x[0], ready, voxels);
      each(Low{now.low, now.low_step}, [&](int64_t at) { return LowTo{to + at}; });
    } else {
      for (int64_t of = 0; of < shape.from; ++of)
        with(slice_of(x[of], ready, voxels),
             [&](auto slice) __attribute__((always_inline)) { each(slice, [&](int64_t at) { return WholeTo{to + at + of * kTileBlock}; }); });
    }
    ++ready;
  }
  return ready;
}

// The gradient of one tile and block of channels, transformed for the gradient of the weights: to[(i · n + j) · step].
template <int r>
void transform_gradient(const float* gradient, const Shape& shape, int64_t top, int64_t left, float* to, int64_t step) {
  constexpr auto& minimal = kMinimal<r>;
  constexpr int n = kTile + r - 1;
  v16 patch[kTile][kTile], half[n][kTile];
  const auto there = static_cast<__mmask16>((1 << shape.to_width) - 1);
  for (int i = 0; i < kTile; ++i) {
    for (int j = 0; j < kTile; ++j) {
      const auto row = top + i, column = left + j;
      const bool inside = row < shape.out_height && column < shape.out_width;
      patch[i][j] = inside ? _mm512_maskz_loadu_ps(there, gradient + (row * shape.out_width + column) * shape.to_width) : v16{};
    }
  }
  for (int j = 0; j < kTile; ++j) multiply<n, kTile>(minimal.a, &patch[0][j], kTile, &half[0][j], kTile);
  for (int i = 0; i < n; ++i) {
    v16 line[n];
    multiply<n, kTile>(minimal.a, half[i], 1, line, 1);
    for (int j = 0; j < n; ++j) store(to + (i * n + j) * step, line[j]);
  }
}

}  // namespace

template <int r>
void Strips<r>::transform_kernels(const double (&given)[r][r][kTileBlock], float* to, int64_t step) {
  constexpr auto& minimal = kMinimal<r>;
  double half[n][r][kTileBlock] = {};
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < r; ++k)
      for (int l = 0; l < r; ++l)
        for (int lane = 0; lane < kTileBlock; ++lane) half[i][l][lane] += minimal.g[i][k] * given[k][l][lane];
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      double sum[kTileBlock] = {};
      for (int l = 0; l < r; ++l)
        for (int lane = 0; lane < kTileBlock; ++lane) sum[lane] += half[i][l][lane] * minimal.g[j][l];
      for (int lane = 0; lane < kTileBlock; ++lane) to[(i * n + j) * step + lane] = static_cast<float>(sum[lane]);
    }
  }
}

template <int r>
void Strips<r>::convolve(const Lanes* x, const float* weight, float* out, const Shape& shape, int64_t first, int64_t last, int64_t depths, const Finish& finish,
                         float* held) {
  const auto rows = (last - first) * shape.tiles_wide;
  const auto inner = shape.inner, outer = shape.to * kTileBlock;
  const bool pairs = shape.to_width < kTileBlock;
  const int64_t together = pairs ? 2 : 1;  // depths in a vector
  const auto taps = shape.taps + together - 1;
  const auto slots = shape.taps - 1 + depths;  // transformed slices that are held at once
  const auto slice = points * rows * inner;
  const auto of_point = (depths + together - 1) / together * rows * outer;
  float* const products = held + slots * slice;
  const auto out_plane = shape.out_height * shape.out_width * shape.to_width;
  int64_t ready = 0;  // input slices below this are transformed
  for (int64_t begin = 0; begin < shape.out_depth; begin += depths) {
    const auto end = least(begin + depths, shape.out_depth);
    ready = transform_slices<r>(x, shape, first, last, most(ready, begin - shape.pad_depth), end, slots, held);
    const float *a[kMostTaps + 1], *b[kMostTaps + 1];
    for (int64_t point = 0; point < points; ++point) {
      for (int64_t depth = begin; depth < end; depth += together) {
        int64_t parts = 0;
        for (int64_t tap = 0; tap < taps; ++tap) {
          const auto from = depth - shape.pad_depth + tap;
          if (from < 0 || from >= ready) continue;
          a[parts] = held + (from % slots) * slice + point * rows * inner;
          b[parts] = weight + (point * taps + tap) * inner * outer;
          ++parts;
        }
        multiply_all<false>(
            {a, inner, 1, b, parts, shape.channels, outer, products + point * of_point + (depth - begin) / together * rows * outer, false}, rows);
      }
    }
    for (int64_t of = 0; of < shape.to; ++of) {
      const auto* bias = finish.bias == nullptr ? nullptr : finish.bias + of * kTileBlock;
      const auto* slope = finish.slope == nullptr ? nullptr : finish.slope + of * kTileBlock;
      for (int64_t depth = begin; depth < end; depth += together) {
        const auto place = (of * shape.out_depth + depth) * out_plane;
        const auto* residual = finish.residual == nullptr ? nullptr : finish.residual + place;
        const auto each = [&](auto target) __attribute__((always_inline)) {
          for (int64_t high = first; high < last; ++high)
            for (int64_t wide = 0; wide < shape.tiles_wide; ++wide)
              finish_tile<r>(products + ((depth - begin) / together * rows + (high - first) * shape.tiles_wide + wide) * outer + of * kTileBlock, of_point,
                             shape, high * kTile, wide * kTile, target, bias, slope);
        };
        if (pairs) {
          each(TwoDepths{out + place, residual, depth + 1 < end ? out_plane : 0});
        } else {
          each(OneDepth{out + place, residual});
        }
      }
    }
  }
}

template <int r>
void Strips<r>::gather(const Lanes* x, const float* gradient, float* sums, const Shape& shape, int64_t first, int64_t last, int64_t depths, float* held) {
  const auto rows = (last - first) * shape.tiles_wide;
  const auto inner = shape.inner, outer = shape.to * kTileBlock;
  const auto slots = shape.taps - 1 + depths;
  const auto slice = points * rows * inner, out_slice = points * rows * outer;
  float* const of_gradient = held + slots * slice;
  const auto out_plane = shape.out_height * shape.out_width * shape.to_width;
  int64_t ready = 0;
  for (int64_t begin = 0; begin < shape.out_depth; begin += depths) {
    const auto end = least(begin + depths, shape.out_depth);
    ready = transform_slices<r>(x, shape, first, last, most(ready, begin - shape.pad_depth), end, slots, held);
    for (int64_t depth = begin; depth < end; ++depth)
      for (int64_t of = 0; of < shape.to; ++of)
        for (int64_t high = first; high < last; ++high)
          for (int64_t wide = 0; wide < shape.tiles_wide; ++wide)
            transform_gradient<r>(gradient + (of * shape.out_depth + depth) * out_plane, shape, high * kTile, wide * kTile,
                                     of_gradient + (depth - begin) * out_slice + ((high - first) * shape.tiles_wide + wide) * outer + of * kTileBlock,
                                     rows * outer);
    const float *a[kMostDepths], *b[kMostDepths];
    for (int64_t point = 0; point < points; ++point) {
      for (int64_t tap = 0; tap < shape.taps; ++tap) {
        int64_t parts = 0;
        for (int64_t depth = begin; depth < end; ++depth) {
          const auto from = depth - shape.pad_depth + tap;
          if (from < 0 || from >= shape.depth) continue;
          a[parts] = held + (from % slots) * slice + point * rows * inner;
          b[parts] = of_gradient + (depth - begin) * out_slice + point * rows * outer;
          ++parts;
        }
        multiply_all<true>({a, 1, inner, b, parts, rows, outer, sums + (point * shape.taps + tap) * inner * outer, true}, shape.channels);
      }
    }
  }
}

template <int r>
void Strips<r>::gather_kernels(const float* from, int64_t step, double (&found)[r][r][kTileBlock]) {
  constexpr auto& minimal = kMinimal<r>;
  double half[r][n][kTileBlock] = {};
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      for (int k = 0; k < r; ++k)
        for (int lane = 0; lane < kTileBlock; ++lane) half[k][j][lane] += minimal.g[i][k] * static_cast<double>(from[(i * n + j) * step + lane]);
  for (int k = 0; k < r; ++k)
    for (int l = 0; l < r; ++l)
      for (int j = 0; j < n; ++j)
        for (int lane = 0; lane < kTileBlock; ++lane) found[k][l][lane] += half[k][j][lane] * minimal.g[j][l];
}

template struct Strips<3>;
template struct Strips<5>;

}  // namespace blocked
