// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "progress_view.hpp"

namespace ocibuild::test {

class TextKeeper final : public program::TextSink {
public:
  void write(std::string_view part) override { text += part; }
  std::string text;
};

/// A clock that goes as a test says.
class Clock {
public:
  program::Time now() const { return now_; }
  void pass(std::chrono::milliseconds time) { now_ += time; }

private:
  program::Time now_{std::chrono::hours(1)};  // a multiple of the spinner's round
};

constexpr const char* blob_a =
    "sha256:5f56605b8849aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr const char* blob_b =
    "sha256:0123456789abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
constexpr const char* image_digest =
    "sha256:fee1491cc3f1cccccccccccccccccccccccccccccccccccccccccccccccccccc";

inline BlobMoved moved(const char* digest, std::uint64_t done, std::uint64_t total,
                       BlobMoved::State state = BlobMoved::State::moving) {
  return {.movement = Movement::push,
          .state = state,
          .host = "ghcr.io",
          .digest = digest,
          .done = done,
          .total = total};
}

/// The same of a layer that is compressed anew, and of an image that goes to an engine.
inline BlobMoved compressed(const char* digest, std::uint64_t done, std::uint64_t total,
                            BlobMoved::State state = BlobMoved::State::moving) {
  BlobMoved out = moved(digest, done, total, state);
  out.movement = Movement::compress;
  out.host.clear();
  return out;
}

inline BlobMoved loaded(std::uint64_t done, std::uint64_t total,
                        BlobMoved::State state = BlobMoved::State::moving) {
  BlobMoved out = moved(image_digest, done, total, state);
  out.movement = Movement::load;
  out.host = "/run/docker.sock";
  return out;
}

}  // namespace ocibuild::test
