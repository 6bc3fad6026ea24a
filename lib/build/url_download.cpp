// SPDX-License-Identifier: Apache-2.0
#include "build/url_download.hpp"

#include <ocibuild/error.hpp>

#include "http/retry.hpp"
#include "registry/registry_error.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

constexpr std::size_t most_redirects = 8;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The GETs of a URL, from redirect to redirect.
class Hops {
public:
  Hops(registry::Network& network, const http::Url& url) : network_(network), url_(url) {}

  /// The first answer that is no redirect.
  http::Outcome follow(http::ResponseTaker& taker, const http::Headers& headers = {}) {
    http::Request request{.url = url_, .headers = headers};
    hosts_ = {url_.origin.authority()};
    for (;;) {
      http::Outcome outcome = network_.client().send(request, taker, network_.stop());
      answered_ = outcome.url;
      if (hosts_.size() == 1) first_ = outcome.connection;
      if (outcome.failure || !outcome.head || !is_redirect(outcome.head->status)) return outcome;
      const auto location = outcome.head->headers.find("location");
      const auto target = location ? outcome.url.resolve(*location) : std::nullopt;
      if (!target) return outcome;
      if (http::is_local_address(target->origin.host) && !http::is_loopback(url_.origin.host))
        refuse("redirect-refused",
               concat("redirects to ", target->redacted(), ", a local address"));
      if (hosts_.size() > most_redirects) refuse("too-many-redirects", "redirects without an end");
      hosts_.push_back(target->origin.authority());
      request.url = *target;
    }
  }

  [[noreturn]] void fail(const http::Outcome& outcome, unsigned attempts) const {
    support::throw_if_stopped(network_.stop());
    if (outcome.failure) {
      registry::Answer answer{.failure = outcome.failure,
                              .url = answered_,
                              .hosts = hosts_,
                              .via_proxy = outcome.via_proxy,
                              .attempts = attempts};
      throw registry::failure_error({.what = concat("fetching ", url_.redacted()),
                                     .registry = url_.origin.authority(),
                                     .trust = network_.client().trust()},
                                    answer);
    }
    const int status = outcome.head ? outcome.head->status : 0;
    const Errc code = http::is_transient(outcome)      ? Errc::retry_later
                      : status == 401 || status == 403 ? Errc::credentials
                      : status == 404 || status == 410 ? Errc::not_found
                                                       : Errc::failed;
    throw Error(
        code, {"add-url-status",
               concat(answered_.redacted(), " is answered with status ", status),
               {},
               hosts_.size() > 1 ? std::vector{concat("hosts asked: ", support::join(hosts_, ", "))}
                                 : std::vector<std::string>{},
               {}});
  }

  /// To the host of the URL itself.
  const http::Connection& first_connection() const { return first_; }
  bool redirected() const { return hosts_.size() > 1; }
  const http::Url& answered() const { return answered_; }

private:
  [[noreturn]] void refuse(std::string id, const std::string& what) const {
    throw Error(Errc::network_setup, {std::move(id),
                                      concat(answered_.origin.authority(), ' ', what),
                                      {},
                                      {concat("hosts asked: ", support::join(hosts_, ", "))},
                                      {}});
  }

  registry::Network& network_;
  const http::Url& url_;
  http::Url answered_;
  http::Connection first_;
  std::vector<std::string> hosts_;
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
      const http::Outcome outcome = hops_.follow(*this);
      const bool whole = !outcome.failure && outcome.head && outcome.head->status == 200;
      if (whole) return writer_->finish();
      if (!http::is_transient(outcome) ||
          !network_.repeater().wait(repetition, outcome, host_, observer_.repeats))
        hops_.fail(outcome, repetition);
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
  const store::DownloadRecord record{blob.size, download.modified()};
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
    const http::Outcome outcome = hops.follow(taker, headers);
    if (outcome.failure && !hops.redirected()) out.failure = outcome.failure->kind;
    const int status = outcome.head ? outcome.head->status : 0;
    // An empty file has no first byte.
    if (outcome.failure || (status / 100 != 2 && status != 416)) hops.fail(outcome, 1);
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    out.problem = error;
  }
  out.connection = hops.first_connection();
  out.answered = hops.answered().origin;
  return out;
}

}  // namespace ocibuild::engine
