// SPDX-License-Identifier: Apache-2.0
#include "commands/plan.hpp"

#include <map>

#include <ocibuild/transfer.hpp>

#include "console.hpp"
#include "progress_text.hpp"
#include "rebuild_text.hpp"
#include "table.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t longest_instruction = 60;
constexpr std::size_t shown_causes = 3;  // of a layer; --format json has all

const char* state_text(PlannedLayer::State state) {
  switch (state) {
    case PlannedLayer::State::base:
      return "base";
    case PlannedLayer::State::reused:
      return "reuse";
    case PlannedLayer::State::built:
      return "make";
    case PlannedLayer::State::unknown:
      break;
  }
  return "unknown";
}

std::string size_text(const PlannedLayer& layer) {
  if (layer.blob) return human_size(layer.blob->size);
  if (layer.unpacked == 0) return "?";
  return "at most " + human_size(layer.unpacked);
}

std::string why_text(const PlannedLayer& layer) {
  std::string out;
  for (const std::string& line : cause_lines(layer.causes, shown_causes))
    out += (out.empty() ? "" : "; ") + line;
  if (layer.copied > 0)
    out += "; " + human_size(layer.copied) + " of it are copied from earlier layers";
  if (!layer.shared_cache.empty()) out += "from cache " + terminal_text(layer.shared_cache);
  return out;
}

std::string image_text(const PlannedImage& image, const Look& look) {
  std::string out = image.platform.str() + " from ";
  if (!image.base_digest) return out + "scratch\n";
  out += image.base_name ? terminal_text(image.base_name->familiar()) : "a layout";
  return out + ' ' + short_digest(image.base_digest->str(), look) + '\n';
}

std::string layers_text(const PlannedImage& image) {
  Table table({"LAYER", "SIZE", "INSTRUCTION", "LINE", "WHY"});
  for (const PlannedLayer& layer : image.layers) {
    table.add(
        {state_text(layer.state), size_text(layer),
         terminal_text(layer.instruction, longest_instruction),
         layer.file.empty() ? "" : terminal_text(layer.file) + ':' + std::to_string(layer.line),
         why_text(layer)});
  }
  return image.layers.empty() ? "no layers\n" : table.str();
}

/// What goes one way between here and a host.
struct Sum {
  std::uint64_t bytes = 0;
  std::size_t unknown = 0;  ///< transfers whose size is not known
  bool is_bound = false;    ///< it may be less

  void add(const PlannedTransfer& transfer) {
    bytes += transfer.bytes.value_or(0);
    unknown += transfer.bytes ? 0 : 1;
    is_bound = is_bound || transfer.state == PlannedTransfer::State::at_most;
  }
  std::string text() const {
    std::string out = is_bound && bytes > 0 ? "at most " : "";
    if (bytes > 0 || unknown == 0) out += human_size(bytes);
    if (unknown == 0) return out;
    return out + (out.empty() ? "" : " and ") + std::to_string(unknown) + " of unknown size";
  }
};

struct HostSums {
  Sum fetched;
  Sum sent;
  Sum there;  ///< already, or in another repository of the host
};

std::string hosts_text(const PlannedTransfers& transfers) {
  std::map<std::string, HostSums> hosts;
  for (const PlannedTransfer& transfer : transfers) {
    HostSums& host = hosts[transfer.host];
    const bool moves = transfer.state == PlannedTransfer::State::certain ||
                       transfer.state == PlannedTransfer::State::at_most;
    (!moves ? host.there : transfer.upload ? host.sent : host.fetched).add(transfer);
  }
  if (hosts.empty()) return "nothing would be fetched or sent\n";
  Table table({"HOST", "FETCH", "SEND", "ALREADY THERE"});
  for (const auto& [name, sums] : hosts)
    table.add({terminal_text(name), sums.fetched.text(), sums.sent.text(), sums.there.text()});
  return table.str();
}

}  // namespace

void print_plan(const BuildOptions& options, Invocation& invocation) {
  const BuildRequest& request = options.request;
  const BuildPlan plan = plan_build(request, invocation.console, invocation.io.stop);
  PlannedTransfers transfers = plan.downloads;
  if (options.push) {
    Pusher pusher({request.store, request.cache, *request.network}, invocation.console,
                  invocation.io.stop);
    const PlannedTransfers pushed = pusher.plan(plan, options.names);
    transfers.insert(transfers.end(), pushed.begin(), pushed.end());
  }
  const OutputStream& out = invocation.io.out;
  if (invocation.flags.text("format") == "json") return out.sink->write(plan_json(plan, transfers));
  const Look look = look_of(invocation.flags, invocation.io, out);
  std::string text;
  for (const PlannedImage& image : plan.images)
    text += image_text(image, look) + layers_text(image) + '\n';
  out.sink->write(text + hosts_text(transfers));
}

}  // namespace ocibuild::program
