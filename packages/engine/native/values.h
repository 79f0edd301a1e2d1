// Values of JavaScript as libtorch's, by the types of a schema, and back. Whatever comes is checked: a wrong value is an exception.
#pragma once

#include "held.h"

#include <cmath>
#include <string>
#include <vector>

namespace bridge {

using c10::IValue;
using c10::TypeKind;

inline bool is_absent(const Napi::Value& value) { return value.IsUndefined() || value.IsNull(); }

inline double to_double(const Napi::Value& value) {
  if (!value.IsNumber()) throw expected("a number", value);
  return value.As<Napi::Number>().DoubleValue();
}

// Whole, and small enough that a double holds it exactly.
inline bool is_whole(double number) { return std::trunc(number) == number && std::abs(number) <= 9007199254740991.0; }

inline int64_t to_int(const Napi::Value& value) {
  double number = to_double(value);
  if (!is_whole(number)) throw std::runtime_error("expected a whole number, but " + value.ToString().Utf8Value() + " came");
  return static_cast<int64_t>(number);
}

inline bool to_bool(const Napi::Value& value) {
  if (!value.IsBoolean()) throw expected("true or false", value);
  return value.As<Napi::Boolean>().Value();
}

// A whole number becomes an integer scalar, so that integer tensors stay integer.
inline at::Scalar to_scalar(const Napi::Value& value) {
  if (value.IsBoolean()) return at::Scalar(to_bool(value));
  double number = to_double(value);
  return is_whole(number) ? at::Scalar(static_cast<int64_t>(number)) : at::Scalar(number);
}

inline std::string to_text(const Napi::Value& value) {
  if (!value.IsString()) throw expected("a text", value);
  return value.As<Napi::String>().Utf8Value();
}

inline Napi::Array to_array(const Napi::Value& value) {
  if (!value.IsArray()) throw expected("a list", value);
  return value.As<Napi::Array>();
}

// A code of one of libtorch's enumerations, all of which count up from 0.
inline int64_t to_code(const Napi::Value& value, int64_t count, const char* what) {
  auto code = to_int(value);
  if (code < 0 || code >= count) throw std::runtime_error(std::to_string(code) + " is no " + what);
  return code;
}

inline at::ScalarType to_dtype(const Napi::Value& value) {
  // The last enumerator is Undefined, which is no type to make a tensor of.
  return static_cast<at::ScalarType>(to_code(value, static_cast<int64_t>(at::ScalarType::Undefined), "element type"));
}

inline IValue to_ivalue(const Napi::Value& value, const c10::TypePtr& type, c10::optional<int32_t> length);

inline IValue to_list(const Napi::Value& value, const c10::TypePtr& element, c10::optional<int32_t> length) {
  auto kind = element->kind();
  if (value.IsNumber() && length.has_value()) {  // one number stands for all, as in int[3] stride=1
    if (kind == TypeKind::FloatType) return IValue(std::vector<double>(*length, to_double(value)));
    return IValue(std::vector<int64_t>(*length, to_int(value)));
  }
  auto array = to_array(value);
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

inline IValue to_ivalue(const Napi::Value& value, const c10::TypePtr& type, c10::optional<int32_t> length) {
  switch (type->kind()) {
    case TypeKind::OptionalType:
      if (is_absent(value)) return IValue();
      return to_ivalue(value, type->castRaw<c10::OptionalType>()->getElementType(), length);
    case TypeKind::TensorType:
      return tensor_of(value);
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      return to_int(value);
    case TypeKind::ScalarTypeType:
      return static_cast<int64_t>(to_dtype(value));
    case TypeKind::LayoutType:
      return to_code(value, static_cast<int64_t>(c10::Layout::NumOptions), "layout");
    case TypeKind::MemoryFormatType:
      return to_code(value, static_cast<int64_t>(c10::MemoryFormat::NumOptions), "memory format");
    case TypeKind::FloatType:
      return to_double(value);
    case TypeKind::BoolType:
      return to_bool(value);
    case TypeKind::NumberType:
      return to_scalar(value);
    case TypeKind::StringType:
      return to_text(value);
    case TypeKind::DeviceObjType:
      return c10::Device(to_text(value));
    case TypeKind::GeneratorType:
      return generator_of(value);
    case TypeKind::ListType:
      return to_list(value, type->castRaw<c10::ListType>()->getElementType(), length);
    default:
      throw std::runtime_error("arguments of type " + type->str() + " cannot be passed");
  }
}

inline Napi::Value from_ivalue(Napi::Env env, const IValue& value) {
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

}  // namespace bridge
