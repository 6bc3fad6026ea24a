// SPDX-License-Identifier: Apache-2.0
#include "support/shared_library.hpp"

#include <dlfcn.h>

#include "support/text.hpp"

namespace ocibuild::support {

SharedLibrary::SharedLibrary(const char* file) : handle_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  if (const char* reason = ::dlerror()) failure_ = escape_controls(reason);
}

void* SharedLibrary::symbol(const char* name) const {
  return ::dlsym(handle_, name);
}

}  // namespace ocibuild::support
