// oneDNN's primitives, made once for each shape and kept. The one place that knows how oneDNN 2 and 3 differ.
#pragma once

#include <ATen/ATen.h>

#include <oneapi/dnnl/dnnl.hpp>

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace blocked {

using dnnl::memory;

inline dnnl::engine& cpu() {
  static auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

inline dnnl::stream& stream() {
  static auto* stream = new dnnl::stream(cpu());
  return *stream;
}

// Everything that a primitive depends on, as numbers.
using Key = std::vector<int64_t>;

inline void append(Key& key, at::IntArrayRef numbers) {
  key.push_back(static_cast<int64_t>(numbers.size()));
  key.insert(key.end(), numbers.begin(), numbers.end());
}

template <class Primitive>
struct Made {
  typename Primitive::primitive_desc description;
  Primitive primitive;
};

// The description of a primitive with oneDNN's own choice of kernel; `hint` is the forward description, for a backward one.
template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::primitive_attr& attributes, const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(cpu(), arguments..., attributes);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(arguments...), attributes, cpu());
#endif
}

template <class Primitive, class Hint, class... Arguments>
typename Primitive::primitive_desc describe_backward(const Hint& hint, const Arguments&... arguments) {
  dnnl::primitive_attr attributes;
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(cpu(), arguments..., hint, attributes);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(arguments...), attributes, cpu(), hint);
#endif
}

// The primitive for a key, made by `make` the first time. Shapes come from a few networks; a caller with ever new ones starts over at some time.
template <class Primitive, class Make>
std::shared_ptr<Made<Primitive>> made(const Key& key, const Make& make) {
  constexpr size_t kMost = 2000;
  static auto* all = new std::map<Key, std::shared_ptr<Made<Primitive>>>();
  auto found = all->find(key);
  if (found != all->end()) return found->second;
  if (all->size() >= kMost) all->clear();
  auto description = make();
  Primitive primitive(description);
  auto one = std::make_shared<Made<Primitive>>(Made<Primitive>{std::move(description), std::move(primitive)});
  return all->emplace(key, std::move(one)).first->second;
}

inline memory over(const memory::desc& description, const at::Tensor& tensor) {
  return memory(description, cpu(), const_cast<float*>(tensor.data_ptr<float>()));
}

// A buffer for what oneDNN lays out as it likes.
inline at::Tensor buffer(const memory::desc& description) {
  const auto floats = static_cast<int64_t>((description.get_size() + sizeof(float) - 1) / sizeof(float));
  return at::empty({floats}, at::kFloat);
}

template <class Primitive>
void run(const Primitive& primitive, const std::unordered_map<int, memory>& arguments) {
  primitive.execute(stream(), arguments);
  stream().wait();
}

// `from` as `to` wants it; the same tensor where both are the same.
inline at::Tensor reordered(const at::Tensor& from, const memory::desc& from_is, const memory::desc& to_is) {
  if (from_is == to_is) return from;
  auto to = buffer(to_is);
  auto source = over(from_is, from);
  auto target = over(to_is, to);
  run(dnnl::reorder(source, target), {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}});
  return to;
}

inline void reorder_into(const at::Tensor& from, const memory::desc& from_is, const at::Tensor& to, const memory::desc& to_is) {
  auto source = over(from_is, from);
  auto target = over(to_is, to);
  run(dnnl::reorder(source, target), {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}});
}

}  // namespace blocked
