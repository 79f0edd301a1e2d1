// The inner loops over blocked activations, one row of 16 or 8 floats (a voxel's block of channels) at a time, compiled once for each instruction set that
// they run on: rows.ipp.
#pragma once

#include "layout.h"

#include <cstdint>

namespace blocked {

constexpr int64_t kChunk = 4096 * 16;  // floats that one task takes

// What is added to a row: that of another tensor, one number for the whole row, or nothing.
struct Residual {
  const float* each = nullptr;
  const float* voxel = nullptr;
};

// z = scale · x + shift + residual; y = z where z > 0, else slope · z. A row each.
struct Bend {
  const float *scale, *shift, *slope;
};

// dx = of_g · g + of_x · (x − mean) + constant. A row each.
struct Back {
  const float *of_g, *of_x, *mean, *constant;
};

// Four rows to blend: where they begin in x, and their weights.
struct Four {
  int64_t at[4];
  float weight[4];
};

// For each row of a line that comes out: the rows before and after it in what goes in, and how near the latter is.
struct Line {
  const int64_t *low, *high;
  const float* weight;
};

struct RowKernels {
  // y by `Bend`; x and y may be the same.
  void (*bend)(const float* x, float* y, const Bend& bend, const Residual& residual, int64_t rows);
  // Adds Σ (x − origin) and Σ (x − origin)² to a row of each.
  void (*moments)(const float* x, const float* origin, double* sum, double* square, int64_t rows);
  // What reaches z from the gradient of y. Adds its sum, its sum times x − mean, and the gradient of the slope to a row of each of sums. Written to g, if given.
  void (*reach)(const float* gradient, const float* x, float* g, const Bend& bend, const float* mean, const Residual& residual, double* sums, int64_t rows);
  // dx by `Back`, with g as `reach` wrote it, or worked out again where g is null.
  void (*back)(const float* gradient, const float* x, const float* g, float* dx, const Bend& bend, const Back& back, const Residual& residual, int64_t rows);
  // out[v] += Σ_c factor[c] · x[v, c].
  void (*dot)(const float* x, const float* factor, float* out, int64_t rows);
  // out[v] += Σ_c x[v, c] · y[v, c].
  void (*dot_each)(const float* x, const float* y, float* out, int64_t rows);
  // y[v, c] (+)= map[v] · factor[c].
  void (*spread)(const float* map, const float* factor, float* y, bool add, int64_t rows);
  // sums[c] += Σ_v map[v] · x[v, c].
  void (*weigh)(const float* x, const float* map, float* sums, int64_t rows);
  // sums[tap, c] += Σ_v line[v · step + tap · dilation] · x[v, c], a row of sums each tap.
  void (*weigh_taps)(const float* line, int64_t step, int64_t dilation, int64_t taps, const float* x, double* sums, int64_t rows);
  // to[tap][v] += Σ_c factor[tap, c] · x[v, c].
  void (*dot_taps)(const float* x, const float* factors, int64_t taps, float* const* to, int64_t rows);
  // y[v, c] = map[v] · x[v, c].
  void (*scale)(const float* x, const float* map, float* y, int64_t rows);
  // A line of y from four lines of x.
  void (*blend)(const float* x, float* y, const Four& four, const Line& line, int64_t rows);
  // The gradient of `blend`: adds to x.
  void (*unblend)(const float* y, float* x, const Four& four, const Line& line, int64_t rows);
  // The same with one float in place of a row: lines of `length` floats in x, of which one is held on the way.
  void (*blend_floats)(const float* x, float* y, const Four& four, const Line& line, int64_t length, float* held, int64_t count);
  void (*unblend_floats)(const float* y, float* x, const Four& four, const Line& line, int64_t length, float* held, int64_t count);
};

namespace avx512 {
extern const RowKernels kRows;
}
namespace avx2 {
extern const RowKernels kRows;
}

// For rows of so many floats.
inline const RowKernels& row_kernels(int64_t width) { return width == 16 ? avx512::kRows : avx2::kRows; }

}  // namespace blocked
