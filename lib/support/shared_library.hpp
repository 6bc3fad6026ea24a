// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ocibuild::support {

/// A shared library that is loaded when its first function is needed, for what most builds do not
/// need and what would cost every start. It stays loaded until the process ends: libraries leave
/// handlers behind that must stay callable.
class SharedLibrary {
public:
  /// `file`: as the dynamic linker finds it, such as "libcurl.so.4".
  explicit SharedLibrary(const char* file);

  bool is_open() const { return handle_ != nullptr; }
  /// Why it is not open, in the linker's words.
  const std::string& failure() const { return failure_; }
  /// False when it has no such function. Its type is the caller's word.
  template <typename Function>
  bool find(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(symbol(name));
    return function != nullptr;
  }

private:
  void* symbol(const char* name) const;

  void* handle_ = nullptr;
  std::string failure_;
};

}  // namespace ocibuild::support
