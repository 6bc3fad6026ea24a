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

/// The GETs of a URL, from redirect to redirect.
class Hops {
public:
  Hops(registry::Network& network, const http::Url& url) : network_(network), url_(url) {}

  /// The first answer that is no redirect.
  registry::Answer follow(http::ResponseTaker& taker, const http::Headers& headers = {}) {
    http::Request request{.url = url_, .headers = headers};
    registry::Redirects redirects(
        url_, {.name = url_.origin.authority(), .home = url_.origin, .verified = true},
        network_.warnings());
    for (redirected_ = false;; redirected_ = true) {
      registry::Answer answer = registry::to_answer(
          {network_.client().send(request, taker, network_.stop()), {}}, request.url);
      answer.hosts = redirects.hosts();
      answered_ = answer.url;
      if (!redirected_) first_ = answer.connection;
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

  /// To the host of the URL itself.
  const http::Connection& first_connection() const { return first_; }
  bool redirected() const { return redirected_; }
  const http::Url& answered() const { return answered_; }

private:
  registry::Network& network_;
  const http::Url& url_;
  http::Url answered_;
  http::Connection first_;
  bool redirected_ = false;
};

/// One file on its way into the store.
class UrlDownload final : public http::ResponseTaker {
public:
  UrlDownload(registry::Network& network, const http::Url& url, const store::BlobStore& blobs,
              const registry::TransferObserver& observer,
              const std::function<void(std::uint64_t)>& expect)
      : network_(network),
        host_(url.origin.authority()),
        hops_(network, url),
        blobs_(blobs),
        observer_(observer),
        expect_(expect) {}

  /// Repeats until the whole file came. @throws Error
  store::StagedBlob run() {
    for (unsigned repetition = 1;; ++repetition) {
      registry::Answer answer = hops_.follow(*this);
      answer.attempts = repetition;
      if (!answer.failure && answer.status == 200) return writer_->finish();
      const http::Outcome outcome = registry::to_outcome(answer);
      if (!http::is_transient(outcome) ||
          !network_.repeater().wait(repetition, outcome, host_, observer_.repeats))
        hops_.fail(answer);
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
  registry::Network& network_;
  const std::string host_;
  Hops hops_;
  const store::BlobStore& blobs_;
  const registry::TransferObserver& observer_;
  const std::function<void(std::uint64_t)>& expect_;
  std::optional<store::BlobWriter> writer_;
  std::uint64_t done_ = 0;
  std::int64_t modified_ = 0;
};

/// Wants no body: the exchange ends with the head.
class HeadOnly final : public http::ResponseTaker {
public:
  bool head(const http::ResponseHead&) override { return false; }
  void body(support::Bytes) override {}
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
  const store::DownloadRecord record{blob.digest, blob.size, download.modified()};
  blobs.commit(std::move(blob));
  return record;
}

UrlProbe probe_url(registry::Network& network, const http::Url& url) {
  UrlProbe out;
  Hops hops(network, url);
  http::Headers headers;
  headers.add("Range", "bytes=0-0");
  try {
    HeadOnly taker;
    const registry::Answer answer = hops.follow(taker, headers);
    if (answer.failure && !hops.redirected()) out.failure = answer.failure->kind;
    // An empty file has no first byte.
    if (!answer.ok() && (answer.failure || answer.status != 416)) hops.fail(answer);
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    out.problem = error;
  }
  out.connection = hops.first_connection();
  out.answered = hops.answered().origin;
  return out;
}

}  // namespace ocibuild::engine
