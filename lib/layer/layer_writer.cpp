// SPDX-License-Identifier: Apache-2.0
#include "layer/layer_writer.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "layer/chunk_maker.hpp"
#include "layer/chunk_plan.hpp"
#include "layer/description.hpp"
#include "oci/hasher.hpp"
#include "support/ordered_workers.hpp"
#include "support/stop.hpp"

namespace ocibuild::layer {

namespace {

constexpr std::size_t chunks_between_checkpoints = 8;

Digest chunk_key(const Chunk& chunk, const std::vector<LayerFile>& files,
                 const std::vector<Digest>& contents, const std::string& setting_key) {
  Description out("chunk", setting_key);
  out.number(chunk.offset);
  out.number(chunk.length);
  out.number(chunk.ends_layer ? 1 : 0);
  for (std::size_t i = chunk.first; i < chunk.last; ++i) out.file(files[i].entry, contents[i]);
  return out.finish();
}

/// Chunks that were written, to be filled again: a fresh buffer costs the kernel as much as reading
/// into it. Thread-safe.
class SpareChunks {
public:
  MadeChunk take() {
    const std::lock_guard lock(mutex_);
    if (chunks_.empty()) return {};
    MadeChunk chunk = std::move(chunks_.back());
    chunks_.pop_back();
    return chunk;
  }
  void give(MadeChunk chunk) {
    const std::lock_guard lock(mutex_);
    chunks_.push_back(std::move(chunk));
  }

private:
  std::mutex mutex_;
  std::vector<MadeChunk> chunks_;
};

/// One layer on its way.
class Writing {
public:
  Writing(const std::vector<LayerFile>& files, const std::vector<Digest>& contents,
          const WriteOptions& options, const EarlierLayers& earlier, support::ByteSink& out,
          const std::stop_token& stop)
      : files_(files),
        options_(options),
        earlier_(earlier),
        out_(out),
        stop_(stop),
        plan_(plan_chunks(files)) {
    for (const Chunk& chunk : plan_)
      keys_.push_back(chunk_key(chunk, files, contents, options.setting_key));
  }

  WrittenLayer run() {
    const EarlierLayers::Front front = earlier_.longest_front(keys_);
    if (plan_.size() - front.checkpoint.chunks <= 1) {
      // Not worth a thread.
      write_front(front);
      for (std::size_t i = list_.chunks.size(); i < plan_.size(); ++i) add(make_work()(i));
    } else {
      write_in_parallel(front);
    }
    return {.digests = {.diff_id = DiffId(diff_id_.finish()),
                        .digest = digest_.finish(),
                        .size = digest_.size(),
                        .unpacked = diff_id_.size()},
            .chunks = std::move(list_)};
  }

private:
  /// What an earlier layer begins with too is copied, and its diff_id taken over.
  void write_front(const EarlierLayers::Front& front) {
    if (front.layer == nullptr) return;
    support::FdRangeSource source(front.layer->blob->get(), {}, 0, front.packed);
    std::vector<std::byte> buffer(1 << 18);
    while (const std::size_t size = source.read(buffer)) {
      support::throw_if_stopped(stop_);
      write(support::Bytes(buffer).first(size));
    }
    if (digest_.so_far() != front.checkpoint.packed) throw EarlierLayerDamaged();
    diff_id_ = oci::Hasher(front.checkpoint.tar);
    const auto& chunks = front.layer->list.chunks;
    list_.chunks.assign(chunks.begin(),
                        chunks.begin() + static_cast<std::ptrdiff_t>(front.checkpoint.chunks));
    for (const Checkpoint& checkpoint : front.layer->list.checkpoints) {
      if (checkpoint.chunks <= front.checkpoint.chunks) list_.checkpoints.push_back(checkpoint);
    }
  }

  /// The workers begin with the chunks behind the front while that is copied.
  void write_in_parallel(const EarlierLayers::Front& front) {
    const std::size_t most = 2 * std::size_t{options_.jobs};
    support::OrderedWorkers<std::size_t, MadeChunk> workers(options_.jobs, most,
                                                            [this] { return make_work(); });
    std::size_t next = front.checkpoint.chunks;
    while (next < plan_.size() && workers.under_way() < most) workers.push(next++);
    write_front(front);
    while (workers.under_way() > 0) {
      add(workers.take());
      if (next < plan_.size()) workers.push(next++);
    }
  }

  std::function<MadeChunk(std::size_t)> make_work() {
    return [this,
            maker = std::make_shared<ChunkMaker>(files_, options_.setting, stop_)](std::size_t i) {
      MadeChunk made = spare_.take();
      maker->make(plan_[i], earlier_.find(keys_[i]), made);
      return made;
    };
  }

  /// The next chunk in order.
  void add(MadeChunk made) {
    diff_id_.write(made.tar);
    write(made.stored());
    list_.chunks.push_back({.key = keys_[list_.chunks.size()],
                            .tar = made.tar.size(),
                            .packed = made.stored().size(),
                            .tar_crc = made.tar_crc,
                            .packed_crc = compress::crc32(made.stored())});
    const std::size_t count = list_.chunks.size();
    if (count % chunks_between_checkpoints == 0)
      list_.checkpoints.push_back({count, diff_id_.midstate(), digest_.so_far()});
    spare_.give(std::move(made));
  }

  void write(support::Bytes bytes) {
    digest_.write(bytes);
    out_.write(bytes);
  }

  const std::vector<LayerFile>& files_;
  const WriteOptions& options_;
  const EarlierLayers& earlier_;
  support::ByteSink& out_;
  const std::stop_token& stop_;
  const std::vector<Chunk> plan_;
  std::vector<Digest> keys_;
  SpareChunks spare_;
  oci::Hasher diff_id_;
  oci::Hasher digest_;
  ChunkList list_;
};

}  // namespace

WrittenLayer write_layer(const std::vector<LayerFile>& files, const std::vector<Digest>& contents,
                         const WriteOptions& options, const EarlierLayers& earlier,
                         support::ByteSink& out, const std::stop_token& stop) {
  return Writing(files, contents, options, earlier, out, stop).run();
}

}  // namespace ocibuild::layer
