// Where the memory of large CPU tensors comes from (docs/decisions/0013). Left to malloc, their pages go back to the system when a tensor is freed and
// are taken, and cleared by the kernel, anew for the next: a good part of a training step. Here freed blocks are kept for tensors of (nearly) the same
// size, as long as they and the live ones are no more than a fifth above what was live at once so far.
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
    most_ = asked_bytes_;
  }

 private:
  static constexpr size_t kLarge = 1 << 20; // below, malloc does well
  static constexpr size_t kSpare = 5; // the share of what was live at once that may be kept beside
  static constexpr size_t kWaste = 4; // how much larger a block may be that is used rather than given back

  explicit PageCache(c10::Allocator* small) : small_(small) {}

  static size_t rounded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

  struct Live {
    size_t size; // of the block
    size_t asked;
  };
  struct Idle {
    void* block;
    uint64_t since;
  };
  using Place = std::multimap<size_t, Idle>::iterator;

  void* take(size_t asked) {
    std::lock_guard<std::mutex> lock(mutex_);
    const size_t most = std::max(most_, asked_bytes_ + asked);
    const size_t limit = most + most / kSpare;
    auto fit = smallest_idle(asked, asked + asked / 8);
    if (fit == idle_.end() && live_bytes_ + idle_bytes_ + asked > limit) fit = smallest_idle(asked, kWaste * asked);
    if (fit != idle_.end()) {
      auto [size, idle] = *fit;
      forget(fit);
      hold(idle.block, {size, asked});
      return idle.block;
    }
    unmap_until(limit > live_bytes_ + asked ? limit - live_bytes_ - asked : 0);
    void* block = map(asked);
    if (block == nullptr && !idle_.empty()) {
      unmap_until(0);
      block = map(asked);
    }
    if (block != nullptr) hold(block, {asked, asked});
    return block;
  }

  Place smallest_idle(size_t least, size_t most) {
    auto found = idle_.lower_bound(least);
    return found != idle_.end() && found->first <= most ? found : idle_.end();
  }

  void hold(void* block, Live live) {
    live_.emplace(block, live);
    live_bytes_ += live.size;
    asked_bytes_ += live.asked;
    most_ = std::max(most_, asked_bytes_); // here and not before: a request that is refused was never live
  }

  void forget(Place place) {
    idle_bytes_ -= place->first;
    idle_.erase(place);
  }

  // Those that waited longest go first.
  void unmap_until(size_t idle_bytes) {
    while (idle_bytes_ > idle_bytes) {
      auto oldest = std::min_element(
          idle_.begin(), idle_.end(), [](const auto& a, const auto& b) { return a.second.since < b.second.since; });
      munmap(oldest->second.block, oldest->first);
      forget(oldest);
    }
  }

  static void* map(size_t size) {
    void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? nullptr : block;
  }

  static void give_back(void* block) {
    if (block == nullptr) return;
    auto& cache = installed();
    {
      std::lock_guard<std::mutex> lock(cache.mutex_);
      auto found = cache.live_.find(block);
      if (found != cache.live_.end()) {
        auto [size, asked] = found->second;
        cache.live_.erase(found);
        cache.live_bytes_ -= size;
        cache.asked_bytes_ -= asked;
        cache.idle_.emplace(size, Idle{block, cache.freed_++});
        cache.idle_bytes_ += size;
        return;
      }
    }
    cache.small_->raw_deallocate(block);
  }

  c10::Allocator* small_;
  const size_t page_ = sysconf(_SC_PAGESIZE);
  std::mutex mutex_;
  std::unordered_map<void*, Live> live_;
  std::multimap<size_t, Idle> idle_;
  size_t live_bytes_ = 0;
  size_t asked_bytes_ = 0; // what of them was asked for
  size_t idle_bytes_ = 0;
  size_t most_ = 0; // that was asked for at once
  uint64_t freed_ = 0;
};
