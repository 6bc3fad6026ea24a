// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "commands/plan.hpp"
#include "rebuild_text.hpp"

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;

std::string_view word_of(PlannedLayer::State state) {
  switch (state) {
    case PlannedLayer::State::base:
      return "base";
    case PlannedLayer::State::reused:
      return "reused";
    case PlannedLayer::State::built:
      return "built";
    case PlannedLayer::State::unknown:
      return "unknown";
  }
  return "";
}

std::string_view word_of(PlannedTransfer::State state) {
  switch (state) {
    case PlannedTransfer::State::certain:
      return "certain";
    case PlannedTransfer::State::at_most:
      return "at-most";
    case PlannedTransfer::State::was_there:
      return "already-there";
    case PlannedTransfer::State::mounted:
      return "mounted";
  }
  return "";
}

Json image_json(const PlannedImage& image) {
  Json out{{"Kind", "image"}, {"Platform", image.platform.str()}};
  if (image.base_name) out["BaseName"] = image.base_name->str();
  if (image.base_digest) out["BaseDigest"] = image.base_digest->str();
  return out;
}

Json layer_json(const PlannedLayer& layer, const PlannedImage& image) {
  Json out{{"Kind", "layer"},
           {"Platform", image.platform.str()},
           {"State", word_of(layer.state)},
           {"Instruction", layer.instruction}};
  if (!layer.stage.empty()) out["Stage"] = layer.stage;
  if (!layer.file.empty()) out["Source"] = layer.file + ':' + std::to_string(layer.line);
  if (layer.blob) {
    out["Digest"] = layer.blob->digest.str();
    out["SizeBytes"] = layer.blob->size;
  }
  if (layer.unpacked > 0) out["UnpackedBytes"] = layer.unpacked;
  if (layer.state == PlannedLayer::State::built) out["CopiedBytes"] = layer.copied;
  if (!layer.shared_cache.empty()) out["SharedCache"] = layer.shared_cache;
  for (const RebuildCause& cause : layer.causes) {
    Json one{{"Kind", cause_word(cause.kind)}};
    if (!cause.name.empty()) one["Name"] = cause.name;
    if (!cause.before.empty()) one["Before"] = cause.before;
    if (!cause.after.empty()) one["After"] = cause.after;
    out["Causes"].push_back(std::move(one));
  }
  return out;
}

Json transfer_json(const PlannedTransfer& transfer) {
  Json out{{"Kind", "transfer"},
           {"Direction", transfer.upload ? "upload" : "download"},
           {"State", word_of(transfer.state)},
           {"Host", transfer.host},
           {"Instruction", transfer.what}};
  if (transfer.digest) out["Digest"] = transfer.digest->str();
  if (transfer.bytes) out["SizeBytes"] = *transfer.bytes;
  return out;
}

}  // namespace

std::string plan_json(const BuildPlan& plan, const PlannedTransfers& transfers) {
  std::string out;
  // Bytes of a file name that are no UTF-8 must not end the plan.
  const auto line = [&](const Json& json) {
    out += json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  };
  for (const PlannedImage& image : plan.images) {
    line(image_json(image));
    for (const PlannedLayer& layer : image.layers) line(layer_json(layer, image));
  }
  for (const PlannedTransfer& transfer : transfers) line(transfer_json(transfer));
  return out;
}

}  // namespace ocibuild::program
