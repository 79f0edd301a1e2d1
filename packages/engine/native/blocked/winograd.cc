#include "winograd.h"

#include "layout.h"

#include <ATen/Parallel.h>

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace blocked {
namespace {

constexpr int kBlock = 16;  // these kernels are written for AVX-512
constexpr int kTile = 4;    // outputs of a tile along each axis

// The matrices of F(m, r) by the points 0, ±1, ±2, ±½ (as many as it needs) and infinity: out = AT · [(G · kernel) ⊙ (BT · in)].
template <int m, int r>
struct Minimal {
  static constexpr int n = m + r - 1;
  double points[n - 1] = {};
  float bt[n][n] = {}, at[m][n] = {};
  double g[n][r] = {};

  constexpr Minimal() {
    constexpr double all[] = {0, 1, -1, 2, -2, 0.5, -0.5};
    for (int j = 0; j < n - 1; ++j) points[j] = all[j];
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
        at[i][j] = j < n - 1 ? static_cast<float>(power) : i == m - 1 ? 1.f : 0.f;
        if (j < n - 1) power *= points[j];
      }
    }
  }
};

template <int r>
constexpr Minimal<kTile, r> kMinimal{};

}  // namespace
}  // namespace blocked

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma")

namespace blocked {
namespace {

using v16 = __m512;

inline v16 load(const float* from) { return _mm512_loadu_ps(from); }
inline void store(float* to, v16 value) { _mm512_storeu_ps(to, value); }
inline v16 all(float value) { return _mm512_set1_ps(value); }

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

struct Shape {
  int64_t from, to;                // blocks of channels
  int64_t depth, height, width;    // of the input
  int64_t out_depth, out_height, out_width;
  int64_t taps;                    // of the kernel in depth
  int64_t pad_depth, pad_height, pad_width;
  int64_t tiles_high, tiles_wide;
};

// The patch of one tile and block of channels, transformed: to[(i · n + j) · step].
template <int r>
void transform_patch(const float* x, const Shape& shape, int64_t top, int64_t left, float* to, int64_t step) {
  constexpr auto& minimal = kMinimal<r>;
  constexpr int n = kTile + r - 1;
  v16 patch[n][n], half[n][n];
  const bool inside = top >= 0 && left >= 0 && top + n <= shape.height && left + n <= shape.width;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const auto row = top + i, column = left + j;
      const bool there = inside || (row >= 0 && row < shape.height && column >= 0 && column < shape.width);
      patch[i][j] = there ? load(x + (row * shape.width + column) * kBlock) : v16{};
    }
  }
  for (int j = 0; j < n; ++j) multiply<n, n>(minimal.bt, &patch[0][j], n, &half[0][j], n);
  for (int i = 0; i < n; ++i) {
    v16 line[n];
    multiply<n, n>(minimal.bt, half[i], 1, line, 1);
    for (int j = 0; j < n; ++j) store(to + (i * n + j) * step, line[j]);
  }
}

// What the output of a tile is finished with.
struct Finish {
  const float* bias;
  const float* residual;  // like the output, or null
  const float* slope;     // a block, or null
};

template <int r>
void finish_tile(const float* products, int64_t step, const Shape& shape, int64_t top, int64_t left, float* out, const Finish& finish) {
  constexpr auto& minimal = kMinimal<r>;
  constexpr int n = kTile + r - 1;
  v16 half[kTile][n];
  for (int j = 0; j < n; ++j) {
    v16 column[n];
    for (int i = 0; i < n; ++i) column[i] = load(products + (i * n + j) * step);
    multiply<kTile, n>(minimal.at, column, 1, &half[0][j], n);
  }
  const v16 bias = finish.bias == nullptr ? v16{} : load(finish.bias);
  const v16 zero{};
  for (int i = 0; i < kTile; ++i) {
    if (top + i >= shape.out_height) break;
    v16 line[kTile];
    multiply<kTile, n>(minimal.at, half[i], 1, line, 1);
    for (int j = 0; j < kTile; ++j) {
      if (left + j >= shape.out_width) break;
      const auto place = ((top + i) * shape.out_width + left + j) * kBlock;
      v16 value = line[j] + bias;
      if (finish.residual != nullptr) value += load(finish.residual + place);
      if (finish.slope != nullptr) value = _mm512_mask_mul_ps(value, _mm512_cmp_ps_mask(value, zero, _CMP_NGT_UQ), value, load(finish.slope));
      store(out + place, value);
    }
  }
}

// Rows of one matrix in several parts, times blocks of columns of another: to[row][column] = Σ_part Σ_k a[part][row][k] · b[part][k][column].
struct Product {
  const float* const* a;  // a part each; rows are `inner` apart
  const float* const* b;  // a part each; rows are `outer` apart
  int64_t parts, inner, outer;
  float* to;              // rows are `outer` apart
};

// `steps` rows of b at once, so that a row of a is found once for as many products.
template <int rows, int columns, int steps>
void product_block(const Product& product, int64_t row, int64_t column) {
  v16 sums[rows][columns] = {};
  for (int64_t part = 0; part < product.parts; ++part) {
    const float* a = product.a[part] + row * product.inner;
    const float* b = product.b[part] + column;
    for (int64_t k = 0; k < product.inner; k += steps, a += steps) {
      v16 factors[steps][columns];
#pragma GCC unroll 4
      for (int step = 0; step < steps; ++step, b += product.outer)
#pragma GCC unroll 4
        for (int c = 0; c < columns; ++c) factors[step][c] = load(b + c * kBlock);
      const float* one = a;
#pragma GCC unroll 24
      for (int i = 0; i < rows; ++i, one += product.inner)
#pragma GCC unroll 4
        for (int step = 0; step < steps; ++step)
#pragma GCC unroll 4
          for (int c = 0; c < columns; ++c) sums[i][c] = _mm512_fmadd_ps(all(one[step]), factors[step][c], sums[i][c]);
    }
  }
#pragma GCC unroll 24
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) store(product.to + (row + i) * product.outer + column + c * kBlock, sums[i][c]);
}

// All rows of a block of columns: as many at once as registers hold, then half as many, and so on.
template <int most, int columns>
void product_rows(const Product& product, int64_t from, int64_t rows, int64_t column) {
  int64_t row = from;
  for (; row + most <= from + rows; row += most) product_block<most, columns, 4 / columns>(product, row, column);
  if constexpr (most > 1) {
    if (row < from + rows) product_rows<most / 2, columns>(product, row, from + rows - row, column);
  }
}

void multiply_all(const Product& product, int64_t rows) {
  int64_t column = 0;
  for (; column + 4 * kBlock <= product.outer; column += 4 * kBlock) product_rows<6, 4>(product, 0, rows, column);
  for (; column + 2 * kBlock <= product.outer; column += 2 * kBlock) product_rows<12, 2>(product, 0, rows, column);
  for (; column < product.outer; column += kBlock) product_rows<24, 1>(product, 0, rows, column);
}

// One sample's rows of tiles [first, last), all depths.
template <int r>
void convolve_strip(const float* x, const float* weight, float* out, const Shape& shape, int64_t first, int64_t last, int64_t depths, const Finish& finish,
                    std::vector<float>& scratch) {
  constexpr int n = kTile + r - 1, points = n * n;
  const auto rows = (last - first) * shape.tiles_wide;
  const auto inner = shape.from * kBlock, outer = shape.to * kBlock;
  const auto slots = shape.taps - 1 + depths;  // transformed slices that are held at once
  const auto slice = points * rows * inner;
  const auto of_point = depths * rows * outer;
  scratch.resize(slots * slice + points * of_point + kBlock);
  float* const held = scratch.data();
  float* const products = held + slots * slice;
  const auto plane = shape.height * shape.width * kBlock, out_plane = shape.out_height * shape.out_width * kBlock;
  int64_t ready = 0;  // input slices below this are transformed
  for (int64_t begin = 0; begin < shape.out_depth; begin += depths) {
    const auto end = std::min(begin + depths, shape.out_depth);
    const auto needed = std::min(end - 1 - shape.pad_depth + shape.taps, shape.depth);
    for (ready = std::max<int64_t>(ready, begin - shape.pad_depth); ready < needed; ++ready) {
      float* const to = held + (ready % slots) * slice;
      for (int64_t of = 0; of < shape.from; ++of)
        for (int64_t high = first; high < last; ++high)
          for (int64_t wide = 0; wide < shape.tiles_wide; ++wide)
            transform_patch<r>(x + (of * shape.depth + ready) * plane, shape, high * kTile - shape.pad_height, wide * kTile - shape.pad_width,
                               to + ((high - first) * shape.tiles_wide + wide) * inner + of * kBlock, rows * inner);
    }
    std::vector<const float*> a(shape.taps), b(shape.taps);
    for (int64_t point = 0; point < points; ++point) {
      for (int64_t depth = begin; depth < end; ++depth) {
        int64_t parts = 0;
        for (int64_t tap = 0; tap < shape.taps; ++tap) {
          const auto from = depth - shape.pad_depth + tap;
          if (from < 0 || from >= shape.depth) continue;
          a[parts] = held + (from % slots) * slice + point * rows * inner;
          b[parts] = weight + (point * shape.taps + tap) * inner * outer;
          ++parts;
        }
        multiply_all({a.data(), b.data(), parts, inner, outer, products + point * of_point + (depth - begin) * rows * outer}, rows);
      }
    }
    for (int64_t of = 0; of < shape.to; ++of) {
      for (int64_t depth = begin; depth < end; ++depth) {
        const auto place = (of * shape.out_depth + depth) * out_plane;
        const Finish here{finish.bias == nullptr ? nullptr : finish.bias + of * kBlock, finish.residual == nullptr ? nullptr : finish.residual + place,
                          finish.slope == nullptr ? nullptr : finish.slope + of * kBlock};
        for (int64_t high = first; high < last; ++high)
          for (int64_t wide = 0; wide < shape.tiles_wide; ++wide)
            finish_tile<r>(products + ((depth - begin) * rows + (high - first) * shape.tiles_wide + wide) * outer + of * kBlock, of_point, shape,
                           high * kTile, wide * kTile, out + place, here);
      }
    }
  }
}

}  // namespace
}  // namespace blocked

#pragma GCC pop_options

namespace blocked {
namespace {

template <int r>
at::Tensor transformed(const at::Tensor& weight) {
  constexpr auto& minimal = kMinimal<r>;
  constexpr int n = kTile + r - 1;
  const bool flat = weight.dim() == 4;
  const auto stored = weight.contiguous();
  const auto to = weight.size(0), from = weight.size(1), taps = flat ? 1 : weight.size(2);
  const auto inner = blocks_of(from) * kBlock, outer = blocks_of(to) * kBlock;
  auto out = at::zeros({n * n, taps * inner * outer}, at::kFloat);
  const auto* source = stored.data_ptr<float>();
  auto* target = out.data_ptr<float>();
  at::parallel_for(0, to * from, 64, [&](int64_t begin, int64_t end) {
    for (auto pair = begin; pair < end; ++pair) {
      const auto o = pair / from, i = pair % from;
      for (int64_t tap = 0; tap < taps; ++tap) {
        const auto* kernel = source + (pair * taps + tap) * r * r;
        double half[n][r] = {};
        for (int u = 0; u < n; ++u)
          for (int k = 0; k < r; ++k)
            for (int l = 0; l < r; ++l) half[u][l] += minimal.g[u][k] * kernel[k * r + l];
        for (int u = 0; u < n; ++u) {
          for (int v = 0; v < n; ++v) {
            double sum = 0;
            for (int l = 0; l < r; ++l) sum += half[u][l] * minimal.g[v][l];
            target[(((u * n + v) * taps + tap) * inner + i) * outer + o] = static_cast<float>(sum);
          }
        }
      }
    }
  });
  return out;
}

// A tensor of one number each channel, or one for all, over full blocks; null where there is none.
at::Tensor over_blocks(const c10::optional<at::Tensor>& given, int64_t blocks) {
  if (!given.has_value()) return {};
  auto out = at::zeros({blocks * kBlock}, at::kFloat);
  if (given->numel() == 1) return out.fill_(given->item<float>());
  out.narrow(0, 0, given->numel()).copy_(given->reshape({-1}));
  return out;
}

const float* pointer(const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; }

// How much is done at once: rows of tiles and depths, so that transformed weights are read seldom and what is held fits a core's cache.
struct Portion {
  int64_t rows, depths;
};

Portion portion_of(const Shape& shape, int64_t points, int64_t samples) {
  constexpr int64_t kCache = 1'200'000;  // bytes
  const auto threads = at::get_num_threads();
  Portion best{1, 1};
  int64_t most = 0;
  for (int64_t rows = 1; rows <= shape.tiles_high; ++rows) {
    // Every thread has something to do.
    if (rows > 1 && samples * ((shape.tiles_high + rows - 1) / rows) < threads) break;
    for (int64_t depths = 1; depths <= shape.out_depth; ++depths) {
      const auto tiles = rows * shape.tiles_wide;
      const auto bytes = 4 * points * tiles * kBlock * ((shape.taps - 1 + depths) * shape.from + depths * shape.to);
      const auto score = std::min<int64_t>(tiles * depths, 96);
      if ((bytes <= kCache || (rows == 1 && depths == 1)) && score > most) {
        most = score;
        best = {rows, depths};
      }
    }
  }
  return best;
}

}  // namespace

bool suits_winograd(at::IntArrayRef input, at::IntArrayRef weight, const Window& window) {
  if (block() != kBlock || window.transposed) return false;
  const auto plain = [](const std::vector<int64_t>& steps) { return std::all_of(steps.begin(), steps.end(), [](int64_t step) { return step == 1; }); };
  const auto side = weight.back();
  const auto height = input[input.size() - 2], width = input.back();
  if (!plain(window.stride) || !plain(window.dilation) || weight[weight.size() - 2] != side || (side != 3 && side != 5)) return false;
  const auto voxels = input.size() == 5 ? input[2] * height * width : height * width;
  // Few voxels do not repay the reading of transformed weights, few channels not the transforms.
  return weight[0] >= 8 && weight[1] >= 8 && height >= 8 && width >= 8 && input[0] * voxels >= 1024;
}

at::Tensor transform_weight(const at::Tensor& weight) {
  return weight.size(-1) == 3 ? transformed<3>(weight) : transformed<5>(weight);
}

at::Tensor winograd(const at::Tensor& x, const at::Tensor& weight, at::IntArrayRef size, const c10::optional<at::Tensor>& bias, const Window& window,
                    const Following& following) {
  const bool flat = size.size() == 4;
  TORCH_CHECK(x.is_contiguous() && x.dim() == (flat ? 5 : 6) && x.size(-1) == kBlock && x.size(1) == blocks_of(size[1]),
              "expected a contiguous blocked tensor of ", size[1], " channels, but ", x.sizes(), " came");
  const auto side = size.back();
  Shape shape{};
  shape.from = blocks_of(size[1]);
  shape.to = blocks_of(size[0]);
  shape.depth = flat ? 1 : x.size(2);
  shape.height = x.size(-3);
  shape.width = x.size(-2);
  shape.taps = flat ? 1 : size[2];
  shape.pad_depth = flat ? 0 : window.padding[0];
  shape.pad_height = window.padding[flat ? 0 : 1];
  shape.pad_width = window.padding[flat ? 1 : 2];
  shape.out_depth = shape.depth + 2 * shape.pad_depth - shape.taps + 1;
  shape.out_height = shape.height + 2 * shape.pad_height - side + 1;
  shape.out_width = shape.width + 2 * shape.pad_width - side + 1;
  TORCH_CHECK(shape.out_depth > 0 && shape.out_height > 0 && shape.out_width > 0, "a kernel of ", size, " does not fit ", x.sizes());
  shape.tiles_high = (shape.out_height + kTile - 1) / kTile;
  shape.tiles_wide = (shape.out_width + kTile - 1) / kTile;
  const auto samples = x.size(0);
  auto out = at::empty(flat ? std::vector<int64_t>{samples, shape.to, shape.out_height, shape.out_width, kBlock}
                            : std::vector<int64_t>{samples, shape.to, shape.out_depth, shape.out_height, shape.out_width, kBlock},
                       at::kFloat);
  const auto biases = over_blocks(bias, shape.to), slopes = over_blocks(following.slope, shape.to);
  const auto residual = following.residual.has_value() ? following.residual->contiguous() : at::Tensor();
  TORCH_CHECK(!residual.defined() || residual.sizes() == out.sizes(), "expected a residual like ", out.sizes(), ", but ", residual.sizes(), " came");
  const auto points = (kTile + side - 1) * (kTile + side - 1);
  const auto portion = portion_of(shape, points, samples);
  const auto strips = (shape.tiles_high + portion.rows - 1) / portion.rows;
  const auto in_sample = x.numel() / samples, out_sample = out.numel() / samples;
  at::parallel_for(0, samples * strips, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (auto task = begin; task < end; ++task) {
      const auto sample = task / strips, first = task % strips * portion.rows;
      const auto last = std::min(first + portion.rows, shape.tiles_high);
      const Finish finish{pointer(biases), residual.defined() ? residual.data_ptr<float>() + sample * out_sample : nullptr, pointer(slopes)};
      const auto run = side == 3 ? convolve_strip<3> : convolve_strip<5>;
      run(x.data_ptr<float>() + sample * in_sample, weight.data_ptr<float>(), out.data_ptr<float>() + sample * out_sample, shape, first, last,
          portion.depths, finish, scratch);
    }
  });
  return out;
}

}  // namespace blocked
