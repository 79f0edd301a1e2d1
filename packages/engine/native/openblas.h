// OpenBLAS has threads of its own, which libtorch does not know: a matrix product would take all cores, whatever number was set.
#pragma once

#include <dlfcn.h>

namespace openblas {

// A function of the OpenBLAS that this process has loaded, or null where it has another BLAS.
template <class Function>
Function* found(const char* name) {
  static void* const library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD);
  return library == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(library, name));
}

inline void set_threads(int count) {
  if (auto* const set = found<void(int)>("openblas_set_num_threads")) set(count);
}

// 0 where there is no OpenBLAS.
inline int threads() {
  auto* const get = found<int()>("openblas_get_num_threads");
  return get == nullptr ? 0 : get();
}

}  // namespace openblas
