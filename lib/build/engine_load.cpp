// SPDX-License-Identifier: Apache-2.0
// Images of the store into a container engine of this machine (docs/reference/cli.md, 5.6).
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <ocibuild/transfer.hpp>

#include "build/engine_words.hpp"
#include "build/transfers.hpp"
#include "http/client.hpp"
#include "store/hold.hpp"
#include "store/save.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"
#include "support/written_source.hpp"

namespace ocibuild {

namespace fs = std::filesystem;
using support::concat;
using support::quote;

namespace {

constexpr std::size_t most_words = 1 << 20;
// An engine unpacks the layers before it answers, and writes them to a disk that may be busy.
constexpr std::chrono::minutes before_answer{60};
constexpr std::chrono::minutes without_a_byte{5};

Error absent(const fs::path& socket, int error) {
  return Error(Errc::failed, "engine-absent",
               concat("no container engine listens at ", quote(socket.native()), ": ",
                      std::generic_category().message(error)));
}

/// Whether somebody listens, before anything is read and sent: libcurl does not tell why not.
void check_socket(const fs::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& name = socket.native();
  if (name.size() >= sizeof address.sun_path) throw absent(socket, ENAMETOOLONG);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  const support::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) support::throw_errno("make a socket for", socket, errno);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  if (errno != EACCES && errno != EPERM) throw absent(socket, errno);
  throw Error(Errc::failed, "engine-forbidden",
              concat("this user may not talk to the container engine at ", quote(name)))
      .help("run as a user who may, such as one of the group that owns the socket");
}

/// What passes, at most `most` bytes of it, is told before it goes on.
class WatchedSink final : public support::ByteSink {
public:
  WatchedSink(support::ByteSink& inner, std::uint64_t most,
              const std::function<void(std::uint64_t)>& moved)
      : inner_(inner), most_(most), moved_(moved) {}
  void write(support::Bytes bytes) override {
    passed_ = std::min(passed_ + bytes.size(), most_);
    moved_(passed_);
    inner_.write(bytes);
  }

private:
  support::ByteSink& inner_;
  const std::uint64_t most_;
  const std::function<void(std::uint64_t)>& moved_;
  std::uint64_t passed_ = 0;
};

/// The archive, written while it is sent.
class ArchiveBody final : public http::RequestBody {
public:
  /// `moved`: is told of its bytes, `size` at most: as of docker_archive_size().
  ArchiveBody(const store::OciLayout& layout, const std::vector<SavedImage>& images,
              std::uint64_t size, std::function<void(std::uint64_t)> moved, std::stop_token stop)
      : layout_(layout),
        images_(images),
        size_(size),
        moved_(std::move(moved)),
        stop_(std::move(stop)) {}

  std::uint64_t size() const override { return unknown_size; }
  std::unique_ptr<support::ByteSource> open() const override {
    return std::make_unique<support::WrittenSource>([this](support::ByteSink& out) {
      WatchedSink watched(out, size_, moved_);
      store::write_docker_archive(layout_, images_, watched, stop_);
    });
  }

private:
  const store::OciLayout& layout_;
  const std::vector<SavedImage>& images_;
  const std::uint64_t size_;
  const std::function<void(std::uint64_t)> moved_;
  const std::stop_token stop_;
};

/// Nothing in them is the user's: what is asked is on this machine.
NetworkSettings local_settings() {
  NetworkSettings out;
  out.idle_timeout = without_a_byte;
  return out;
}

[[noreturn]] void throw_failed(const fs::path& socket, const http::Outcome& outcome,
                               const engine::EngineWords& words) {
  std::string why = "it gave no answer";
  if (words.error) {
    why = *words.error;
  } else if (outcome.failure) {
    why = outcome.failure->text;
  } else if (outcome.head) {
    why = concat("status ", outcome.head->status);
  }
  throw Error(
      Errc::failed, "engine-failed",
      concat("the container engine at ", quote(socket.native()), " did not take the image: ", why));
}

/// What the engine says of the archive.
std::vector<std::string> send(const fs::path& socket, const http::RequestBody& archive,
                              const std::stop_token& stop) {
  const NetworkSettings settings = local_settings();
  http::Client client(settings);
  http::Request request{.method = http::Method::post,
                        .url = *http::Url::parse("http://localhost/images/load?quiet=1")};
  request.headers.add("Content-Type", "application/x-tar");
  request.body = &archive;
  request.answer_timeout = before_answer;
  request.direct = true;
  request.unix_socket = socket;
  const auto [outcome, text] = client.send(request, most_words, stop);
  engine::EngineWords words = engine::parse_engine_words(text);
  const bool taken = outcome.head && outcome.head->status == 200 && !outcome.failure;
  if (!taken || words.error) throw_failed(socket, outcome, words);
  return std::move(words.said);
}

}  // namespace

std::vector<std::string> load_into_engine(const fs::path& root,
                                          const std::vector<SavedImage>& images,
                                          const fs::path& socket, EventSink& events,
                                          std::stop_token stop) {
  check_socket(socket);
  const store::OciLayout layout(root);
  const auto hold = store::Hold::shared(layout, stop);
  std::stop_source cancel;
  const std::stop_callback outside(stop, [&] { cancel.request_stop(); });
  engine::Transfers transfers(events, cancel);
  const std::uint64_t size = store::docker_archive_size(layout, images);
  transfers.report(TransfersStarted{Movement::load, socket.native(), 1, size});
  engine::Transfers::Bar bar(transfers, {.movement = Movement::load,
                                         .host = socket.native(),
                                         .digest = images.front().manifest.digest.str(),
                                         .total = size});
  std::vector<std::string> said;
  const auto job = [&] {
    const auto moved = bar.observer().moved;
    try {
      said = send(socket, ArchiveBody(layout, images, size, moved, cancel.get_token()),
                  cancel.get_token());
      bar.done(BlobMoved::State::done);
    } catch (const Error& error) {
      if (error.code() != Errc::interrupted) bar.done(BlobMoved::State::failed);
      throw;
    }
  };
  transfers.run({job}, 1);
  return said;
}

}  // namespace ocibuild
