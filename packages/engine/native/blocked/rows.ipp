// The kernels of rows.h for rows of ROW floats. Included by a source for each instruction set, which has chosen it before: no header may come in here, or
// its functions would be compiled for machines that they are not for.

typedef float Row __attribute__((vector_size(ROW * sizeof(float))));
typedef float Unaligned __attribute__((vector_size(ROW * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t Mask __attribute__((vector_size(ROW * sizeof(float))));

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS Row load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }
ALWAYS void store(float* to, Row row) { *reinterpret_cast<Unaligned*>(to) = row; }
ALWAYS Row all(float value) { return Row{} + value; }

ALWAYS float total(Row row) {
  float lanes[ROW];
  store(lanes, row);
  float sums[4] = {};
  for (int lane = 0; lane < ROW; ++lane) sums[lane & 3] += lanes[lane];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

ALWAYS void add_to(double* sums, Row row) {
  float lanes[ROW];
  store(lanes, row);
  for (int lane = 0; lane < ROW; ++lane) sums[lane] += static_cast<double>(lanes[lane]);
}

// The three kinds of residual.
struct Each {
  const float* from;
  Row operator[](int64_t row) const __attribute__((always_inline)) { return load(from + row * ROW); }
};
struct Voxel {
  const float* from;
  Row operator[](int64_t row) const __attribute__((always_inline)) { return all(from[row]); }
};
struct Nothing {
  Row operator[](int64_t) const __attribute__((always_inline)) { return Row{}; }
};

template <class Body>
ALWAYS void with(const Residual& residual, const Body& body) {
  if (residual.each != nullptr) {
    body(Each{residual.each});
  } else if (residual.voxel != nullptr) {
    body(Voxel{residual.voxel});
  } else {
    body(Nothing{});
  }
}

struct Bending {
  Row scale, shift, slope;
  explicit __attribute__((always_inline)) Bending(const Bend& bend) : scale(load(bend.scale)), shift(load(bend.shift)), slope(load(bend.slope)) {}
  __attribute__((always_inline)) Row z(Row x, Row added) const { return x * scale + shift + added; }
  __attribute__((always_inline)) Row through(Row z, Row value) const { return z > 0.f ? value : value * slope; }
};

static void bend(const float* x, float* y, const Bend& how, const Residual& residual, int64_t rows) {
  const Bending bending(how);
  with(residual, [&](auto added) __attribute__((always_inline)) {
    for (int64_t row = 0; row < rows; ++row) {
      const Row z = bending.z(load(x + row * ROW), added[row]);
      store(y + row * ROW, bending.through(z, z));
    }
  });
}

constexpr int64_t kExact = 64;  // rows whose sums are float32; over more they are float64

static void moments(const float* x, const float* origin, double* sum, double* square, int64_t rows) {
  const Row about = load(origin);
  for (int64_t from = 0; from < rows; from += kExact) {
    const int64_t to = from + kExact < rows ? from + kExact : rows;
    Row sums[2] = {}, squares[2] = {};
    int64_t row = from;
    for (; row + 2 <= to; row += 2) {
      const Row first = load(x + row * ROW) - about, second = load(x + (row + 1) * ROW) - about;
      sums[0] += first;
      sums[1] += second;
      squares[0] += first * first;
      squares[1] += second * second;
    }
    if (row < to) {
      const Row last = load(x + row * ROW) - about;
      sums[0] += last;
      squares[0] += last * last;
    }
    add_to(sum, sums[0] + sums[1]);
    add_to(square, squares[0] + squares[1]);
  }
}

static void reach(const float* gradient, const float* x, float* g, const Bend& how, const float* mean, const Residual& residual, double* sums, int64_t rows) {
  const Bending bending(how);
  const Row about = load(mean);
  with(residual, [&](auto added) __attribute__((always_inline)) {
    for (int64_t from = 0; from < rows; from += kExact) {
      const int64_t to = from + kExact < rows ? from + kExact : rows;
      Row sum{}, product{}, bent{};
      for (int64_t row = from; row < to; ++row) {
        const Row value = load(x + row * ROW), given = load(gradient + row * ROW);
        const Row z = bending.z(value, added[row]);
        const Row reached = bending.through(z, given);
        if (g != nullptr) store(g + row * ROW, reached);
        sum += reached;
        product += reached * (value - about);
        bent += z > 0.f ? Row{} : given * z;
      }
      add_to(sums, sum);
      add_to(sums + ROW, product);
      add_to(sums + 2 * ROW, bent);
    }
  });
}

static void back(const float* gradient, const float* x, const float* g, float* dx, const Bend& how, const Back& back, const Residual& residual, int64_t rows) {
  const Row of_g = load(back.of_g), of_x = load(back.of_x), mean = load(back.mean), constant = load(back.constant);
  if (g != nullptr) {
    for (int64_t row = 0; row < rows; ++row)
      store(dx + row * ROW, of_g * load(g + row * ROW) + (of_x * (load(x + row * ROW) - mean) + constant));
    return;
  }
  const Bending bending(how);
  with(residual, [&](auto added) __attribute__((always_inline)) {
    for (int64_t row = 0; row < rows; ++row) {
      const Row value = load(x + row * ROW);
      const Row reached = bending.through(bending.z(value, added[row]), load(gradient + row * ROW));
      store(dx + row * ROW, of_g * reached + (of_x * (value - mean) + constant));
    }
  });
}

static void dot(const float* x, const float* factor, float* out, int64_t rows) {
  const Row factors = load(factor);
  for (int64_t row = 0; row < rows; ++row) out[row] += total(load(x + row * ROW) * factors);
}

static void dot_each(const float* x, const float* y, float* out, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) out[row] += total(load(x + row * ROW) * load(y + row * ROW));
}

static void spread(const float* map, const float* factor, float* y, bool add, int64_t rows) {
  const Row factors = load(factor);
  if (add) {
    for (int64_t row = 0; row < rows; ++row) store(y + row * ROW, load(y + row * ROW) + map[row] * factors);
  } else {
    for (int64_t row = 0; row < rows; ++row) store(y + row * ROW, map[row] * factors);
  }
}

static void weigh(const float* x, const float* map, float* sums, int64_t rows) {
  Row sum{};
  for (int64_t row = 0; row < rows; ++row) sum += map[row] * load(x + row * ROW);
  store(sums, load(sums) + sum);
}

template <int taps>
ALWAYS void weigh_some(const float* line, int64_t step, int64_t dilation, const float* x, double* sums, int64_t rows) {
  Row sum[taps] = {}, odd[taps] = {};
  int64_t row = 0;
  for (; row + 2 <= rows; row += 2) {
    const Row first = load(x + row * ROW), second = load(x + (row + 1) * ROW);
    const float* const at = line + row * step;
    for (int tap = 0; tap < taps; ++tap) {
      sum[tap] += at[tap * dilation] * first;
      odd[tap] += at[step + tap * dilation] * second;
    }
  }
  if (row < rows)
    for (int tap = 0; tap < taps; ++tap) sum[tap] += line[row * step + tap * dilation] * load(x + row * ROW);
  for (int tap = 0; tap < taps; ++tap) add_to(sums + tap * ROW, sum[tap] + odd[tap]);
}

static void weigh_taps(const float* line, int64_t step, int64_t dilation, int64_t taps, const float* x, double* sums, int64_t rows) {
  int64_t tap = 0;
  for (; tap + 4 <= taps; tap += 4) weigh_some<4>(line + tap * dilation, step, dilation, x, sums + tap * ROW, rows);
  if (taps - tap == 3) weigh_some<3>(line + tap * dilation, step, dilation, x, sums + tap * ROW, rows);
  if (taps - tap == 2) weigh_some<2>(line + tap * dilation, step, dilation, x, sums + tap * ROW, rows);
  if (taps - tap == 1) weigh_some<1>(line + tap * dilation, step, dilation, x, sums + tap * ROW, rows);
}

#if ROW == 16
#define LANES(f) f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9), f(10), f(11), f(12), f(13), f(14), f(15)
#else
#define LANES(f) f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)
#endif

// One step of turning rows into columns: of each two rows `apart`, places whose bit is set in one change with those whose bit is not in the other.
template <int apart>
ALWAYS void exchange(Row (&rows)[ROW]) {
#define LOW(lane) (lane & apart) != 0 ? lane - apart + ROW : lane
#define HIGH(lane) (lane & apart) != 0 ? lane + ROW : lane + apart
  const Mask low{LANES(LOW)}, high{LANES(HIGH)};
#undef LOW
#undef HIGH
  for (int row = 0; row < ROW; ++row) {
    if ((row & apart) != 0) continue;
    const Row first = rows[row], second = rows[row + apart];
    rows[row] = __builtin_shuffle(first, second, low);
    rows[row + apart] = __builtin_shuffle(first, second, high);
  }
  if constexpr (apart < ROW / 2) exchange<apart * 2>(rows);
}

static void dot_taps(const float* x, const float* factors, int64_t taps, float* const* to, int64_t rows) {
  for (int64_t from = 0; from < rows; from += ROW) {
    const int64_t count = rows - from < ROW ? rows - from : ROW;
    Row columns[ROW];
    for (int row = 0; row < ROW; ++row) columns[row] = row < count ? load(x + (from + row) * ROW) : Row{};
    exchange<1>(columns);
    for (int64_t tap = 0; tap < taps; ++tap) {
      Row sums[2] = {};
      for (int lane = 0; lane < ROW; ++lane) sums[lane & 1] += factors[tap * ROW + lane] * columns[lane];
      const Row sum = sums[0] + sums[1];
      float* const place = to[tap] + from;
      if (count == ROW) {
        store(place, load(place) + sum);
      } else {
        float some[ROW];
        store(some, sum);
        for (int64_t lane = 0; lane < count; ++lane) place[lane] += some[lane];
      }
    }
  }
}

static void scale(const float* x, const float* map, float* y, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) store(y + row * ROW, map[row] * load(x + row * ROW));
}

static void blend(const float* x, float* y, const Four& four, const Line& line, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t low = line.low[row] * ROW, high = line.high[row] * ROW;
    const float far = line.weight[row], near = 1.f - far;
    Row sum{};
    for (int of = 0; of < 4; ++of) sum += four.weight[of] * (near * load(x + four.at[of] + low) + far * load(x + four.at[of] + high));
    store(y + row * ROW, sum);
  }
}

static void unblend(const float* y, float* x, const Four& four, const Line& line, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t low = line.low[row] * ROW, high = line.high[row] * ROW;
    const float far = line.weight[row], near = 1.f - far;
    const Row given = load(y + row * ROW);
    for (int of = 0; of < 4; ++of) {
      float* const to = x + four.at[of];
      store(to + low, load(to + low) + four.weight[of] * near * given);
      store(to + high, load(to + high) + four.weight[of] * far * given);
    }
  }
}

static void blend_floats(const float* x, float* y, const Four& four, const Line& line, int64_t length, float* held, int64_t count) {
  int64_t at = 0;
  for (; at + ROW <= length; at += ROW) {
    Row sum{};
    for (int of = 0; of < 4; ++of) sum += four.weight[of] * load(x + four.at[of] + at);
    store(held + at, sum);
  }
  for (; at < length; ++at) {
    held[at] = 0;
    for (int of = 0; of < 4; ++of) held[at] += four.weight[of] * x[four.at[of] + at];
  }
  for (int64_t to = 0; to < count; ++to) y[to] = (1.f - line.weight[to]) * held[line.low[to]] + line.weight[to] * held[line.high[to]];
}

static void unblend_floats(const float* y, float* x, const Four& four, const Line& line, int64_t length, float* held, int64_t count) {
  for (int64_t at = 0; at < length; ++at) held[at] = 0;
  for (int64_t to = 0; to < count; ++to) {
    held[line.low[to]] += (1.f - line.weight[to]) * y[to];
    held[line.high[to]] += line.weight[to] * y[to];
  }
  for (int of = 0; of < 4; ++of) {
    float* const place = x + four.at[of];
    int64_t at = 0;
    for (; at + ROW <= length; at += ROW) store(place + at, load(place + at) + four.weight[of] * load(held + at));
    for (; at < length; ++at) place[at] += four.weight[of] * held[at];
  }
}

const RowKernels kRows{bend, moments, reach, back, dot, dot_each, spread, weigh, weigh_taps, dot_taps, scale, blend, unblend, blend_floats, unblend_floats};

#undef LANES
#undef ALWAYS
