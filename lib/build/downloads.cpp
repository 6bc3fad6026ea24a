// SPDX-License-Identifier: Apache-2.0
#include "build/downloads.hpp"

#include <ocibuild/error.hpp>

#include "build/located.hpp"
#include "build/not_here.hpp"
#include "build/url_download.hpp"
#include "oci/hasher.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

/// A blob of the store as the content of a file.
class BlobContent final : public oci::FileContent {
public:
  BlobContent(const store::BlobStore& blobs, Descriptor blob)
      : blobs_(blobs), blob_(std::move(blob)) {}
  std::unique_ptr<support::ByteSource> open() const override {
    return std::make_unique<support::FileSource>(blobs_.open(blob_), blobs_.path(blob_.digest));
  }
  Digest digest() const override { return blob_.digest; }
  std::optional<oci::RawSha256> known_digest() const override {
    return oci::raw_sha256(blob_.digest);
  }

private:
  const store::BlobStore& blobs_;
  const Descriptor blob_;
};

std::string name_of(const http::Url& url) {
  const auto path = http::percent_decode(url.path);
  const oci::RootfsPath clean(path.value_or(url.path));
  return clean.is_root() ? "__unnamed__" : std::string(clean.name());
}

/// The time belongs to the address, the bytes to the checksum.
Digest key_of(const http::Url& url, const Digest& checksum) {
  return oci::sha256(concat(url.str(), '\n', checksum.str()));
}

std::optional<store::DownloadRecord> find_kept(const http::Url& url, const Digest& checksum,
                                               const store::BlobStore& blobs,
                                               const store::BuildCache& cache) {
  auto known = cache.find_download(key_of(url, checksum));
  if (known && (known->blob != checksum || blobs.size(checksum) != known->size)) known.reset();
  return known;
}

}  // namespace

bool Downloads::is_kept(const plan::Download& wanted, const store::BlobStore& blobs,
                        const store::BuildCache& cache) {
  const auto url = http::Url::parse(wanted.url.text);
  return url && find_kept(*url, wanted.checksum, blobs, cache);
}

Downloads::Downloads(const BuildRequest& request, const store::BlobStore& blobs,
                     const store::BuildCache& cache, EventSink& events, std::stop_token stop,
                     Fetching fetching)
    : settings_(request.network && !request.network->offline ? &*request.network : nullptr),
      blobs_(blobs),
      cache_(cache),
      events_(events),
      stop_(std::move(stop)),
      fetching_(fetching) {}

std::string Downloads::host_of(const plan::Download& wanted) {
  const auto url = http::Url::parse(wanted.url.text);
  return url ? url->origin.authority() : std::string();
}

oci::TreeFile Downloads::fetch(const plan::Download& wanted, const dockerfile::Findings& findings) {
  try {
    const auto url = http::Url::parse(wanted.url.text);
    if (!url) {
      // Without the text, which may hold a password.
      throw Error(Errc::failed, {"add-url-invalid",
                                 "that is no address to fetch from",
                                 {},
                                 {},
                                 {"write http:// or https://, a host and a path; a user and a "
                                  "password are not sent"}});
    }
    auto known = find_kept(*url, wanted.checksum, blobs_, cache_);
    if (!known) {
      known = get(*url, wanted.checksum);
      cache_.put_download(key_of(*url, wanted.checksum), *known);
    }
    oci::Entry entry;
    entry.path = oci::RootfsPath(name_of(*url));
    entry.mode = 0600;
    entry.mtime = known->modified;
    entry.size = known->size;
    const Descriptor blob{.media_type = {}, .digest = wanted.checksum, .size = known->size};
    return {.entry = std::move(entry), .content = std::make_shared<BlobContent>(blobs_, blob)};
  } catch (const Error& error) {
    throw located(error, findings.place(wanted.url.span));
  }
}

store::DownloadRecord Downloads::get(const http::Url& url, const Digest& checksum) {
  if (settings_ == nullptr) {
    throw Error(Errc::not_found,
                {"add-url-offline",
                 concat("the store has no ", checksum.str(), ", and nothing may be fetched"),
                 {},
                 {},
                 {"build once without --offline, or COPY the file from the build context"}});
  }
  if (fetching_ == Fetching::documents)
    throw NotHere{concat("the file of ", url.origin.authority())};
  if (!work_) work_.emplace(*settings_, events_, stop_);
  store::DownloadRecord record;
  const auto job = [&] {
    Transfers::Bar bar(work_->transfers(),
                       {.host = url.origin.authority(), .digest = checksum.str()});
    record = download_url(work_->network(), url, checksum, blobs_, bar.observer(),
                          [&](std::uint64_t total) { bar.expect(total); });
    bar.expect(record.size);
    bar.done(BlobMoved::State::done);
  };
  work_->transfers().run({job}, 1);
  return record;
}

}  // namespace ocibuild::engine
