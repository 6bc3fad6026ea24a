// SPDX-License-Identifier: Apache-2.0
#include "limits.hpp"

#include <fcntl.h>
#include <libdeflate.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>

namespace bench {

using ocibuild::support::Bytes;

void hash_at_once(Bytes bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  ::EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, ::EVP_sha256(), nullptr);
}

void compress_at_once(Bytes bytes, int (*level_of)(Bytes), std::size_t chunk, unsigned threads) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    std::map<int, ::libdeflate_compressor*> compressors;
    std::vector<std::byte> out(::libdeflate_gzip_compress_bound(nullptr, chunk));
    for (std::size_t at = next.fetch_add(chunk); at < bytes.size(); at = next.fetch_add(chunk)) {
      const Bytes piece = bytes.subspan(at, std::min(chunk, bytes.size() - at));
      const int level = level_of(piece);
      auto& compressor = compressors[level];
      if (compressor == nullptr) compressor = ::libdeflate_alloc_compressor(level);
      ::libdeflate_gzip_compress(compressor, piece.data(), piece.size(), out.data(), out.size());
    }
    for (const auto& [level, compressor] : compressors) ::libdeflate_free_compressor(compressor);
  };
  std::vector<std::thread> group;
  for (unsigned i = 1; i < threads; ++i) group.emplace_back(work);
  work();
  for (std::thread& thread : group) thread.join();
}

void read_files(const std::vector<std::filesystem::path>& files) {
  std::vector<std::byte> buffer(128 << 10);
  for (const std::filesystem::path& file : files) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    while (::read(fd, buffer.data(), buffer.size()) > 0) {
    }
    ::close(fd);
  }
}

void copy_memory(Bytes bytes) {
  std::vector<std::byte> block(128 << 10);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(block.size(), bytes.size()))) {
    std::memcpy(block.data(), bytes.data(), std::min(block.size(), bytes.size()));
    asm volatile("" : : "r"(block.data()) : "memory");  // or the compiler leaves the copy out
  }
}

void write_plainly(const std::filesystem::path& file, Bytes bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

}  // namespace bench
