// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/error.hpp>
#include <ocibuild/upkeep.hpp>

#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "commands/stored_items.hpp"
#include "console.hpp"
#include "prompt.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

StorePlace place_of(const Invocation& invocation) {
  check_arguments(invocation.flags, 0, 0, "");
  StorePlace place{store_root(invocation.flags, invocation.io)};
  place.cache = cache_directory(invocation.flags, invocation.io);
  return place;
}

/// --filter until=TIME; the longest of several.
std::optional<std::chrono::seconds> unused_for(const ParsedFlags& flags) {
  std::optional<std::chrono::seconds> out;
  for (const std::string& filter : flags.list("filter")) {
    constexpr std::string_view key = "until=";
    if (!filter.starts_with(key)) {
      usage_error("--filter takes until=TIME here, such as until=24h, not '" +
                  terminal_text(filter, 100) + "'");
    }
    constexpr std::chrono::hours century(24 * 36525);
    const auto time = std::chrono::ceil<std::chrono::seconds>(
        parse_duration(filter.substr(key.size()), "--filter until=", century));
    out = std::max(out.value_or(time), time);
  }
  return out;
}

CleanRequest clean_request(const Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  CleanRequest request{.place = place_of(invocation)};
  request.keep_bytes = space_limit(flags);
  request.all = flags.on("all") || request.keep_bytes.has_value();
  request.unused_for = unused_for(flags);
  request.dry_run = flags.on("dry-run");
  return request;
}

/// True if the user says yes. @throws Error(Errc::usage) when there is nobody to ask
bool is_wanted(const CleanRequest& request, const Invocation& invocation) {
  if (invocation.flags.on("force") || request.dry_run) return true;
  if (!invocation.io.in_is_terminal)
    usage_error("nobody can be asked, as standard input is no terminal: say -f, or --dry-run");
  const std::string what = request.all
                               ? "build records, and all blobs that no image with a name needs"
                               : "all blobs that no image with a name and no build record needs";
  invocation.console.pause();
  std::string answer = ask(invocation.io, "This removes " + what + ". Go on? [y/N] ");
  for (char& c : answer) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return answer == "y" || answer == "yes";
}

void clean(const CleanRequest& request, Invocation& invocation) {
  const bool json = wants_json(invocation.flags);
  const CleanResult result = clean_store(request, invocation.io.stop);
  if (result.in_use) {
    invocation.console.note(
        "another build, push or pull works with the store: blobs and their records stay this time");
  }
  const std::int64_t now = invocation.io.now;
  std::string out;
  if (json) {
    out = json_of(result.removed, now);
  } else {
    if (!result.removed.empty())
      out = table_of(result.removed, now, invocation.flags.on("no-trunc")) + '\n';
    out += request.dry_run ? "Would be reclaimed: " : "Total reclaimed space: ";
    out += human_size(result.bytes, "") + '\n';
  }
  invocation.io.out.sink->write(out);
}

}  // namespace

void list_cache(Invocation& invocation) {
  const StorePlace place = place_of(invocation);
  const bool json = wants_json(invocation.flags);
  const std::vector<StoredItem> items = list_stored(place);
  const std::int64_t now = invocation.io.now;
  if (json) return invocation.io.out.sink->write(json_of(items, now));
  std::uint64_t reclaimable = 0;
  for (const StoredItem& item : items) reclaimable += is_reclaimable(item) ? item.bytes : 0;
  invocation.io.out.sink->write(table_of(items, now, invocation.flags.on("no-trunc")) +
                                "\nReclaimable: " + human_size(reclaimable, "") +
                                "\nTotal:       " + human_size(bytes_of(items), "") + '\n');
}

void prune_cache(Invocation& invocation) {
  const CleanRequest request = clean_request(invocation);
  wants_json(invocation.flags);  // refuses a wrong format before anybody is asked
  if (is_wanted(request, invocation)) clean(request, invocation);
}

void collect_garbage(Invocation& invocation) {
  CleanRequest request = clean_request(invocation);
  if (!request.keep_bytes) {
    request.keep_bytes = configured_space_limit(invocation.flags);
    request.all = request.all || request.keep_bytes.has_value();
  }
  clean(request, invocation);
}

void print_cache_directory(Invocation& invocation) {
  invocation.io.out.sink->write(place_of(invocation).cache.string() + '\n');
}

void verify_cache(Invocation& invocation) {
  const VerifyResult result = verify_store(place_of(invocation), invocation.io.stop);
  std::string lines;
  for (const Diagnostic& found : result.damage)
    lines += found.id + ": " + terminal_text(found.message) + '\n';
  if (lines.empty()) {
    lines = counted(result.blobs, "blob") + " and " + counted(result.cache_files, "build record") +
            " are whole, " + human_size(result.bytes) + '\n';
  }
  invocation.io.out.sink->write(lines);
  if (result.damage.empty()) return;
  throw Error(Errc::failed, "store-damaged",
              counted(result.damage.size(), "thing") + " of the store " +
                  (result.damage.size() == 1 ? "is" : "are") + " damaged or missing")
      .help("delete the files that are named; damaged build records do no harm")
      .help("then pull, load or build the images again, or remove them with ocibuild rmi");
}

}  // namespace ocibuild::program
