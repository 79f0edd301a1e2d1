// The bridge from JavaScript to libtorch's dispatcher. It knows values, tensors, generators and errors; it knows no operator by
// name: an operator is looked up by its schema, its arguments are converted by the schema's types, and it is called boxed.
//
// Every function is called from one thread, the one that loads the addon first. A C++ exception becomes a JavaScript Error with
// libtorch's own words; which operator and which shapes is added by call.ts. Whatever JavaScript passes is checked before it is
// used: a wrong value is an Error, never undefined behaviour.
#define NAPI_VERSION 8
#define NAPI_CPP_EXCEPTIONS
#include <napi.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>
#include <c10/util/Logging.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include "autocast.h"
#include "openblas.h"
#include "page_cache.h"
#include "profiler.h"
#include "values.h"
#ifdef MULTIRNET_BLOCKED
#include "blocked/layout.h"
#include "blocked/operators.h"
#endif

#include <cmath>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace bridge;

// Runs `body` and turns what it throws into a JavaScript Error.
template <typename Body>
Napi::Value guarded(const Napi::CallbackInfo& info, Body body) {
  try {
    return body(info.Env());
  } catch (const Napi::Error&) {
    throw;
  } catch (const c10::Error& error) {
    throw Napi::Error::New(info.Env(), error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  } catch (...) {
    throw Napi::Error::New(info.Env(), "something was thrown that is no exception");
  }
}

// schemas(): string[]: every operator that this libtorch has
Napi::Value Schemas(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto names = c10::Dispatcher::singleton().getAllOpNames();
    auto array = Napi::Array::New(env);
    uint32_t count = 0;
    for (const auto& name : names) {
      auto handle = c10::Dispatcher::singleton().findSchema(name);
      if (handle.has_value()) array[count++] = Napi::String::New(env, c10::toString(handle->schema()));
    }
    return array;
  });
}

// lookup(name, overload): number: what `call` takes
Napi::Value Lookup(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto name = to_text(info[0]);
    auto overload = to_text(info[1]);
    state().operators.push_back(c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), overload.c_str()));
    return Napi::Number::New(env, static_cast<double>(state().operators.size() - 1));
  });
}

// call(operator, arguments): results; an absent argument takes the schema's default
Napi::Value Call(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto& operators = state().operators;
    const auto handle = operators[to_code(info[0], static_cast<int64_t>(operators.size()), "operator")];
    auto given = to_array(info[1]);
    const auto& wanted = handle.schema().arguments();
    if (given.Length() > wanted.size()) {
      throw std::runtime_error("it takes " + std::to_string(wanted.size()) + " arguments, but " +
                               std::to_string(given.Length()) + " came");
    }
    torch::jit::Stack stack;
    stack.reserve(wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      const auto& argument = wanted[i];
      Napi::Value value = i < given.Length() ? Napi::Value(given[static_cast<uint32_t>(i)]) : env.Undefined();
      try {
        if (is_absent(value) && argument.default_value().has_value()) {
          stack.push_back(*argument.default_value());
        } else {
          // The real type tells element types, layouts and memory formats from other whole numbers.
          stack.push_back(to_ivalue(value, argument.real_type(), argument.N()));
        }
      } catch (const std::exception& error) {
        throw std::runtime_error("argument " + argument.name() + ": " + error.what());
      }
    }
    autocast::call(handle, stack);
    auto results = Napi::Array::New(env, stack.size());
    for (size_t i = 0; i < stack.size(); ++i) results[i] = from_ivalue(env, stack[i]);
    return results;
  });
}

// fromBytes(dtype, shape, bytes): tensor on the CPU, a copy
Napi::Value FromBytes(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto dtype = to_dtype(info[0]);
    auto dims = to_array(info[1]);
    std::vector<int64_t> shape(dims.Length());
    for (uint32_t i = 0; i < dims.Length(); ++i) shape[i] = to_int(dims[i]);
    if (!info[2].IsTypedArray() || info[2].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
      throw expected("a Uint8Array", info[2]);
    }
    auto bytes = info[2].As<Napi::Uint8Array>();
    auto tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
    if (tensor.nbytes() != bytes.ByteLength()) {
      throw std::runtime_error("this shape takes " + std::to_string(tensor.nbytes()) + " bytes, but " +
                               std::to_string(bytes.ByteLength()) + " came");
    }
    if (dtype == at::ScalarType::Bool) {  // a C++ bool is 0 or 1; any other byte is true
      for (size_t i = 0; i < tensor.nbytes(); ++i) tensor.data_ptr<bool>()[i] = bytes.Data()[i] != 0;
    } else if (tensor.nbytes() > 0) {
      std::memcpy(tensor.data_ptr(), bytes.Data(), tensor.nbytes());
    }
    return hold(env, std::move(tensor));
  });
}

// toBytes(tensor): ArrayBuffer, a contiguous copy
Napi::Value ToBytes(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    at::NoGradGuard no_grad;
    const auto& source = tensor_of(info[0]);
    // Made by JavaScript's own constructor, because it throws where there is no memory, while Node-API's ends the process.
    auto size = Napi::Number::New(env, static_cast<double>(source.numel()) * static_cast<double>(source.element_size()));
    auto made = env.Global().Get("ArrayBuffer").As<Napi::Function>().New({size});
    auto tensor = source.detach().to(at::kCPU).contiguous();
    if (!made.IsArrayBuffer() || made.As<Napi::ArrayBuffer>().ByteLength() != tensor.nbytes()) {
      throw expected("an ArrayBuffer", made);
    }
    auto buffer = made.As<Napi::ArrayBuffer>();
    if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.data_ptr(), tensor.nbytes());
    return buffer;
  });
}

// describe(tensor): [dtype, device, ...shape]
Napi::Value Describe(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto& tensor = tensor_of(info[0]);
    auto array = Napi::Array::New(env, 2 + tensor.dim());
    array[0u] = Napi::Number::New(env, static_cast<double>(tensor.scalar_type()));
    array[1u] = Napi::String::New(env, tensor.device().str());
    for (int64_t i = 0; i < tensor.dim(); ++i) {
      array[static_cast<uint32_t>(2 + i)] = Napi::Number::New(env, static_cast<double>(tensor.size(i)));
    }
    return array;
  });
}

// release(handle): lets go of a tensor or a generator; a second time does nothing
Napi::Value Release(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto number = number_of(info[0]);
    if (number == 0 || number > state().given) throw expected("a tensor or a generator", info[0]);
    auto found = state().tensors.find(number);
    if (found != state().tensors.end()) {
      auto held = std::move(found->second);
      state().tensors.erase(found);
      state().memory.remove(env, held.storage);
    }
    state().generators.erase(number);
    return env.Undefined();
  });
}

// requiresGrad(tensor, set?): whether gradients are taken with respect to it
Napi::Value RequiresGrad(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto& tensor = tensor_of(info[0]);
    if (info.Length() > 1) {
      if (!tensor.is_leaf()) throw std::runtime_error("expected a leaf, but this tensor was computed from one that takes gradients");
      tensor.set_requires_grad(to_bool(info[1]));
    }
    return Napi::Boolean::New(env, tensor.requires_grad());
  });
}

// gradients(outputs, inputs, createGraph): the gradient of the sum of outputs; null for an input that took no part
Napi::Value Gradients(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto list = [](const Napi::Value& value) {
      auto array = to_array(value);
      torch::autograd::variable_list tensors;
      for (uint32_t i = 0; i < array.Length(); ++i) tensors.push_back(tensor_of(array[i]));
      return tensors;
    };
    bool create_graph = to_bool(info[2]);
    auto gradients = torch::autograd::grad(list(info[0]), list(info[1]), {}, create_graph, create_graph, /*allow_unused=*/true);
    auto array = Napi::Array::New(env, gradients.size());
    for (size_t i = 0; i < gradients.size(); ++i) array[static_cast<uint32_t>(i)] = hold(env, std::move(gradients[i]));
    return array;
  });
}

// versions(tensors): how often they were changed in place, all together
Napi::Value Versions(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto list = to_array(info[0]);
    double changes = 0;
    for (uint32_t i = 0; i < list.Length(); ++i) changes += static_cast<double>(tensor_of(list[i])._version());
    return Napi::Number::New(env, changes);
  });
}

// gradMode(enabled?): what it was before
Napi::Value GradMode(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    bool before = c10::GradMode::is_enabled();
    if (info.Length() > 0) c10::GradMode::set_enabled(to_bool(info[0]));
    return Napi::Boolean::New(env, before);
  });
}

// autocast(device, on?): whether a device's operators took bfloat16 before, where libtorch lets them
Napi::Value Autocast(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto device = c10::Device(to_text(info[0])).type();
    autocast::require_known(device);
    const bool before = autocast::is_on(device);
    if (info.Length() > 1) {
      const bool on = to_bool(info[1]);
      autocast::set(device, on);
      if (!on) at::autocast::clear_cache();  // weights in bfloat16, kept while they cannot change
    }
    return Napi::Boolean::New(env, before);
  });
}

// generator(seed, device): a generator of its own
Napi::Value MakeGenerator(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto seed = static_cast<uint64_t>(to_int(info[0]));
    c10::Device device(to_text(info[1]));
    auto generator = at::globalContext().defaultGenerator(device).clone();
    generator.set_current_seed(seed);
    auto number = ++state().given;
    auto handle = to_handle(env, number);
    state().generators.emplace(number, std::move(generator));
    return handle;
  });
}

// threads(count?): the number of threads of one operator
Napi::Value Threads(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    if (info.Length() > 0 && !is_absent(info[0])) {
      auto count = to_int(info[0]);
      // Threads are started at the next operator, and OpenMP ends the process where the system refuses one.
      if (count < 1 || count > 1024) throw std::runtime_error("expected 1 to 1024 threads, but " + std::to_string(count) + " came");
      at::set_num_threads(static_cast<int>(count));
      openblas::set_threads(static_cast<int>(count));
    }
    return Napi::Number::New(env, at::get_num_threads());
  });
}

// about(): what this libtorch is
Napi::Value About(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto about = Napi::Object::New(env);
    about["version"] = Napi::String::New(env, TORCH_VERSION);
    about["config"] = Napi::String::New(env, at::show_config());
    about["parallel"] = Napi::String::New(env, at::get_parallel_info());
    about["cuda"] = Napi::Boolean::New(env, at::globalContext().hasCUDA());
    about["liveTensors"] = Napi::Number::New(env, static_cast<double>(state().tensors.size()));
    about["liveBytes"] = Napi::Number::New(env, static_cast<double>(state().memory.bytes()));
#ifdef MULTIRNET_BLOCKED
    about["block"] = Napi::Number::New(env, static_cast<double>(blocked::block()));
#else
    about["block"] = Napi::Number::New(env, 0);
#endif
    about["blasThreads"] = Napi::Number::New(env, openblas::threads());
    about["idleBytes"] = Napi::Number::New(env, static_cast<double>(PageCache::installed().idle_bytes()));
    return about;
  });
}

// releaseIdleMemory(): gives the memory of freed tensors back to the system
Napi::Value ReleaseIdleMemory(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    PageCache::installed().clear();
    return env.Undefined();
  });
}

// profileStart(): from here on events are kept
Napi::Value ProfileStart(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Profiler::instance().start();
    return env.Undefined();
  });
}

// profileLabel(text): what the events to come belong to
Napi::Value ProfileLabel(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Profiler::instance().label(to_text(info[0]));
    return env.Undefined();
  });
}

// profileStop(): [name, label, start, end, sequence, bytes, depth, backward][], times in milliseconds
Napi::Value ProfileStop(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto events = Profiler::instance().stop();
    auto list = Napi::Array::New(env, events.size());
    for (size_t i = 0; i < events.size(); ++i) {
      const auto& event = events[i];
      auto one = Napi::Array::New(env, 8);
      one[0u] = Napi::String::New(env, event.name);
      one[1u] = Napi::String::New(env, event.label);
      one[2u] = Napi::Number::New(env, static_cast<double>(event.start) / 1e6);
      one[3u] = Napi::Number::New(env, static_cast<double>(event.end) / 1e6);
      one[4u] = Napi::Number::New(env, static_cast<double>(event.sequence));
      one[5u] = Napi::Number::New(env, static_cast<double>(event.bytes));
      one[6u] = Napi::Number::New(env, event.depth);
      one[7u] = Napi::Boolean::New(env, event.backward);
      list[static_cast<uint32_t>(i)] = one;
    }
    return list;
  });
}

// What is held is counted without locks, so a second thread is refused: `code` tells native.ts why.
void require_owner(Napi::Env env) {
  static std::mutex mutex;
  static const auto owner = new std::thread::id();
  std::lock_guard<std::mutex> lock(mutex);
  if (*owner == std::thread::id()) *owner = std::this_thread::get_id();
  if (*owner == std::this_thread::get_id()) return;
  auto error = Napi::Error::New(env, "the engine belongs to another thread");
  error.Set("code", Napi::String::New(env, "ENGINE_OTHER_THREAD"));
  throw error;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  require_owner(env);
  PageCache::installed();
#ifdef MULTIRNET_BLOCKED
  blocked::register_operators();
#endif
  at::globalContext().setAllowTF32CuDNN(false);  // float32 is float32: left to itself cuDNN convolves with 11 bits
  // libtorch's errors carry a C++ backtrace, which takes milliseconds to make and is never shown.
  c10::SetStackTraceFetcher([]() -> std::string { return {}; });
  exports["schemas"] = Napi::Function::New(env, Schemas);
  exports["lookup"] = Napi::Function::New(env, Lookup);
  exports["call"] = Napi::Function::New(env, Call);
  exports["fromBytes"] = Napi::Function::New(env, FromBytes);
  exports["toBytes"] = Napi::Function::New(env, ToBytes);
  exports["describe"] = Napi::Function::New(env, Describe);
  exports["release"] = Napi::Function::New(env, Release);
  exports["requiresGrad"] = Napi::Function::New(env, RequiresGrad);
  exports["gradients"] = Napi::Function::New(env, Gradients);
  exports["versions"] = Napi::Function::New(env, Versions);
  exports["gradMode"] = Napi::Function::New(env, GradMode);
  exports["autocast"] = Napi::Function::New(env, Autocast);
  exports["generator"] = Napi::Function::New(env, MakeGenerator);
  exports["threads"] = Napi::Function::New(env, Threads);
  exports["about"] = Napi::Function::New(env, About);
  exports["profileStart"] = Napi::Function::New(env, ProfileStart);
  exports["profileLabel"] = Napi::Function::New(env, ProfileLabel);
  exports["profileStop"] = Napi::Function::New(env, ProfileStop);
  exports["releaseIdleMemory"] = Napi::Function::New(env, ReleaseIdleMemory);
  return exports;
}

}  // namespace

NODE_API_MODULE(multirnet_engine, Init)
