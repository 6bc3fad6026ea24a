// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What every fuzzer here defines; called by libFuzzer, and by replay.cpp for the corpus. Errors of
/// the input are nothing: a fault is a crash, a hang, or a promise that require() finds broken.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace ocibuild::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first line off `text`, without its end: inputs of several parts stay readable.
std::string_view take_line(std::string_view& text);

/// Ends the program with `promise` when it is false; also in release builds.
void require(bool kept, const char* promise);

/// Runs `work`; an Error is the normal answer to a bad input. True when there was none.
template <typename Work>
bool accepts(Work&& work);

}  // namespace ocibuild::fuzz

#include <ocibuild/error.hpp>

template <typename Work>
bool ocibuild::fuzz::accepts(Work&& work) {
  try {
    work();
    return true;
  } catch (const Error&) {
    return false;
  }
}
