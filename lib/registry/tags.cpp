// SPDX-License-Identifier: Apache-2.0
#include "registry/tags.hpp"

#include <algorithm>
#include <numeric>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::registry {

namespace {

constexpr unsigned most_pages = 10;
constexpr std::size_t most_tags = 20'000;
constexpr std::size_t page_limit = 4 * 1024 * 1024;

/// Edits from `a` to `b`. Tags have at most 128 characters.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// Digits at `at` as one number, without the zeros in front.
std::string_view number_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && support::is_digit(text[end])) ++end;
  while (at + 1 < end && text[at] == '0') ++at;
  return text.substr(at, end - at);
}

/// "3.9" before "3.20": runs of digits compare as numbers.
bool is_older(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (support::is_digit(a[i]) && support::is_digit(b[j])) {
      const std::string_view x = number_at(a, i);
      const std::string_view y = number_at(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      i = static_cast<std::size_t>(x.data() - a.data()) + x.size();
      j = static_cast<std::size_t>(y.data() - b.data()) + y.size();
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i;
      ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

}  // namespace

std::string next_page(const http::Headers& headers) {
  for (const std::string& link : headers.all("link")) {
    const std::size_t open = link.find('<');
    const std::size_t close = link.find('>');
    if (open == std::string::npos || close == std::string::npos || close < open) continue;
    const std::string rest = support::to_lower(link.substr(close));
    if (rest.find("rel=\"next\"") == std::string::npos &&
        rest.find("rel=next") == std::string::npos)
      continue;
    return link.substr(open + 1, close - open - 1);
  }
  return {};
}

std::vector<std::string> list_tags(Session& session) {
  std::vector<std::string> out;
  try {
    Call call{.target = "tags/list?n=1000",
              .scopes = Scopes::pull(session.source().repository),
              .doing = "listing tags",
              .body_limit = page_limit};
    for (unsigned page = 0; page < most_pages && out.size() < most_tags; ++page) {
      const Answer answer = session.attempt(call);
      if (!answer.ok()) break;
      std::vector<std::string> tags = parse_tags(answer.body);
      out.insert(out.end(), tags.begin(), tags.end());
      const std::string next = next_page(answer.headers);
      const auto url = next.empty() ? std::nullopt : answer.url.resolve(next);
      if (!url || url->origin != answer.url.origin) break;
      call.url = *url;
    }
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
  }
  return out;
}

std::vector<std::string> nearest_tags(std::vector<std::string> tags, std::string_view wanted,
                                      std::size_t most) {
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (std::string& tag : tags) {
    const std::size_t edits = edits_between(wanted, tag);
    ranked.emplace_back(edits, std::move(tag));
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : is_older(b.second, a.second);
  });
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(most, ranked.size()); ++i)
    out.push_back(std::move(ranked[i].second));
  return out;
}

}  // namespace ocibuild::registry
