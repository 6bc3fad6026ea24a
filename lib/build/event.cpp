// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/event.hpp>

namespace ocibuild {

EventSink::~EventSink() = default;
NullEvents::~NullEvents() = default;

}  // namespace ocibuild
