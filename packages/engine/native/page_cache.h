// Where the memory of large CPU tensors comes from (docs/decisions/0017). Left to malloc, their pages go back to the system when a tensor is freed and
// are taken, and cleared by the kernel, anew for the next: a good part of a training step. Here the pages of freed tensors wait for the next: as the block
// that they are where it fits, else as a part of a larger one, or moved together from several (mremap), so that little more is ever held than what was live
// at once.
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
#include <utility>
#include <vector>

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
    void* block = take((bytes + page_ - 1) / page_ * page_);
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
    unmap_idle();
    most_ = asked_bytes_;
  }

 private:
  static constexpr size_t kLarge = 1 << 20; // below, malloc does well
  static constexpr size_t kSpare = 8; // the share of what was live at once that may be kept beside
  static constexpr size_t kPieces = 64; // a block of more goes back to the system, which has a limit to how many it knows

  // Pages that lie in a row. The kernel moves no more at once than it took in one: `pieces` are the lengths of those.
  struct Block {
    char* at;
    size_t size;
    std::vector<size_t> pieces;
  };
  struct Live {
    Block block;
    size_t asked;
  };
  using Place = std::multimap<size_t, Block>::iterator;

  explicit PageCache(c10::Allocator* small) : small_(small) {}

  void* take(size_t asked) {
    std::lock_guard<std::mutex> lock(mutex_);
    const size_t most = std::max(most_, asked_bytes_ + asked);
    const size_t limit = most + most / kSpare;
    auto fit = idle_.lower_bound(asked);
    if (fit != idle_.end() && fit->first <= asked + asked / 8) return hold(forget(fit), asked);
    const bool grows = live_bytes_ + idle_bytes_ + asked <= limit;
    if (!grows && fit != idle_.end()) return hold(split(forget(fit), asked), asked);
    if (!grows && idle_bytes_ > 0) {
      Block block = gather(asked);
      if (block.at != nullptr) return hold(std::move(block), asked);
    }
    void* fresh = map(asked);
    if (fresh == nullptr && !idle_.empty()) {
      unmap_idle();
      fresh = map(asked);
    }
    return fresh == nullptr ? nullptr : hold({static_cast<char*>(fresh), asked, {asked}}, asked);
  }

  void* hold(Block block, size_t asked) {
    void* at = block.at;
    live_bytes_ += block.size;
    asked_bytes_ += asked;
    most_ = std::max(most_, asked_bytes_); // here and not before: a request that is refused was never live
    live_.emplace(at, Live{std::move(block), asked});
    return at;
  }

  void keep(Block block) {
    idle_bytes_ += block.size;
    idle_.emplace(block.size, std::move(block));
  }

  Block forget(Place place) {
    Block block = std::move(place->second);
    idle_bytes_ -= block.size;
    idle_.erase(place);
    return block;
  }

  // The first `size` bytes of a block; the rest is kept.
  Block split(Block block, size_t size) {
    if (block.size == size) return block;
    Block first{block.at, size, {}}, rest{block.at + size, block.size - size, {}};
    size_t left = size;
    for (size_t piece : block.pieces) {
      const size_t taken = std::min(piece, left);
      if (taken > 0) first.pieces.push_back(taken);
      if (taken < piece) rest.pieces.push_back(piece - taken);
      left -= taken;
    }
    keep(std::move(rest));
    return first;
  }

  // A block of the pages of idle ones, the largest first, each smaller than what is asked for, and of fresh pages where those are not enough. Null where
  // the system does not move them; what it did not is given back.
  Block gather(size_t asked) {
    Block made{static_cast<char*>(map(asked)), 0, {}};
    if (made.at == nullptr) return made;
    while (made.size < asked && !idle_.empty()) {
      Block from = forget(std::prev(idle_.end()));
      from = split(std::move(from), std::min(from.size, asked - made.size));
      if (!move(from, made)) {
        munmap(from.at, from.size);
        munmap(made.at, asked);
        return {nullptr, 0, {}};
      }
    }
    if (made.size < asked) made.pieces.push_back(asked - made.size);
    made.size = asked;
    return made;
  }

  // Moves the pages of a block behind those that another has already. Where the system refuses, what is left of the first is what it did not move.
  static bool move(Block& from, Block& to) {
    for (size_t piece : from.pieces) {
      if (mremap(from.at, piece, piece, MREMAP_MAYMOVE | MREMAP_FIXED, to.at + to.size) == MAP_FAILED) return false;
      from.at += piece;
      from.size -= piece;
      to.size += piece;
      to.pieces.push_back(piece);
    }
    return true;
  }

  void unmap_idle() {
    for (const auto& [size, block] : idle_) munmap(block.at, size);
    idle_.clear();
    idle_bytes_ = 0;
  }

  static void* map(size_t size) {
    void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? nullptr : block;
  }

  static void give_back(void* at) {
    if (at == nullptr) return;
    auto& cache = installed();
    {
      std::lock_guard<std::mutex> lock(cache.mutex_);
      auto found = cache.live_.find(at);
      if (found != cache.live_.end()) {
        auto [block, asked] = std::move(found->second);
        cache.live_.erase(found);
        cache.live_bytes_ -= block.size;
        cache.asked_bytes_ -= asked;
        if (block.pieces.size() > kPieces) munmap(block.at, block.size);
        else cache.keep(std::move(block));
        return;
      }
    }
    cache.small_->raw_deallocate(at);
  }

  c10::Allocator* small_;
  const size_t page_ = sysconf(_SC_PAGESIZE);
  std::mutex mutex_;
  std::unordered_map<void*, Live> live_;
  std::multimap<size_t, Block> idle_;
  size_t live_bytes_ = 0;
  size_t asked_bytes_ = 0; // what of them was asked for
  size_t idle_bytes_ = 0;
  size_t most_ = 0; // that was asked for at once
};
