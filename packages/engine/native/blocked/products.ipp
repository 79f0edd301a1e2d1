// Matrix products of small parts for AVX-512, and the vectors that they are made of. Included where that instruction set has been chosen.

using v16 = __m512;

inline v16 load(const float* from) { return _mm512_loadu_ps(from); }
inline void store(float* to, v16 value) { _mm512_storeu_ps(to, value); }
inline v16 all(float value) { return _mm512_set1_ps(value); }

// Rows of one matrix in several parts, times blocks of columns of another: to[row][column] (+)= Σ_part Σ_k a[part][row][k] · b[part][k][column].
struct Product {
  const float* const* a;  // a part each
  int64_t a_row, a_term;  // how far rows of a are apart, and terms of a row; one of both is 1
  const float* const* b;  // a part each; rows are `outer` apart
  int64_t parts, terms, outer;
  float* to;              // rows are `outer` apart
  bool add;
};

// So many products are summed up before the sum is added to what there is: a long sum of float32 rounds more at each term. (0.2e-6 of a convolution's range
// with 32, 0.5e-6 with 320, where a direct one has 0.25e-6.)
constexpr int64_t kSummed = 32;

// `steps` terms at once, so that a row of a is found once for as many products.
template <int rows, int columns, int steps, bool across>
inline __attribute__((always_inline)) void multiply_terms(const Product& product, const float* a, const float* b, v16 (&sums)[rows][columns]) {
  v16 factors[steps][columns];
#pragma GCC unroll 4
  for (int step = 0; step < steps; ++step)
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) factors[step][c] = load(b + step * product.outer + c * 16);
#pragma GCC unroll 24
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int step = 0; step < steps; ++step) {
      const v16 factor = all(across ? a[step * product.a_term + i] : a[i * product.a_row + step]);
#pragma GCC unroll 4
      for (int c = 0; c < columns; ++c) sums[i][c] = _mm512_fmadd_ps(factor, factors[step][c], sums[i][c]);
    }
  }
}

template <int rows, int columns, int steps, bool across>
void product_block(const Product& product, int64_t row, int64_t column) {
  v16 sums[rows][columns] = {};
  float* const to = product.to + row * product.outer + column;
  bool add = product.add;
  const auto flush = [&]() __attribute__((always_inline)) {
#pragma GCC unroll 24
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
      for (int c = 0; c < columns; ++c) {
        float* const place = to + i * product.outer + c * 16;
        store(place, add ? load(place) + sums[i][c] : sums[i][c]);
        sums[i][c] = v16{};
      }
    }
    add = true;
  };
  int64_t summed = 0;
  for (int64_t part = 0; part < product.parts; ++part) {
    const float* a = product.a[part] + row * product.a_row;
    const float* b = product.b[part] + column;
    for (int64_t left = product.terms; left > 0;) {
      if (summed >= kSummed) {
        flush();
        summed = 0;
      }
      const auto now = left < kSummed - summed ? left : kSummed - summed;
      int64_t term = 0;
      for (; term + steps <= now; term += steps, a += steps * product.a_term, b += steps * product.outer)
        multiply_terms<rows, columns, steps, across>(product, a, b, sums);
      for (; term < now; ++term, a += product.a_term, b += product.outer) multiply_terms<rows, columns, 1, across>(product, a, b, sums);
      left -= now;
      summed += now;
    }
  }
  flush();
}

// All rows of a block of columns: as many at once as registers hold, then half as many, and so on.
template <int most, int columns, bool across>
void product_rows(const Product& product, int64_t from, int64_t rows, int64_t column) {
  int64_t row = from;
  for (; row + most <= from + rows; row += most) product_block<most, columns, 4 / columns, across>(product, row, column);
  if constexpr (most > 1) {
    if (row < from + rows) product_rows<most / 2, columns, across>(product, row, from + rows - row, column);
  }
}

// `across`: terms of a are `a_term` apart and rows 1, else the other way round.
template <bool across>
void multiply_all(const Product& product, int64_t rows) {
  int64_t column = 0;
  for (; column + 4 * 16 <= product.outer; column += 4 * 16) product_rows<6, 4, across>(product, 0, rows, column);
  for (; column + 2 * 16 <= product.outer; column += 2 * 16) product_rows<12, 2, across>(product, 0, rows, column);
  for (; column < product.outer; column += 16) product_rows<24, 1, across>(product, 0, rows, column);
}
