// The bridge from JavaScript to libtorch's dispatcher. It knows values, tensors, generators and errors; it knows no operator by
// name: an operator is looked up by its schema, its arguments are converted by the schema's types, and it is called boxed.
//
// Every function is called from one thread. A C++ exception becomes a JavaScript Error with libtorch's own words; which
// operator and which shapes is added by call.ts.
#define NAPI_VERSION 8
#define NAPI_CPP_EXCEPTIONS
#include <napi.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <cmath>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using c10::IValue;
using c10::TypeKind;

// What V8 is told about memory that it does not see. A storage counts once, however many tensors share it.
class ExternalMemory {
 public:
  void add(Napi::Env env, const at::Tensor& tensor) {
    if (!tensor.defined() || !tensor.has_storage()) return;
    auto* storage = tensor.storage().unsafeGetStorageImpl();
    auto& entry = entries_[storage];
    if (entry.handles++ == 0) {
      entry.bytes = static_cast<int64_t>(storage->nbytes());
      bytes_ += entry.bytes;
      Napi::MemoryManagement::AdjustExternalMemory(env, entry.bytes);
    }
  }

  void remove(Napi::Env env, const at::Tensor& tensor) {
    if (!tensor.defined() || !tensor.has_storage()) return;
    auto found = entries_.find(tensor.storage().unsafeGetStorageImpl());
    if (found == entries_.end() || --found->second.handles > 0) return;
    bytes_ -= found->second.bytes;
    Napi::MemoryManagement::AdjustExternalMemory(env, -found->second.bytes);
    entries_.erase(found);
  }

  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    int64_t handles = 0;
    int64_t bytes = 0;
  };
  std::unordered_map<const void*, Entry> entries_;
  int64_t bytes_ = 0;
};

ExternalMemory external_memory;
int64_t live_tensors = 0;
std::vector<c10::OperatorHandle> operators;

// A tensor that JavaScript holds. `release` empties it at once; the finaliser is the safety net.
struct Held {
  at::Tensor tensor;
};

void release(Napi::Env env, Held& held) {
  if (!held.tensor.defined()) return;
  external_memory.remove(env, held.tensor);
  held.tensor.reset();
  --live_tensors;
}

Napi::Value hold(Napi::Env env, at::Tensor tensor) {
  if (!tensor.defined()) return env.Null();
  external_memory.add(env, tensor);
  ++live_tensors;
  return Napi::External<Held>::New(env, new Held{std::move(tensor)}, [](Napi::Env env, Held* held) {
    release(env, *held);
    delete held;
  });
}

at::Tensor& tensor_of(const Napi::Value& value) {
  if (!value.IsExternal()) throw std::runtime_error("a tensor was expected");
  auto& tensor = value.As<Napi::External<Held>>().Data()->tensor;
  if (!tensor.defined()) throw std::runtime_error("this tensor has been released: a scope that made it has ended");
  return tensor;
}

at::Generator& generator_of(const Napi::Value& value) {
  if (!value.IsExternal()) throw std::runtime_error("a generator was expected");
  return *value.As<Napi::External<at::Generator>>().Data();
}

bool is_absent(const Napi::Value& value) { return value.IsUndefined() || value.IsNull(); }

std::runtime_error expected(const char* what) { return std::runtime_error(std::string("expected ") + what); }

double to_double(const Napi::Value& value) {
  if (!value.IsNumber()) throw expected("a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t to_int(const Napi::Value& value) {
  double number = to_double(value);
  if (std::trunc(number) != number || std::abs(number) > 9007199254740991.0) throw expected("a whole number");
  return static_cast<int64_t>(number);
}

bool to_bool(const Napi::Value& value) {
  if (!value.IsBoolean()) throw expected("true or false");
  return value.As<Napi::Boolean>().Value();
}

// A whole number becomes an integer scalar, so that integer tensors stay integer.
at::Scalar to_scalar(const Napi::Value& value) {
  if (value.IsBoolean()) return at::Scalar(to_bool(value));
  double number = to_double(value);
  bool whole = std::trunc(number) == number && std::abs(number) <= 9007199254740991.0;
  return whole ? at::Scalar(static_cast<int64_t>(number)) : at::Scalar(number);
}

IValue to_ivalue(const Napi::Value& value, const c10::TypePtr& type, c10::optional<int32_t> length);

IValue to_list(const Napi::Value& value, const c10::TypePtr& element, c10::optional<int32_t> length) {
  auto kind = element->kind();
  if (value.IsNumber() && length.has_value()) {  // one number stands for all, as in int[3] stride=1
    if (kind == TypeKind::FloatType) return IValue(std::vector<double>(*length, to_double(value)));
    return IValue(std::vector<int64_t>(*length, to_int(value)));
  }
  if (!value.IsArray()) throw expected("a list");
  auto array = value.As<Napi::Array>();
  uint32_t count = array.Length();
  switch (kind) {
    case TypeKind::TensorType: {
      c10::List<at::Tensor> list;
      list.reserve(count);
      for (uint32_t i = 0; i < count; ++i) list.push_back(tensor_of(array[i]));
      return list;
    }
    case TypeKind::IntType:
    case TypeKind::SymIntType: {
      std::vector<int64_t> list(count);
      for (uint32_t i = 0; i < count; ++i) list[i] = to_int(array[i]);
      return list;
    }
    case TypeKind::FloatType: {
      std::vector<double> list(count);
      for (uint32_t i = 0; i < count; ++i) list[i] = to_double(array[i]);
      return list;
    }
    case TypeKind::BoolType: {
      c10::List<bool> list;
      for (uint32_t i = 0; i < count; ++i) list.push_back(to_bool(array[i]));
      return list;
    }
    default: {
      c10::impl::GenericList list(element);
      for (uint32_t i = 0; i < count; ++i) list.push_back(to_ivalue(array[i], element, c10::nullopt));
      return list;
    }
  }
}

IValue to_ivalue(const Napi::Value& value, const c10::TypePtr& type, c10::optional<int32_t> length) {
  switch (type->kind()) {
    case TypeKind::OptionalType:
      if (is_absent(value)) return IValue();
      return to_ivalue(value, type->castRaw<c10::OptionalType>()->getElementType(), length);
    case TypeKind::TensorType:
      return tensor_of(value);
    case TypeKind::IntType:
    case TypeKind::SymIntType:
    case TypeKind::ScalarTypeType:
    case TypeKind::LayoutType:
    case TypeKind::MemoryFormatType:
      return to_int(value);
    case TypeKind::FloatType:
      return to_double(value);
    case TypeKind::BoolType:
      return to_bool(value);
    case TypeKind::NumberType:
      return to_scalar(value);
    case TypeKind::StringType:
      return value.As<Napi::String>().Utf8Value();
    case TypeKind::DeviceObjType:
      return c10::Device(value.As<Napi::String>().Utf8Value());
    case TypeKind::GeneratorType:
      return generator_of(value);
    case TypeKind::ListType:
      return to_list(value, type->castRaw<c10::ListType>()->getElementType(), length);
    default:
      throw std::runtime_error("arguments of type " + type->str() + " cannot be passed");
  }
}

Napi::Value from_ivalue(Napi::Env env, const IValue& value) {
  if (value.isNone()) return env.Null();
  if (value.isTensor()) return hold(env, value.toTensor());
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isInt()) return Napi::Number::New(env, static_cast<double>(value.toInt()));
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isScalar()) return Napi::Number::New(env, value.toScalar().toDouble());
  if (value.isTensorList()) {
    auto list = value.toTensorVector();
    auto array = Napi::Array::New(env, list.size());
    for (size_t i = 0; i < list.size(); ++i) array[i] = hold(env, std::move(list[i]));
    return array;
  }
  throw std::runtime_error("results of type " + value.tagKind() + " cannot be returned");
}

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
    auto name = info[0].As<Napi::String>().Utf8Value();
    auto overload = info[1].As<Napi::String>().Utf8Value();
    operators.push_back(c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), overload.c_str()));
    return Napi::Number::New(env, static_cast<double>(operators.size() - 1));
  });
}

// call(operator, arguments): results; an absent argument takes the schema's default
Napi::Value Call(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto& handle = operators.at(static_cast<size_t>(to_int(info[0])));
    auto given = info[1].As<Napi::Array>();
    const auto& wanted = handle.schema().arguments();
    torch::jit::Stack stack;
    stack.reserve(wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      const auto& argument = wanted[i];
      Napi::Value value = i < given.Length() ? Napi::Value(given[static_cast<uint32_t>(i)]) : env.Undefined();
      try {
        if (is_absent(value) && argument.default_value().has_value()) {
          stack.push_back(*argument.default_value());
        } else {
          stack.push_back(to_ivalue(value, argument.type(), argument.N()));
        }
      } catch (const std::exception& error) {
        throw std::runtime_error("argument " + argument.name() + ": " + error.what());
      }
    }
    handle.callBoxed(stack);
    auto results = Napi::Array::New(env, stack.size());
    for (size_t i = 0; i < stack.size(); ++i) results[i] = from_ivalue(env, stack[i]);
    return results;
  });
}

// fromBytes(dtype, shape, bytes): tensor on the CPU, a copy
Napi::Value FromBytes(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto dtype = static_cast<at::ScalarType>(to_int(info[0]));
    auto dims = info[1].As<Napi::Array>();
    std::vector<int64_t> shape(dims.Length());
    for (uint32_t i = 0; i < dims.Length(); ++i) shape[i] = to_int(dims[i]);
    auto bytes = info[2].As<Napi::Uint8Array>();
    auto tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
    if (tensor.nbytes() != bytes.ByteLength()) {
      throw std::runtime_error("this shape takes " + std::to_string(tensor.nbytes()) + " bytes, but " +
                               std::to_string(bytes.ByteLength()) + " came");
    }
    if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), bytes.Data(), tensor.nbytes());
    return hold(env, std::move(tensor));
  });
}

// toBytes(tensor): ArrayBuffer, a contiguous copy
Napi::Value ToBytes(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    at::NoGradGuard no_grad;
    auto tensor = tensor_of(info[0]).detach().to(at::kCPU).contiguous();
    auto buffer = Napi::ArrayBuffer::New(env, tensor.nbytes());
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

Napi::Value Release(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    release(env, *info[0].As<Napi::External<Held>>().Data());
    return env.Undefined();
  });
}

Napi::Value RequiresGrad(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto& tensor = tensor_of(info[0]);
    if (info.Length() > 1) tensor.set_requires_grad(to_bool(info[1]));
    return Napi::Boolean::New(env, tensor.requires_grad());
  });
}

// gradients(outputs, inputs, createGraph): the gradient of the sum of outputs; null for an input that took no part
Napi::Value Gradients(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto list = [](const Napi::Value& value) {
      auto array = value.As<Napi::Array>();
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

// gradMode(enabled): what it was before
Napi::Value GradMode(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(to_bool(info[0]));
    return Napi::Boolean::New(env, before);
  });
}

// generator(seed, device): a generator of its own
Napi::Value MakeGenerator(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto seed = static_cast<uint64_t>(to_int(info[0]));
    c10::Device device(info[1].As<Napi::String>().Utf8Value());
    auto generator = new at::Generator(at::globalContext().defaultGenerator(device).clone());
    generator->set_current_seed(seed);
    return Napi::External<at::Generator>::New(env, generator, [](Napi::Env, at::Generator* it) { delete it; });
  });
}

// threads(count?): the number of threads of one operator
Napi::Value Threads(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    if (info.Length() > 0 && !is_absent(info[0])) at::set_num_threads(static_cast<int>(to_int(info[0])));
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
    about["liveTensors"] = Napi::Number::New(env, static_cast<double>(live_tensors));
    about["liveBytes"] = Napi::Number::New(env, static_cast<double>(external_memory.bytes()));
    return about;
  });
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["schemas"] = Napi::Function::New(env, Schemas);
  exports["lookup"] = Napi::Function::New(env, Lookup);
  exports["call"] = Napi::Function::New(env, Call);
  exports["fromBytes"] = Napi::Function::New(env, FromBytes);
  exports["toBytes"] = Napi::Function::New(env, ToBytes);
  exports["describe"] = Napi::Function::New(env, Describe);
  exports["release"] = Napi::Function::New(env, Release);
  exports["requiresGrad"] = Napi::Function::New(env, RequiresGrad);
  exports["gradients"] = Napi::Function::New(env, Gradients);
  exports["gradMode"] = Napi::Function::New(env, GradMode);
  exports["generator"] = Napi::Function::New(env, MakeGenerator);
  exports["threads"] = Napi::Function::New(env, Threads);
  exports["about"] = Napi::Function::New(env, About);
  return exports;
}

}  // namespace

NODE_API_MODULE(multirnet_engine, Init)
