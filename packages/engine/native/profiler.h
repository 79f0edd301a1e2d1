// What libtorch runs, forward and backward, with its times and sizes: RecordFunction's events, kept while somebody listens.
#pragma once

#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

class Profiler {
 public:
  struct Event {
    std::string name;   // of the operator, or of the node of the backward pass
    std::string label;  // what JavaScript called the part of the network; of a backward node, empty
    int64_t start, end;  // nanoseconds
    int64_t sequence;    // pairs a forward operator with the node of its backward pass; negative for none
    int64_t bytes;       // of the tensors that go in and come out
    int depth;           // below other events
    bool backward;
  };

  static Profiler& instance() {
    static auto* profiler = new Profiler();
    return *profiler;
  }

  void start() {
    if (handle_ != 0) return;
    events_.clear();
    handle_ = at::addGlobalCallback(at::RecordFunctionCallback(&Profiler::enter, &Profiler::leave)
                                        .needsInputs(true)
                                        .needsOutputs(true)
                                        .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  }

  std::vector<Event> stop() {
    if (handle_ != 0) at::removeCallback(handle_);
    handle_ = 0;
    return std::move(events_);
  }

  void label(std::string text) { label_ = std::move(text); }

 private:
  struct Context : at::ObserverContext {
    size_t place;
  };

  static int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  static int& depth() {
    static thread_local int depth = 0;
    return depth;
  }

  static int64_t bytes_of(const c10::IValue& value) {
    if (value.isTensor()) return value.toTensor().defined() ? static_cast<int64_t>(value.toTensor().nbytes()) : 0;
    int64_t bytes = 0;
    if (value.isTensorList())
      for (const at::Tensor& tensor : value.toTensorVector()) bytes += bytes_of(tensor);
    return bytes;
  }

  static std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
    auto& self = instance();
    Event event{function.name(), self.label_, 0, 0, function.seqNr(), 0, depth()++, function.scope() == at::RecordScope::BACKWARD_FUNCTION};
    if (event.backward) event.label.clear();
    for (const auto& input : function.inputs()) event.bytes += bytes_of(input);
    auto context = std::make_unique<Context>();
    std::lock_guard<std::mutex> lock(self.mutex_);
    context->place = self.events_.size();
    self.events_.push_back(std::move(event));
    self.events_.back().start = now();
    return context;
  }

  static void leave(const at::RecordFunction& function, at::ObserverContext* context) {
    const auto end = now();
    auto& self = instance();
    --depth();
    std::lock_guard<std::mutex> lock(self.mutex_);
    const auto place = static_cast<Context*>(context)->place;
    if (place >= self.events_.size()) return;
    auto& event = self.events_[place];
    event.end = end;
    for (const auto& output : function.outputs()) event.bytes += bytes_of(output);
  }

  std::mutex mutex_;
  std::vector<Event> events_;
  std::string label_;
  at::CallbackHandle handle_ = 0;
};
