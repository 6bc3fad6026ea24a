// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include <ocibuild/error.hpp>
#include <ocibuild/export.hpp>

/// What a build reports while it runs. Pure data, in the order in which it happened.
namespace ocibuild {

/// The Dockerfile was read and is free of mistakes that need no image to be seen.
struct DockerfileRead {
  std::string file;          ///< as the user named it
  std::size_t instructions;  ///< in the whole file
};

/// What COPY took from the build context so far; sent once, after all sources are known.
struct ContextRead {
  std::string directory;
  std::uint64_t files;  ///< regular files taken
  std::uint64_t bytes;  ///< their sizes
  std::uint64_t
      ignored;  ///< entries met that the ignore file hides; hidden directories count as one
};

enum class StepKind { base, layer, config };

/// One step of a needed stage is done.
struct StepDone {
  StepKind kind;
  std::string stage;   ///< its name; empty when it has none
  std::size_t number;  ///< from 1, over FROM and the layers of its stage; 0 for config steps
  std::size_t total;
  std::string instruction;     ///< as written, continuation lines joined
  bool cached = false;         ///< the layer came out of the cache; layers only
  std::uint64_t unpacked = 0;  ///< bytes of the uncompressed tar; base and layers
  std::uint64_t size = 0;      ///< bytes of the stored blob; base and layers
  std::chrono::nanoseconds took{};
  std::string platform{};  ///< of the image; empty when the build makes one image only
};

struct Warning {
  Diagnostic diagnostic;
};

/// The image is in the store and named.
struct ImageDone {
  std::string name;    ///< normalised; empty if it has none
  std::string digest;  ///< of the manifest
};

/// Bytes of a blob between here and a registry; sent often while it moves.
struct BlobMoved {
  enum class State { moving, done, was_there, mounted };
  bool upload = false;
  State state = State::moving;
  std::string host;         ///< who is talked to, as the user named it
  std::string digest;       ///< of the blob
  std::uint64_t done = 0;   ///< bytes that are there
  std::uint64_t total = 0;  ///< bytes of the blob
  std::string retry{};      ///< why it is tried again; empty: all is well
};

/// A registry has opened an upload: this repository may be pushed to.
struct PushAllowed {
  std::string repository;   ///< with its registry
  std::string user;         ///< empty: nobody was asked for
  std::string credentials;  ///< where they were found; empty: none are used
  std::chrono::nanoseconds took{};
};

/// A manifest, index or tag is at its registry.
struct Pushed {
  std::string name;        ///< normalised
  std::string digest;      ///< of the manifest or index
  bool was_there = false;  ///< the registry had it under that name; nothing was sent
};

using Event = std::variant<DockerfileRead, ContextRead, StepDone, Warning, ImageDone, BlobMoved,
                           PushAllowed, Pushed>;

/// Receives events. Called from the thread that called build(), never from two threads at once;
/// what it throws ends the build and reaches the caller.
class OCIBUILD_API EventSink {
public:
  virtual ~EventSink();
  virtual void on_event(const Event& event) = 0;
};

/// Drops everything.
class OCIBUILD_API NullEvents final : public EventSink {
public:
  ~NullEvents() override;
  void on_event(const Event&) override {}
};

}  // namespace ocibuild
