// The inner loops of Winograd's convolution over strips of tiles, for AVX-512.
#pragma once

#include <cstdint>

namespace blocked {

constexpr int kTile = 4;         // outputs of a tile along each axis
constexpr int kTileBlock = 16;   // channels of a vector
constexpr int kMostTaps = 7;     // of a kernel in depth
constexpr int kMostDepths = 96;  // that are done at once

struct Shape {
  int64_t channels;                // of the input, without those that fill up the last block
  int64_t from, to;                // vectors of channels
  int64_t inner;                   // floats that they are held in: a multiple of 16, or 8
  int64_t to_width;                // floats in a block of the output: 16, or 8 of one block
  int64_t depth, height, width;    // of the input
  int64_t out_depth, out_height, out_width;
  int64_t taps;                    // of the kernel in depth
  int64_t pad_depth, pad_height, pad_width;
  int64_t tiles_high, tiles_wide;
};

// Where the vectors of an input begin: both halves of each, 8 channels, and how far its voxels are apart. The second may be in another tensor, or nowhere.
struct Lanes {
  const float *low, *high;
  int64_t low_step, high_step;
};

// What the output of a tile is finished with.
struct Finish {
  const float* bias;
  const float* residual;  // like the output, or null
  const float* slope;     // a vector, or null
};

// Kernels of r × r in height and width: n × n points with n = r + 3. Instances for 3 and 5.
template <int r>
struct Strips {
  static constexpr int n = kTile + r - 1, points = n * n;

  // The kernels of a block of output channels and one input channel, transformed: to[point · step].
  static void transform_kernels(const double (&given)[r][r][kTileBlock], float* to, int64_t step);
  // The gradient of those kernels from that of what they were transformed to.
  static void gather_kernels(const float* from, int64_t step, double (&found)[r][r][kTileBlock]);
  // One sample's rows of tiles [first, last), `depths` at once, with transformed weights points × taps × inner × outer. x: a vector of channels each. `held`
  // is scratch. An output of half a vector is made for two depths at a time, with a tap more: the other half of each tap's weights is the tap's before.
  static void convolve(const Lanes* x, const float* weight, float* out, const Shape& shape, int64_t first, int64_t last, int64_t depths,
                       const Finish& finish, float* held);
  // Adds what these rows of tiles give to the gradient of the transformed weights.
  static void gather(const Lanes* x, const float* gradient, float* sums, const Shape& shape, int64_t first, int64_t last, int64_t depths, float* held);
};

}  // namespace blocked
