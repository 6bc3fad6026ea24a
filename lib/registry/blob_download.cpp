// SPDX-License-Identifier: Apache-2.0
#include "registry/blob_download.hpp"

#include <optional>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "registry/registry_error.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

constexpr unsigned most_without_progress = 4;
constexpr unsigned most_connections = 50;

/// One blob on its way from one source: keeps offset and hash over any number of connections.
class Download final : public http::ResponseTaker {
public:
  Download(Session& session, const Descriptor& descriptor, BlobSink& sink,
           const TransferObserver& observer)
      : session_(session), wanted_(descriptor), sink_(sink), observer_(observer) {
    restart();
  }

  /// @throws Error when this source cannot give it
  void run() {
    for (unsigned connections = 1, idle = 0; offset_ < wanted_.size || wanted_.size == 0;
         ++connections) {
      const std::uint64_t before = offset_;
      const Answer answer = once();
      if (offset_ == wanted_.size && !problem_ && answer.ok()) break;
      if (problem_) throw std::move(*problem_);
      idle = offset_ > before ? 0 : idle + 1;
      if (idle > most_without_progress || connections == most_connections)
        session_.fail(call_, answer);
      prepare_next(answer, idle);
    }
    verify();
  }

  bool head(const http::ResponseHead& head) override {
    if (head.status == 200 && offset_ > 0) restart();  // it ignored the range: never glue (P9.3)
    if (head.status == 206 && !continues(head)) {
      restart();
      return false;
    }
    const auto length = head.headers.find("content-length");
    std::uint64_t number = 0;
    const bool encoded = head.headers.find("content-encoding").has_value();
    if (length && !encoded && support::parse_number(*length, UINT64_MAX, number) &&
        number != wanted_.size - offset_) {
      problem_ = size_mismatch(offset_ + number);
      return false;
    }
    return true;
  }

  void body(support::Bytes bytes) override {
    if (problem_) return;
    if (bytes.size() > wanted_.size - offset_) {
      problem_ = size_mismatch(offset_ + bytes.size());
      return;
    }
    hasher_->write(bytes);
    sink_.write(bytes);
    offset_ += bytes.size();
    if (observer_.moved) observer_.moved(offset_);
  }

private:
  Answer once() {
    call_ = {.method = http::Method::get,
             .target = concat("blobs/", wanted_.digest.str()),
             .scopes = Scopes::pull(session_.source().repository),
             .doing = concat("pulling a blob of ", session_.source().repository)};
    if (offset_ > 0) {
      call_.headers.add("Range", concat("bytes=", offset_, "-"));
      resumed_ = true;
    }
    return session_.attempt(call_, this);
  }

  /// Decides whether another connection may help, and waits.
  void prepare_next(const Answer& answer, unsigned idle) {
    support::throw_if_stopped(session_.network().stop());
    if (answer.status == 416 && offset_ > 0 && !refused_range_) {
      refused_range_ = true;
      restart();
      return;
    }
    const bool expired = answer.redirected() && answer.status == 403;
    const bool cut = answer.ok() || answer.failure;  // it came to an end too early
    if (!cut && !expired && !http::is_transient(to_outcome(answer))) session_.fail(call_, answer);
    if (answer.failure && !http::is_transient(to_outcome(answer))) session_.fail(call_, answer);
    const Repeater& repeater = session_.network().repeater();
    const std::string& host = session_.source().registry;
    if (idle == 0)  // it moved: go on at once (Y5)
      return repeater.tell(host, reason_of(to_outcome(answer)), observer_.repeats);
    if (!repeater.wait(idle, to_outcome(answer), host, observer_.repeats))
      session_.fail(call_, answer);
  }

  bool continues(const http::ResponseHead& head) const {
    const std::string range = head.headers.find("content-range").value_or("");
    const std::string start = concat("bytes ", offset_, "-");
    const std::size_t slash = range.find('/');
    if (!range.starts_with(start) || slash == std::string::npos) return false;
    const std::string total = range.substr(slash + 1);
    return total == "*" || total == std::to_string(wanted_.size);
  }

  void restart() {
    if (offset_ > 0) sink_.restart();
    offset_ = 0;
    hasher_.emplace(wanted_.digest.algorithm());
  }

  Error size_mismatch(std::uint64_t got) const {
    return {Errc::retry_later,
            {"size-mismatch",
             concat(session_.source().registry, " gives a blob of another size"),
             {},
             {concat(wanted_.digest.str(), " has ", wanted_.size, " bytes, ", got, " are offered")},
             {}}};
  }

  void verify() {
    const Digest got = hasher_->finish();
    if (got == wanted_.digest) return;
    const bool again = resumed_ && !repeated_;
    offset_ = wanted_.size == 0 ? 1 : wanted_.size;  // so that restart() tells the sink
    restart();
    if (!again) {
      throw Error(Errc::retry_later,
                  {"blob-corrupt",
                   concat(session_.source().registry, " or a proxy changed a blob"),
                   {},
                   {concat("wanted ", wanted_.digest.str(), ", got ", got.str())},
                   {}});
    }
    repeated_ = true;
    resumed_ = false;
    run();
  }

  Session& session_;
  const Descriptor& wanted_;
  BlobSink& sink_;
  const TransferObserver& observer_;
  Call call_;
  std::uint64_t offset_ = 0;
  std::optional<oci::Hasher> hasher_;
  std::optional<Error> problem_;
  bool resumed_ = false;        ///< a range was asked for
  bool repeated_ = false;       ///< whole, after a wrong digest (P9.7)
  bool refused_range_ = false;  ///< a 416 was answered
};

}  // namespace

void download_blob(const std::vector<std::shared_ptr<Session>>& sources,
                   const Descriptor& descriptor, BlobSink& sink, const TransferObserver& observer) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    try {
      Download(*sources[i], descriptor, sink, observer).run();
      return;
    } catch (const Error& error) {
      if (error.code() == Errc::interrupted || i + 1 == sources.size()) throw;
      const Session& failed = *sources[i];
      failed.network().repeater().tell(failed.source().registry, error.what(), observer.repeats);
      sink.restart();
    }
  }
}

}  // namespace ocibuild::registry
