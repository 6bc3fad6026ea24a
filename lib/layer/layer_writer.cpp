// SPDX-License-Identifier: Apache-2.0
#include "layer/layer_writer.hpp"

#include <functional>
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
    write_front(earlier_.longest_front(keys_));
    write_rest();
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

  void write_rest() {
    const std::size_t begin = list_.chunks.size();
    if (plan_.size() - begin <= 1) {
      // Not worth a thread.
      if (begin < plan_.size()) add(make_work()(begin));
      return;
    }
    const std::size_t most = 2 * std::size_t{options_.jobs};
    support::OrderedWorkers<std::size_t, MadeChunk> workers(options_.jobs, most,
                                                            [this] { return make_work(); });
    for (std::size_t i = begin; i < plan_.size(); ++i) {
      if (workers.under_way() == most) add(workers.take());
      workers.push(i);
    }
    while (workers.under_way() > 0) add(workers.take());
  }

  std::function<MadeChunk(std::size_t)> make_work() const {
    return [this, maker = std::make_shared<ChunkMaker>(files_, options_.setting, stop_)](
               std::size_t i) { return maker->make(plan_[i], earlier_.find(keys_[i])); };
  }

  /// The next chunk in order.
  void add(const MadeChunk& made) {
    diff_id_.write(made.tar);
    write(made.stored());
    list_.chunks.push_back({keys_[list_.chunks.size()], made.tar.size(), made.stored().size()});
    const std::size_t count = list_.chunks.size();
    if (count % chunks_between_checkpoints == 0)
      list_.checkpoints.push_back({count, diff_id_.midstate(), digest_.so_far()});
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
