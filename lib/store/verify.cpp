// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/upkeep.hpp>

#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "oci/record.hpp"
#include "store/blob_origin.hpp"
#include "store/cache_files.hpp"
#include "store/hold.hpp"
#include "store/inventory.hpp"
#include "store/stopping_source.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild {

namespace store {
namespace {

namespace fs = std::filesystem;
using support::concat;
using support::quote;

constexpr std::size_t stat_index_limit = std::size_t{1} << 30;

class Verifier {
public:
  Verifier(const StorePlace& place, std::stop_token stop)
      : layout_(place.store), cache_(cache_directory(place)), stop_(std::move(stop)) {}

  VerifyResult run() {
    std::error_code none;
    if (fs::exists(layout_.root(), none)) {
      const auto hold = Hold::shared(layout_, stop_);
      read_blobs();
      follow_images();
    }
    read_cache_files();
    return std::move(result_);
  }

private:
  void report(std::string_view id, std::string what) {
    result_.damage.push_back({std::string(id), std::move(what), {}, {}, {}});
  }

  void read_blobs() {
    auto files = blob_files(layout_.blobs());
    std::sort(files.begin(), files.end());
    for (const auto& [digest, path] : files) {
      oci::Hasher hasher(digest.algorithm());
      try {
        support::FileSource file(path);
        StoppingSource stopping(file, stop_);
        support::copy(stopping, hasher);
      } catch (const Error& error) {
        if (error.code() == Errc::interrupted) throw;
        report("blob-corrupt", error.what());
        corrupt_.insert(digest);
        continue;
      }
      ++result_.blobs;
      result_.bytes += hasher.size();
      const Digest found = hasher.finish();
      if (found == digest) continue;
      corrupt_.insert(digest);
      report("blob-corrupt", concat(quote(path.native()), " has the digest ", found.str()));
    }
  }

  void follow_images() {
    for (const Descriptor& entry : layout_.read_index().manifests) {
      const auto name = layout_.name_of(entry);
      title_ = concat("the image ", name ? name->familiar() : entry.digest.str());
      follow(entry, "manifest");
    }
  }

  /// False if the blob is not there as the descriptor says.
  bool check(const Descriptor& blob, std::string_view what) {
    const auto size = layout_.blobs().size(blob.digest);
    if (!size) {
      report("blob-missing", concat(title_, " lacks its ", what, ' ', blob.digest.str()));
    } else if (*size != blob.size && !corrupt_.contains(blob.digest)) {
      report("blob-corrupt", concat(title_, " says that its ", what, ' ', blob.digest.str(),
                                    " has ", blob.size, " bytes, not ", *size));
    }
    return size == blob.size && !corrupt_.contains(blob.digest);
  }

  void follow(const Descriptor& document, std::string_view what) {
    if (!check(document, what) || !followed_.insert(document.digest).second) return;
    const StoreOrigin origin(layout_.blobs(), "manifest-invalid");
    try {
      if (oci::is_index(document.media_type)) {
        follow_index(origin, document);
      } else if (oci::is_manifest(document.media_type)) {
        const Manifest manifest = read_manifest(origin, document).manifest;
        check(manifest.config, "config");
        for (const Descriptor& layer : manifest.layers) {
          if (!oci::stays_at_urls(layer) || origin.has(layer.digest)) check(layer, "layer");
        }
      }
    } catch (const Error& error) {
      if (error.code() == Errc::interrupted) throw;
      report(error.diagnostic().id, concat(title_, ": ", error.what()));
    }
  }

  /// Other platforms than those that were asked for need not be there.
  void follow_index(const StoreOrigin& origin, const Descriptor& document) {
    bool any = false;
    for (const Descriptor& child : read_index(origin, document).manifests) {
      if (!origin.has(child.digest)) continue;
      any = true;
      follow(child, "manifest");
    }
    if (!any) report("blob-missing", concat(title_, " has no manifest of any platform"));
  }

  void read_cache_files() {
    for (const auto kind : {layer_kind, shape_kind, download_kind, index_kind, archive_kind,
                            chunks_kind, repositories_kind, steps_kind}) {
      for (const fs::path& path : cache_files(cache_, kind)) read_record(kind, path);
    }
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(cache_ / stat_index_directory, none))
      if (!entry.path().filename().native().starts_with('.')) read_stat_index(entry.path());
  }

  void read_record(std::string_view kind, const fs::path& path) {
    support::throw_if_stopped(stop_);
    bool whole = false;
    try {
      const auto key = Digest::parse(concat("sha256:", path.filename().native()));
      const auto text = find_cache_file(cache_, kind, key, index_limit);
      whole = text.has_value();
    } catch (const Error&) {
      // no key: the file is not ours
    }
    count(path, whole);
  }

  void read_stat_index(const fs::path& path) {
    support::throw_if_stopped(stop_);
    bool whole = false;
    try {
      const std::string text = support::read_file(path, stat_index_limit);
      const std::string_view magic = std::string_view(text).substr(0, text.find('\n') + 1);
      whole = magic.starts_with("ocibuild ") && oci::RecordReader::open(text, magic);
    } catch (const Error&) {
      // reported below
    }
    count(path, whole);
  }

  void count(const fs::path& path, bool whole) {
    ++result_.cache_files;
    result_.bytes += support::size_below(path);
    std::error_code none;
    if (!whole && fs::exists(path, none))
      report("cache-file-corrupt", concat(quote(path.native()), " is not as it was written"));
  }

  const OciLayout layout_;
  const fs::path cache_;
  const std::stop_token stop_;
  std::set<Digest> corrupt_;
  std::set<Digest> followed_;
  std::string title_;
  VerifyResult result_;
};

}  // namespace
}  // namespace store

VerifyResult verify_store(const StorePlace& place, std::stop_token stop) {
  return store::Verifier(place, std::move(stop)).run();
}

}  // namespace ocibuild
