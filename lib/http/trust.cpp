// SPDX-License-Identifier: Apache-2.0
#include "http/trust.hpp"

#include <array>
#include <map>
#include <mutex>
#include <vector>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ocibuild/error.hpp>

#include "support/fd.hpp"
#include "support/text.hpp"

#include <algorithm>

namespace fs = std::filesystem;

namespace ocibuild::http {

using support::concat;

namespace {

struct OpensslFree {
  void operator()(BIO* bio) const noexcept { ::BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { ::X509_free(certificate); }
  void operator()(X509_STORE* store) const noexcept { ::X509_STORE_free(store); }
  void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
  void operator()(GENERAL_NAMES* names) const noexcept { ::GENERAL_NAMES_free(names); }
  void operator()(STACK_OF(X509) * chain) const noexcept { sk_X509_pop_free(chain, ::X509_free); }
};
template <typename Handle>
using Openssl = std::unique_ptr<Handle, OpensslFree>;

constexpr std::size_t largest_file = 16 << 20;

[[noreturn]] void throw_file(const fs::path& path, std::string_view what) {
  ::ERR_clear_error();
  throw Error(Errc::network_setup, "certificate-file",
              concat("the certificate file ", support::quote(path.string()), ' ', what));
}

std::string read(const fs::path& path) {
  try {
    return support::read_file(path, largest_file);
  } catch (const Error& error) {
    throw_file(path, concat("cannot be read: ", error.what()));
  }
}

Openssl<BIO> open_text(const std::string& text) {
  return Openssl<BIO>(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A passphrase is never asked for: nobody may be there to answer.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::vector<Openssl<X509>> read_certificates(const fs::path& path) {
  const std::string text = read(path);
  const auto bio = open_text(text);
  std::vector<Openssl<X509>> certificates;
  while (X509* next = ::PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr)) {
    certificates.emplace_back(next);
  }
  const auto end = ::ERR_peek_last_error();
  if (ERR_GET_LIB(end) != ERR_LIB_PEM || ERR_GET_REASON(end) != PEM_R_NO_START_LINE) {
    throw_file(path, "has a damaged certificate");
  }
  ::ERR_clear_error();
  if (certificates.empty()) throw_file(path, "has no certificate in PEM form");
  return certificates;
}

Openssl<EVP_PKEY> read_key(const fs::path& path) {
  const std::string text = read(path);
  const auto bio = open_text(text);
  Openssl<EVP_PKEY> key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) throw_file(path, "has no private key in PEM form without passphrase");
  return key;
}

std::size_t add_file(X509_STORE& store, const fs::path& path) {
  const auto certificates = read_certificates(path);
  for (const auto& certificate : certificates) ::X509_STORE_add_cert(&store, certificate.get());
  return certificates.size();
}

/// The system's bundle where nobody names one, by distribution (S3).
constexpr std::array<const char*, 6> system_bundles{
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem"};
constexpr const char* system_directory = "/etc/ssl/certs";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string text_of(const X509_NAME* name) {
  const Openssl<BIO> bio(::BIO_new(::BIO_s_mem()));
  if (!bio ||
      ::X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    return {};
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (::ASN1_TIME_to_tm(time, &parts) != 1) return {};
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string names_of(const X509* certificate) {
  const Openssl<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      const unsigned char* data = ::ASN1_STRING_get0_data(name->d.dNSName);
      texts.emplace_back(reinterpret_cast<const char*>(data),
                         static_cast<std::size_t>(::ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD && ::ASN1_STRING_length(name->d.iPAddress) == 4) {
      const unsigned char* a = ::ASN1_STRING_get0_data(name->d.iPAddress);
      texts.push_back(concat(int{a[0]}, '.', int{a[1]}, '.', int{a[2]}, '.', int{a[3]}));
    }
  }
  return support::escape_controls(support::join(texts, ", "));
}

void describe(const X509* certificate, PeerCertificate& shown) {
  shown.subject = support::escape_controls(text_of(::X509_get_subject_name(certificate)));
  shown.issuer = support::escape_controls(text_of(::X509_get_issuer_name(certificate)));
  shown.names = names_of(certificate);
  shown.not_before = text_of(::X509_get0_notBefore(certificate));
  shown.not_after = text_of(::X509_get0_notAfter(certificate));
}

/// Verifies as OpenSSL would, and notes what was shown.
int verify(X509_STORE_CTX* context, void* argument) noexcept {
  auto& shown = *static_cast<PeerCertificate*>(argument);
  const int result = ::X509_verify_cert(context);
  try {
    shown = {};
    if (const X509* leaf = ::X509_STORE_CTX_get0_cert(context)) describe(leaf, shown);
    if (result <= 0) {
      shown.verify_error = ::X509_STORE_CTX_get_error(context);
    } else if (const STACK_OF(X509)* chain = ::X509_STORE_CTX_get0_chain(context)) {
      const X509* root = sk_X509_value(chain, sk_X509_num(chain) - 1);
      shown.root = support::escape_controls(text_of(::X509_get_subject_name(root)));
    }
  } catch (...) {
    return 0;
  }
  return result;
}

/// Names under which users may have configured an origin: as written, with its port, and Docker
/// Hub's own name for its API host (R4, C6).
std::vector<std::string> configured_names(const Origin& origin) {
  const std::string authority = origin.authority();
  std::vector<std::string> names{authority};
  const std::string with_port = concat(":", origin.port);
  if (!authority.ends_with(with_port)) names.push_back(authority + with_port);
  if (authority == "registry-1.docker.io") names.insert(names.begin(), "docker.io");
  return names;
}

template <typename Value>
const Value* find_any(const std::map<std::string, Value>& map,
                      const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (const auto found = map.find(name); found != map.end()) return &found->second;
  }
  return nullptr;
}

/// The certs.d directory of an origin: the first that exists is the only one that is read.
fs::path certs_directory(const std::vector<fs::path>& roots,
                         const std::vector<std::string>& names) {
  std::error_code ignored;
  for (const auto& root : roots) {
    for (const auto& name : names) {
      if (fs::is_directory(root / name, ignored)) return root / name;
    }
  }
  return {};
}

std::vector<fs::path> files_with_extension(const fs::path& directory, std::string_view extension) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == extension) files.push_back(it->path());
  }
  if (error) throw_file(directory, concat("cannot be listed: ", error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

/// X.cert and X.key of a certs.d directory.
std::vector<TrustSettings::ClientPair> client_pairs(const fs::path& directory) {
  std::vector<TrustSettings::ClientPair> pairs;
  for (const auto& certificate : files_with_extension(directory, ".cert")) {
    fs::path key = fs::path(certificate).replace_extension(".key");
    if (!is_there(key)) throw_file(key, "is missing: its certificate is there");
    pairs.push_back({certificate, std::move(key)});
  }
  for (const auto& key : files_with_extension(directory, ".key")) {
    const fs::path certificate = fs::path(key).replace_extension(".cert");
    if (!is_there(certificate)) throw_file(certificate, "is missing: its key is there");
  }
  return pairs;
}

}  // namespace

bool PeerCertificate::is_out_of_time() const {
  return verify_error == X509_V_ERR_CERT_HAS_EXPIRED ||
         verify_error == X509_V_ERR_CERT_NOT_YET_VALID;
}

class Trust::ForOrigin {
public:
  Openssl<X509_STORE> store{};
  Openssl<X509> certificate{};  // ours; empty: none
  Openssl<EVP_PKEY> key{};
  Openssl<STACK_OF(X509)> chain{};

  void use_client_pair(const TrustSettings::ClientPair& pair) {
    auto certificates = read_certificates(pair.certificate);
    key = read_key(pair.key);
    certificate = std::move(certificates.front());
    if (::X509_check_private_key(certificate.get(), key.get()) != 1) {
      throw_file(pair.key,
                 concat("does not belong to ", support::quote(pair.certificate.string())));
    }
    chain.reset(sk_X509_new_null());
    for (std::size_t i = 1; i < certificates.size(); ++i) {
      sk_X509_push(chain.get(), certificates[i].release());
    }
  }
};

struct Trust::Impl {
  explicit Impl(const TrustSettings& given) : settings(given) {}

  const TrustSettings& settings;
  std::mutex mutex;
  std::map<Origin, ForOrigin> origins;
  std::optional<ForOrigin> base;
  Summary summary;

  /// A store of the base set and --cacert; counts into `summary`.
  Openssl<X509_STORE> make_store() {
    Openssl<X509_STORE> store(::X509_STORE_new());
    summary = {};
    fs::path bundle = settings.bundle;
    fs::path directory = settings.directory;
    if (bundle.empty() && directory.empty()) {
      const auto* found = std::find_if(system_bundles.begin(), system_bundles.end(), is_there);
      if (found != system_bundles.end()) bundle = *found;
      if (is_there(system_directory)) directory = system_directory;
    }
    if (!bundle.empty()) {
      summary = {add_file(*store, bundle), bundle.string()};
    }
    if (!directory.empty()) {
      if (!fs::is_directory(directory)) throw_file(directory, "is no directory");
      ::X509_STORE_load_path(store.get(), directory.c_str());
    }
    for (const auto& file : settings.extra) summary.authorities += add_file(*store, file);
    return store;
  }

  const ForOrigin& the_base() {
    if (!base) base.emplace(ForOrigin{.store = make_store()});
    return *base;
  }

  ForOrigin make(const Origin& origin) {
    ForOrigin made;
    const auto names = configured_names(origin);
    const fs::path directory = certs_directory(settings.certs_d, names);
    std::vector<fs::path> authorities;
    std::vector<TrustSettings::ClientPair> pairs;
    if (!directory.empty()) {
      authorities = files_with_extension(directory, ".crt");
      pairs = client_pairs(directory);
    }
    if (const auto* files = find_any(settings.registry_ca, names))
      authorities.insert(authorities.end(), files->begin(), files->end());
    // A flag replaces what a directory says.
    if (const auto* pair = find_any(settings.registry_client, names)) pairs = {*pair};
    if (authorities.empty()) {
      // Parsing the system's bundle takes 10 ms: origins without additions share one store.
      ::X509_STORE_up_ref(the_base().store.get());
      made.store.reset(base->store.get());
    } else {
      const Summary before = summary;
      made.store = make_store();
      if (base) summary = before;
      for (const auto& file : authorities) add_file(*made.store, file);
    }
    if (!pairs.empty()) made.use_client_pair(pairs.front());
    return made;
  }
};

Trust::Trust(const TrustSettings& settings) : impl_(std::make_unique<Impl>(settings)) {}
Trust::~Trust() = default;

const Trust::ForOrigin& Trust::for_origin(const Origin& origin) {
  const std::lock_guard lock(impl_->mutex);
  auto found = impl_->origins.find(origin);
  if (found == impl_->origins.end()) {
    found = impl_->origins.emplace(origin, impl_->make(origin)).first;
  }
  return found->second;
}

const Trust::ForOrigin& Trust::base() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->the_base();
}

Trust::Summary Trust::summary() {
  const std::lock_guard lock(impl_->mutex);
  impl_->the_base();
  return impl_->summary;
}

bool Trust::install(void* ssl_ctx, const ForOrigin& trust, PeerCertificate& shown) noexcept {
  auto* context = static_cast<SSL_CTX*>(ssl_ctx);
  // The store for verification, and not the certificate store: libcurl fills the latter itself,
  // some versions only after this call.
  if (SSL_CTX_set1_verify_cert_store(context, trust.store.get()) != 1) return false;
  ::SSL_CTX_set_cert_verify_callback(context, verify, &shown);
  // The connection outlives `shown`; there must be no second handshake in it.
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  if (!trust.certificate) return true;
  return ::SSL_CTX_use_cert_and_key(context, trust.certificate.get(), trust.key.get(),
                                    trust.chain.get(), 1) == 1;
}

}  // namespace ocibuild::http
