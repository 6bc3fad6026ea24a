// SPDX-License-Identifier: Apache-2.0
#include "build/url_download.hpp"

#include <ocibuild/error.hpp>

#include "http/retry.hpp"
#include "registry/redirect.hpp"
#include "registry/registry_error.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

/// One file on its way into the store.
class UrlDownload final : public http::ResponseTaker {
public:
  UrlDownload(registry::Network& network, const http::Url& url, const store::BlobStore& blobs,
              const registry::TransferObserver& observer,
              const std::function<void(std::uint64_t)>& expect)
      : network_(network), url_(url), blobs_(blobs), observer_(observer), expect_(expect) {}

  /// Repeats until the whole file came. @throws Error
  store::StagedBlob run() {
    for (unsigned repetition = 1;; ++repetition) {
      registry::Answer answer = follow();
      answer.attempts = repetition;
      if (!answer.failure && answer.status == 200) return writer_->finish();
      const http::Outcome outcome = registry::to_outcome(answer);
      if (!http::is_transient(outcome) ||
          !network_.repeater().wait(repetition, outcome, url_.origin.authority(),
                                    observer_.repeats))
        fail(answer);
    }
  }

  std::int64_t modified() const { return modified_; }

  bool head(const http::ResponseHead& head) override {
    if (head.status != 200) return false;
    writer_.emplace(blobs_.create());
    done_ = 0;
    std::uint64_t length = 0;
    const auto given = head.headers.find("content-length");
    if (given && support::parse_number(*given, UINT64_MAX, length)) expect_(length);
    const auto date = head.headers.find("last-modified");
    modified_ = std::max<std::int64_t>(0, http::parse_date(date.value_or("")).value_or(0));
    return true;
  }

  void body(support::Bytes bytes) override {
    writer_->write(bytes);
    done_ += bytes.size();
    if (observer_.moved) observer_.moved(done_);
  }

private:
  /// The first answer that is no redirect.
  registry::Answer follow() {
    http::Request request{.url = url_};
    registry::Redirects redirects(
        url_, {.name = url_.origin.authority(), .home = url_.origin, .verified = true},
        network_.warnings());
    for (;;) {
      registry::Answer answer = registry::to_answer(
          {network_.client().send(request, *this, network_.stop()), {}}, request.url);
      answer.hosts = redirects.hosts();
      const auto target = redirects.next(request.method, answer);
      if (!target) return answer;
      request.url = *target;
    }
  }

  [[noreturn]] void fail(const registry::Answer& answer) const {
    support::throw_if_stopped(network_.stop());
    if (answer.failure) {
      throw registry::failure_error({.what = concat("fetching ", url_.redacted()),
                                     .registry = url_.origin.authority(),
                                     .trust = network_.client().trust()},
                                    answer);
    }
    const int status = answer.status;
    const Errc code = http::is_transient(registry::to_outcome(answer)) ? Errc::retry_later
                      : status == 401 || status == 403                 ? Errc::credentials
                      : status == 404 || status == 410                 ? Errc::not_found
                                                                       : Errc::failed;
    Error error(code, "add-url-status",
                concat(answer.url.redacted(), " is answered with status ", status));
    if (answer.redirected()) error.note(concat("hosts asked: ", support::join(answer.hosts, ", ")));
    throw error;
  }

  registry::Network& network_;
  const http::Url& url_;
  const store::BlobStore& blobs_;
  const registry::TransferObserver& observer_;
  const std::function<void(std::uint64_t)>& expect_;
  std::optional<store::BlobWriter> writer_;
  std::uint64_t done_ = 0;
  std::int64_t modified_ = 0;
};

}  // namespace

store::DownloadRecord download_url(registry::Network& network, const http::Url& url,
                                   const Digest& checksum, const store::BlobStore& blobs,
                                   const registry::TransferObserver& observer,
                                   const std::function<void(std::uint64_t)>& expect) {
  UrlDownload download(network, url, blobs, observer, expect);
  store::StagedBlob blob = download.run();
  if (blob.digest != checksum) {
    throw Error(Errc::failed, {"checksum-mismatch",
                               concat(url.redacted(), " gives another file than --checksum says"),
                               {},
                               {concat("wanted ", checksum.str(), ", got ", blob.digest.str())},
                               {"if the new file is the right one, write its digest"}});
  }
  network.count_downloaded(blob.size);
  const store::DownloadRecord record{blob.size, download.modified()};
  blobs.commit(std::move(blob));
  return record;
}

}  // namespace ocibuild::engine
