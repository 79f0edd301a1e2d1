// Where the memory of large CPU tensors comes from (docs/decisions/0013). Left to malloc, their pages go back to the system when a tensor is freed and
// are taken, and cleared by the kernel, anew for the next: a good part of a training step. Here freed blocks are kept for tensors of (nearly) the same
// size, but live and kept blocks together are never more than an eighth above what was live at once so far, which a process without holes in its heap
// would have held too. Large blocks lie on huge pages where the system has them.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

class PageCache final : public c10::Allocator {
 public:
  // Becomes libtorch's CPU allocator, for good: tensors that outlive the addon are freed by it.
  static PageCache& installed() {
    static auto* cache = [] {
      auto* made = new PageCache(c10::GetCPUAllocator());
      c10::SetCPUAllocator(made);
      return made;
    }();
    return *cache;
  }

  // One of the two overrides libtorch's, which lost its const in 2.3.
  c10::DataPtr allocate(size_t bytes) const { return const_cast<PageCache*>(this)->allocate(bytes); }
  c10::DataPtr allocate(size_t bytes) {
    if (bytes < kLarge) return small_->allocate(bytes);
    void* block = take(rounded(bytes, page_));
    if (block == nullptr) return small_->allocate(bytes); // whose words say how much was asked for
    return {block, block, &PageCache::give_back, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &PageCache::give_back; }

  // Overrides libtorch's from 2.3 on.
  void copy_data(void* to, const void* from, std::size_t count) const { std::memcpy(to, from, count); }

  size_t idle_bytes() {
    std::lock_guard<std::mutex> lock(mutex_);
    return idle_bytes_;
  }

  // Gives all that is kept back to the system, and forgets how much was live at once.
  void clear() {
    std::lock_guard<std::mutex> lock(mutex_);
    unmap_until(0);
    most_ = live_bytes_;
  }

 private:
  static constexpr size_t kHugePage = 2 << 20;
  static constexpr size_t kLarge = 1 << 20; // below, malloc does well
  static constexpr size_t kSpare = 8; // the share of what was live at once that may be kept beside

  explicit PageCache(c10::Allocator* small) : small_(small) {}

  static size_t rounded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

  void* take(size_t size) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto fit = idle_.lower_bound(size);
    if (fit != idle_.end() && fit->first <= size + size / 8) {
      auto [found, block] = *fit;
      idle_.erase(fit);
      idle_bytes_ -= found;
      hold(block, found);
      return block;
    }
    most_ = std::max(most_, live_bytes_ + size);
    unmap_until(most_ + most_ / kSpare - live_bytes_ - size);
    void* block = map(size);
    if (block == nullptr && !idle_.empty()) {
      unmap_until(0);
      block = map(size);
    }
    if (block != nullptr) hold(block, size);
    return block;
  }

  void hold(void* block, size_t size) {
    live_.emplace(block, size);
    live_bytes_ += size;
    most_ = std::max(most_, live_bytes_);
  }

  // The largest go first: the fewest calls.
  void unmap_until(size_t idle_bytes) {
    while (idle_bytes_ > idle_bytes) {
      auto last = std::prev(idle_.end());
      munmap(last->second, last->first);
      idle_bytes_ -= last->first;
      idle_.erase(last);
    }
  }

  // On a border of huge pages, so that the kernel can use them.
  static void* map(size_t size) {
    size_t aligned = size >= kHugePage ? size + kHugePage : size;
    void* mapped = mmap(nullptr, aligned, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    if (aligned == size) return mapped;
    auto* start = static_cast<char*>(mapped);
    auto* block = reinterpret_cast<char*>(rounded(reinterpret_cast<uintptr_t>(start), kHugePage));
    if (block > start) munmap(start, block - start);
    if (block + size < start + aligned) munmap(block + size, start + aligned - block - size);
#ifdef MADV_HUGEPAGE
    madvise(block, size, MADV_HUGEPAGE);
#endif
    return block;
  }

  static void give_back(void* block) {
    if (block == nullptr) return;
    auto& cache = installed();
    {
      std::lock_guard<std::mutex> lock(cache.mutex_);
      auto found = cache.live_.find(block);
      if (found != cache.live_.end()) {
        cache.idle_.emplace(found->second, block);
        cache.idle_bytes_ += found->second;
        cache.live_bytes_ -= found->second;
        cache.live_.erase(found);
        return;
      }
    }
    cache.small_->raw_deallocate(block);
  }

  c10::Allocator* small_;
  const size_t page_ = sysconf(_SC_PAGESIZE);
  std::mutex mutex_;
  std::unordered_map<void*, size_t> live_;
  std::multimap<size_t, void*> idle_;
  size_t live_bytes_ = 0;
  size_t idle_bytes_ = 0;
  size_t most_ = 0; // that was live at once
};
