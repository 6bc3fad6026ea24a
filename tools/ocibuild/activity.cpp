// SPDX-License-Identifier: Apache-2.0
#include "activity.hpp"

#include <algorithm>

#include "progress_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::chrono::seconds rate_window{3};
constexpr std::chrono::milliseconds shortest_span{500};

}  // namespace

void RateMeter::add(Time now, std::uint64_t done) {
  // A transfer that starts again has no rate yet.
  if (!samples_.empty() && done < samples_.back().second) samples_.clear();
  samples_.emplace_back(now, done);
  while (samples_.size() > 2 && samples_[1].first + rate_window <= now) samples_.pop_front();
}

std::optional<std::uint64_t> RateMeter::rate(Time now) const {
  if (samples_.empty()) return std::nullopt;
  // The youngest sample that is older than the window; what came since then counts.
  auto from = samples_.begin();
  while (std::next(from) != samples_.end() && std::next(from)->first + rate_window <= now) ++from;
  const auto span = now - from->first;
  if (span < shortest_span) return std::nullopt;
  const std::uint64_t bytes = samples_.back().second - from->second;
  return static_cast<std::uint64_t>(static_cast<double>(bytes) /
                                    std::chrono::duration<double>(span).count());
}

void Activity::on_event(const Event& event, Time now) {
  if (const auto* started = std::get_if<StepStarted>(&event)) {
    begin(step_title(place_of(started->platform, started->stage), started->number, started->total,
                     started->instruction),
          now);
  } else if (const auto* read = std::get_if<DockerfileRead>(&event)) {
    begin(terminal_text(read->file) + ": " + counted(read->instructions, "instruction") +
              ", reading the context",
          now);
    last_.clear();  // its errors say where they are
  } else if (const auto* asking = std::get_if<Asking>(&event)) {
    begin(asking_text(*asking), now);
  } else if (const auto* transfers = std::get_if<TransfersStarted>(&event)) {
    doing_.clear();
    groups_.push_back({.movement = transfers->movement,
                       .host = transfers->host,
                       .blobs = transfers->blobs,
                       .started = now});
  } else if (const auto* retry = std::get_if<Retrying>(&event)) {
    retrying(*retry, now);
  } else if (const auto* blob = std::get_if<BlobMoved>(&event)) {
    moved(*blob, now);
  } else {
    end();
  }
}

void Activity::begin(std::string what, Time now) {
  doing_ = std::move(what);
  last_ = doing_;
  since_ = now;
}

void Activity::end() {
  doing_.clear();
  last_.clear();
}

std::string Activity::interrupted() const {
  return last_;
}

void Activity::clear() {
  end();
  groups_.clear();
}

TransferGroup* Activity::group(Movement movement, const std::string& host) {
  const auto at = std::find_if(groups_.begin(), groups_.end(), [&](const TransferGroup& group) {
    return group.movement == movement && group.host == host;
  });
  return at == groups_.end() ? nullptr : &*at;
}

void Activity::retrying(const Retrying& event, Time now) {
  for (TransferGroup& group : groups_) {
    for (Transfer& transfer : group.transfers) {
      if (group.movement != event.movement || transfer.digest != event.digest) continue;
      transfer.retry = event;
      transfer.retry_at = now + event.wait;
    }
  }
}

void Activity::moved(const BlobMoved& event, Time now) {
  TransferGroup* group = this->group(event.movement, event.host);
  if (group == nullptr) return;
  std::vector<Transfer>& all = group->transfers;
  auto at = std::find_if(all.begin(), all.end(),
                         [&](const Transfer& transfer) { return transfer.digest == event.digest; });
  if (event.state == BlobMoved::State::moving) {
    if (at == all.end())
      at = all.insert(at, {.digest = event.digest, .total = event.total, .started = now});
    at->done = event.done;
    at->meter.add(now, event.done);
    at->retry.reset();
    return;
  }
  if (at != all.end()) all.erase(at);
  switch (event.state) {
    case BlobMoved::State::was_there:
      ++group->was_there;
      break;
    case BlobMoved::State::mounted:
      ++group->mounted;
      break;
    case BlobMoved::State::failed:
      ++group->failed;
      break;
    default:
      ++group->moved;
      group->bytes_moved += event.total;
  }
  if (!group->finished()) return;
  finished_.push_back(std::move(*group));
  groups_.erase(groups_.begin() + (group - groups_.data()));
  if (!groups_.empty()) return;
  doing_ = last_;  // its manifest follows, or its layers are read
  since_ = now;
}

}  // namespace ocibuild::program
