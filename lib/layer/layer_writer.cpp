// SPDX-License-Identifier: Apache-2.0
#include "layer/layer_writer.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <ocibuild/error.hpp>

#include "layer/chunk_maker.hpp"
#include "layer/chunk_plan.hpp"
#include "oci/hasher.hpp"
#include "support/stop.hpp"
#include "support/worker_pool.hpp"

namespace ocibuild::layer {

namespace {

constexpr std::size_t chunks_between_checkpoints = 8;

/// One layer on its way.
class Writing {
public:
  Writing(const LayerWork& layer, ChunkWorkers& workers, support::ByteSink& out)
      : layer_(layer), workers_(workers), out_(out), plan_(plan_chunks(layer.files)) {}

  WrittenLayer run() {
    find_keys();
    const EarlierLayers::Front front = layer_.earlier.longest_front(keys_);
    if (plan_.size() == 1) {
      add(make(0));  // not worth a thread
    } else {
      write_in_parallel(front);
    }
    list_large_files();
    return {.digests = {.diff_id = DiffId(diff_id_.finish()),
                        .digest = digest_.finish(),
                        .size = digest_.size(),
                        .unpacked = diff_id_.size()},
            .chunks = std::move(list_)};
  }

private:
  /// Of the chunks of which everything is known. All others are known once they are made, soon
  /// enough to take them from an earlier layer. A large file is read before all the same when there
  /// is something that could be taken: what the layer has in common with it may be most of the
  /// file.
  void find_keys() {
    if (!layer_.earlier.empty()) {
      std::vector<std::size_t> wanted = layer_.contents.large();
      std::erase_if(wanted, [&](std::size_t file) { return layer_.contents.is_known(file); });
      layer_.contents.compute(wanted, workers_.jobs(), layer_.stop);
      layer_.earlier.tell_pieces(layer_.contents);
    }
    keys_.resize(plan_.size());
    for (std::size_t i = 0; i < plan_.size(); ++i) keys_[i] = chunk_key(plan_[i], layer_);
  }

  /// Collects the digests of a large file's pieces, which come in order.
  void learn_piece(const Chunk& chunk, const MadeChunk& made) {
    if (!chunk.is_piece || !layer_.contents.pieces(chunk.first).empty()) return;
    pieces_.push_back(made.piece);
    if (chunk.offset + chunk.length < layer_.files[chunk.first].entry.size) return;
    layer_.contents.learn_pieces(chunk.first, std::exchange(pieces_, {}));
  }

  void list_large_files() {
    for (const std::size_t file : layer_.contents.large()) {
      const auto pieces = layer_.contents.pieces(file);
      list_.large_files.push_back({*layer_.contents.find(file), {pieces.begin(), pieces.end()}});
    }
  }

  /// What an earlier layer begins with too is copied, and its diff_id taken over.
  void write_front(const EarlierLayers::Front& front) {
    if (front.layer == nullptr) return;
    support::FdRangeSource source(front.layer->blob->get(), {}, 0, front.packed);
    std::vector<std::byte> buffer(1 << 20);
    while (const std::size_t size = source.read(buffer)) {
      support::throw_if_stopped(layer_.stop);
      give_back_memory_before(*front.layer->blob, digest_.size());
      write({}, support::Bytes(buffer).first(size));
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
    support::WorkerPool beside(2);
    if (takes_most() && workers_.jobs() > 1 && has_thread(beside)) beside_ = &beside;
    write_chunks_behind(front);
    beside_ = nullptr;
  }

  /// True when of most chunks it is known that an earlier layer has them.
  bool takes_most() const {
    const auto taken = std::count_if(keys_.begin(), keys_.end(), [this](const Digest& key) {
      return layer_.earlier.find(key).has_value();
    });
    return 2 * static_cast<std::size_t>(taken) > keys_.size();
  }

  static bool has_thread(support::WorkerPool& pool) {
    try {
      pool.run([] {});
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  void write_chunks_behind(const EarlierLayers::Front& front) {
    RoomTaken room(workers_);
    support::OrderedTasks<MadeChunk> chunks(workers_.pool());
    std::size_t next = front.checkpoint.chunks;
    const auto begin_next = [&] { chunks.push([this, i = next++] { return make(i); }); };
    while (next < plan_.size() && room.take()) begin_next();
    write_front(front);
    while (chunks.under_way() > 0) {
      add(chunks.take());
      if (next < plan_.size()) {
        begin_next();
      } else {
        room.give();
      }
    }
  }

  /// By any thread.
  MadeChunk make(std::size_t i) {
    MadeChunk made = workers_.spare_chunks().take().value_or(MadeChunk());
    auto tools = workers_.spare_tools().take().value_or(nullptr);
    if (!tools) tools = std::make_unique<ChunkTools>();
    ChunkMaker(layer_, *tools).make(plan_[i], keys_[i], made);
    workers_.spare_tools().give(std::move(tools));
    return made;
  }

  /// The next chunk in order.
  void add(MadeChunk made) {
    learn_piece(plan_[list_.chunks.size()], made);
    write(made.tar, made.stored());
    list_.chunks.push_back({.key = made.key,
                            .tar = made.tar.size(),
                            .packed = made.stored().size(),
                            .tar_crc = made.tar_crc,
                            .packed_crc = compress::crc32(made.stored())});
    const std::size_t count = list_.chunks.size();
    if (count % chunks_between_checkpoints == 0)
      list_.checkpoints.push_back({count, diff_id_.midstate(), digest_.so_far()});
    workers_.spare_chunks().give(std::move(made));
  }

  /// Both digests of what is written are made beside writing it, where there are threads for that.
  void write(support::Bytes tar, support::Bytes stored) {
    if (beside_ == nullptr) {
      diff_id_.write(tar);
      digest_.write(stored);
      out_.write(stored);
      return;
    }
    support::OrderedTasks<bool> hashing(*beside_);  // waits for its tasks even if write() throws
    if (!tar.empty()) hashing.push([&] { return diff_id_.write(tar), true; });
    hashing.push([&] { return digest_.write(stored), true; });
    out_.write(stored);
    while (hashing.under_way() > 0) hashing.take();
  }

  const LayerWork& layer_;
  ChunkWorkers& workers_;
  support::ByteSink& out_;
  const std::vector<Chunk> plan_;
  std::vector<Digest> keys_;            // empty: not known before the chunk is made
  std::vector<oci::RawSha256> pieces_;  // of the large file that is being written
  oci::Hasher diff_id_;
  oci::Hasher digest_;
  /// Has two threads, which hash a chunk's tar and the chunk while it is written. Null unless most
  /// chunks are taken from an earlier layer: where they are compressed, that takes longest.
  support::WorkerPool* beside_ = nullptr;
  ChunkList list_;
};

}  // namespace

WrittenLayer write_layer(const std::vector<LayerFile>& files, ContentDigests& contents,
                         const WriteOptions& options, const EarlierLayers& earlier,
                         ChunkWorkers& workers, support::ByteSink& out,
                         const std::stop_token& stop) {
  const LayerWork layer{files, contents, options.setting, options.setting_key, earlier, stop};
  return Writing(layer, workers, out).run();
}

}  // namespace ocibuild::layer
