// SPDX-License-Identifier: Apache-2.0
#include "store/copy_blob.hpp"

#include "oci/hasher.hpp"
#include "store/stopping_source.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

void send_blob(const BlobStore& from, const Descriptor& blob, support::ByteSink& out,
               const std::stop_token& stop) {
  const support::Fd fd = from.open(blob);
  support::FdSource file(fd.get(), from.path(blob.digest));
  StoppingSource stopping(file, stop);
  oci::VerifyingSource verified(
      stopping, blob.digest, blob.size,
      support::concat("blob ", blob.digest.str(), " in ", support::quote(from.root().native())));
  support::copy(verified, out);
}

void copy_blob(const BlobStore& from, const Descriptor& blob, const BlobStore& to,
               const std::stop_token& stop) {
  if (to.has(blob)) return;
  BlobWriter writer = to.create(blob.digest.algorithm());
  send_blob(from, blob, writer, stop);
  to.commit(writer.finish());
}

}  // namespace ocibuild::store
