// What the kernels of this room share.
#pragma once

#include <cstdint>

// Compiled for the instruction sets that matter; the machine takes its own.
#define KERNEL __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"))) void

namespace blocked {

// Kernels see rows of 16 floats, which are one voxel's 16 channels or two voxels' 8: constants of channels are repeated to 16.
constexpr int64_t kLanes = 16;
constexpr int64_t kChunk = 4096 * kLanes;  // floats that one task takes

}  // namespace blocked
