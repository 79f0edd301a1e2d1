// What JavaScript holds: tensors and generators behind numbers, and what V8 is told about their memory.
#pragma once

#include <napi.h>

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <string>
#include <unordered_map>
#include <vector>

namespace bridge {

// What V8 is told about memory that it does not see. A storage counts once, however many tensors share it, and as large as it
// was when it was first seen. The weak pointer keeps the storage's address from being used again while it is counted.
class ExternalMemory {
 public:
  // Returns what `remove` takes, so that it does not matter whether the tensor has another storage by then.
  const void* add(Napi::Env env, const at::Tensor& tensor) {
    if (!tensor.has_storage()) return nullptr;
    auto storage = tensor.storage().getWeakStorageImpl();
    auto* key = storage._unsafe_get_target();
    auto [place, is_new] = entries_.try_emplace(key, Entry{storage, 0, static_cast<int64_t>(tensor.storage().nbytes())});
    if (is_new) adjust(env, place->second.bytes);
    ++place->second.handles;
    return key;
  }

  void remove(Napi::Env env, const void* key) {
    auto found = entries_.find(key);
    if (found == entries_.end() || --found->second.handles > 0) return;
    auto bytes = found->second.bytes;
    entries_.erase(found);
    adjust(env, -bytes);
  }

  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    c10::weak_intrusive_ptr<c10::StorageImpl> storage;
    int64_t handles;
    int64_t bytes;
  };

  void adjust(Napi::Env env, int64_t change) {
    bytes_ += change;
    Napi::MemoryManagement::AdjustExternalMemory(env, change);
  }

  std::unordered_map<const void*, Entry> entries_;
  int64_t bytes_ = 0;
};

// A tensor that JavaScript holds.
struct Held {
  at::Tensor tensor;
  const void* storage;  // as ExternalMemory::remove takes it
};

// JavaScript holds tensors and generators by numbers, which are looked up here. Each travels as an External with the number in
// place of a pointer: no plain value of JavaScript can be taken for one, nothing is ever looked up behind a foreign External,
// and a number that was released is not given again. When a handle is dropped is for scope.ts to say.
struct State {
  std::unordered_map<uintptr_t, Held> tensors;
  std::unordered_map<uintptr_t, at::Generator> generators;
  uintptr_t given = 0;
  ExternalMemory memory;
  std::vector<c10::OperatorHandle> operators;
};

// Never destroyed, so that no order of ending matters.
inline State& state() {
  static auto* state = new State();
  return *state;
}

inline Napi::Value to_handle(Napi::Env env, uintptr_t number) {
  return Napi::External<void>::New(env, reinterpret_cast<void*>(number));
}

// The number of a handle, or 0 for anything else.
inline uintptr_t number_of(const Napi::Value& value) {
  return value.IsExternal() ? reinterpret_cast<uintptr_t>(value.As<Napi::External<void>>().Data()) : 0;
}

inline Napi::Value hold(Napi::Env env, at::Tensor tensor) {
  if (!tensor.defined()) return env.Null();
  auto number = ++state().given;
  auto handle = to_handle(env, number);
  auto* storage = state().memory.add(env, tensor);
  state().tensors.emplace(number, Held{std::move(tensor), storage});
  return handle;
}

inline const char* kind_of(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a truth value";
    case napi_number:
      return "a number";
    case napi_string:
      return "a text";
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    case napi_external: {
      auto number = number_of(value);
      if (state().generators.count(number) > 0) return "a generator";
      return number > 0 && number <= state().given ? "a tensor" : "something foreign";
    }
    case napi_object:
      return value.IsArray() ? "a list" : "an object";
  }
  return "something unknown";
}

inline std::runtime_error expected(const char* what, const Napi::Value& came) {
  return std::runtime_error(std::string("expected ") + what + ", but " + kind_of(came) + " came");
}

inline at::Tensor& tensor_of(const Napi::Value& value) {
  auto number = number_of(value);
  auto found = state().tensors.find(number);
  if (found != state().tensors.end()) return found->second.tensor;
  if (number == 0 || number > state().given || state().generators.count(number) > 0) throw expected("a tensor", value);
  throw std::runtime_error("this tensor has been released: a scope that made it has ended");
}

inline at::Generator& generator_of(const Napi::Value& value) {
  auto found = state().generators.find(number_of(value));
  if (found == state().generators.end()) throw expected("a generator", value);
  return found->second;
}

}  // namespace bridge
