// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <ocibuild/error.hpp>
#include <ocibuild/export.hpp>
#include <ocibuild/rebuild.hpp>

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

/// A layer is about to be made, or taken from the cache; StepDone with the same words follows.
struct StepStarted {
  std::string stage;
  std::size_t number;
  std::size_t total;
  std::string instruction;
  std::string platform{};
};

/// The image that a stage starts from.
struct BaseUsed {
  std::string name{};    ///< normalised, without digest; of a layout how the user wrote it
  std::string digest{};  ///< of its manifest
  std::string via{};     ///< mirror that gave it; empty: the store, or its own registry
  std::size_t layers = 0;
};

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
  std::string platform{};              ///< of the image; empty when the build makes one image only
  BaseUsed base{};                     ///< of StepKind::base
  std::vector<RebuildCause> causes{};  ///< of a layer that was made, if the request asks for them
};

struct Warning {
  Diagnostic diagnostic;
};

/// The image is in the store and named.
struct ImageDone {
  std::string name;    ///< normalised; empty if it has none
  std::string digest;  ///< of the manifest
};

/// A registry is about to be asked for something that may take long. Sent for each host that is
/// asked, mirrors included.
struct Asking {
  enum class For { base, pull, push_check, push, diagnosis, cache_from, cache_to };
  For purpose;
  std::string host;  ///< who is asked, as the user or a configuration file names it
  std::string name;  ///< normalised; of a push check without tag and digest; of a layout its path
};

/// What happens to blobs: they come from a registry or go to one, are compressed in another way, or
/// go as an archive to a container engine.
enum class Movement : std::uint8_t { pull, push, compress, load };

/// A request ended in a way that may pass, and is made again after `wait`.
struct Retrying {
  std::string host;
  std::string reason;                ///< "429 too many requests", "connection reset by peer"
  unsigned attempt = 0;              ///< number of the next one, from 2; 0: they are not counted
  unsigned attempts = 0;             ///< that there are at most
  std::chrono::milliseconds wait{};  ///< before it
  bool told = false;                 ///< the server asked for that wait (Retry-After)
  Movement movement = Movement::pull;
  std::string digest{};  ///< of the blob that moves; empty for other requests
};

/// The registry lets us push there.
struct PushChecked {
  std::string name;    ///< REGISTRY/REPOSITORY
  std::string user;    ///< empty: nobody in particular
  std::string source;  ///< of the credentials, as errors name it; empty: none
  std::chrono::nanoseconds took{};
};

/// Blobs are about to be moved, some perhaps there already; a BlobMoved that is not `moving` ends
/// each.
struct TransfersStarted {
  Movement movement = Movement::pull;
  std::string host;         ///< the same as that of their events
  std::uint64_t blobs = 0;  ///< at least 1
  std::uint64_t bytes = 0;
};

/// Bytes of a blob that have moved; sent when it starts and several times a second while it moves.
/// `failed`: it did not come, and the build does without it.
struct BlobMoved {
  enum class State { moving, done, was_there, mounted, failed };
  Movement movement = Movement::pull;
  State state = State::moving;
  std::string host;        ///< who is talked to, as the user named it, or a socket; else empty
  std::string digest;      ///< of the blob before it is compressed anew; of an image that is loaded
  std::uint64_t done = 0;  ///< bytes that are there; fewer than before when it starts again
  std::uint64_t total = 0;  ///< bytes of the blob; 0 before they are known
};

/// An image of a registry is in the store.
struct Pulled {
  std::string name;        ///< normalised
  std::string digest;      ///< of the manifest or index
  std::string via;         ///< mirror that gave it; empty: its own registry
  bool was_there = false;  ///< the store had all of it
};

/// A manifest, index or tag is at its registry.
struct Pushed {
  std::string name;        ///< normalised
  std::string digest;      ///< of the manifest or index
  bool was_there = false;  ///< the registry had it under that name; nothing was sent
  bool is_cache = false;   ///< a shared cache, no image
};

/// The records of a shared cache are known, or it has none for this build. Asking came before.
struct CacheRead {
  enum class State { read, absent, unreadable };
  State state = State::read;
  std::string name;        ///< as of Asking
  std::size_t layers = 0;  ///< that it knows
  std::chrono::nanoseconds took{};
};

using Event =
    std::variant<DockerfileRead, ContextRead, StepStarted, StepDone, Warning, ImageDone, Asking,
                 Retrying, PushChecked, TransfersStarted, BlobMoved, Pulled, Pushed, CacheRead>;

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
