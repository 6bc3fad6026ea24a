// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/pattern.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace ocibuild::dockerfile {

Pattern::Characters Pattern::characters_of(std::string_view text) {
  Characters out;
  const auto is_continuation = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t wanted = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::size_t size = 1;
    while (size < wanted && i + size < text.size() && is_continuation(text[i + size])) ++size;
    if (size != wanted) size = 1;
    out.push_back(text.substr(i, size));
    i += size;
  }
  return out;
}

std::optional<Pattern> Pattern::parse(std::string_view text, std::string& wrong) {
  Pattern out;
  const Characters characters = characters_of(text);
  if (characters.size() > longest) {
    wrong = support::concat("a pattern of more than ", longest, " characters");
    return std::nullopt;
  }
  for (std::size_t i = 0; i < characters.size(); ++i) {
    std::string_view c = characters[i];
    if (c == "*") {
      out.segments_.emplace_back();
      continue;
    }
    if (c == "?") {
      out.segments_.back().emplace_back(std::nullopt);
      continue;
    }
    if (c == "\\") {
      const std::string_view next = i + 1 < characters.size() ? characters[i + 1] : "";
      static constexpr std::string_view quotable = "*?\\}/";
      if (next.empty() || quotable.find(next) == std::string_view::npos) {
        wrong = support::concat("the escape ", support::quote(support::concat("\\", next)));
        return std::nullopt;
      }
      c = next;
      ++i;
    }
    out.segments_.back().emplace_back(std::string(c));
  }
  return out;
}

bool Pattern::matches_at(const Segment& segment, const Characters& text, std::size_t at) {
  if (segment.size() > text.size() - at) return false;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] && *segment[i] != text[at + i]) return false;
  }
  return true;
}

std::optional<std::size_t> Pattern::find(const Segment& segment, const Characters& text,
                                         std::size_t from) {
  for (std::size_t at = from; at + segment.size() <= text.size(); ++at) {
    if (matches_at(segment, text, at)) return at;
  }
  return std::nullopt;
}

std::optional<std::size_t> Pattern::find_last(const Segment& segment, const Characters& text,
                                              std::size_t from) {
  if (from + segment.size() > text.size()) return std::nullopt;
  for (std::size_t at = text.size() - segment.size() + 1; at-- > from;) {
    if (matches_at(segment, text, at)) return at;
  }
  return std::nullopt;
}

// Every inner segment may be taken where it first fits: a later place leaves less room for the rest
// and never gives a shorter or longer match. Only the last one decides about the length.
std::optional<std::size_t> Pattern::end_of_match(const Characters& text, std::size_t at,
                                                 bool longest_match) const {
  for (std::size_t i = 1; i < segments_.size(); ++i) {
    const bool last = i + 1 == segments_.size();
    const auto found =
        last && longest_match ? find_last(segments_[i], text, at) : find(segments_[i], text, at);
    if (!found) return std::nullopt;
    at = *found + segments_[i].size();
  }
  return at;
}

std::optional<std::size_t> Pattern::prefix(const Characters& text, bool longest_match) const {
  if (!matches_at(segments_.front(), text, 0)) return std::nullopt;
  return end_of_match(text, segments_.front().size(), longest_match);
}

std::optional<Pattern::Match> Pattern::search(const Characters& text, std::size_t from) const {
  const auto begin = find(segments_.front(), text, from);
  if (!begin) return std::nullopt;
  const auto end = end_of_match(text, *begin + segments_.front().size(), true);
  if (!end) return std::nullopt;
  return Match{*begin, *end};
}

std::string Pattern::without_prefix(std::string_view value, bool longest_match) const {
  const Characters characters = characters_of(value);
  std::string out;
  for (std::size_t i = prefix(characters, longest_match).value_or(0); i < characters.size(); ++i) {
    out += characters[i];
  }
  return out;
}

std::string Pattern::without_suffix(std::string_view value, bool longest_match) const {
  Characters characters = characters_of(value);
  std::reverse(characters.begin(), characters.end());
  Pattern mirrored = *this;
  std::reverse(mirrored.segments_.begin(), mirrored.segments_.end());
  for (Segment& segment : mirrored.segments_) std::reverse(segment.begin(), segment.end());
  const std::size_t cut = mirrored.prefix(characters, longest_match).value_or(0);
  std::string out;
  for (std::size_t i = characters.size(); i-- > cut;) out += characters[i];
  return out;
}

std::optional<std::string> Pattern::replaced(std::string_view value, std::string_view replacement,
                                             bool all, std::size_t limit) const {
  const Characters text = characters_of(value);
  std::string out;
  std::size_t copied = 0;
  const auto copy_until = [&](std::size_t end) {
    while (copied < end) out += text[copied++];
  };
  std::optional<std::size_t> last_end;
  for (std::size_t from = 0; from <= text.size();) {
    const auto match = search(text, from);
    if (!match) break;
    const bool empty = match->begin == match->end;
    // An empty match right behind another one does not count.
    if (!empty || match->end != last_end) {
      copy_until(match->begin);
      out += replacement;
      if (out.size() > limit) return std::nullopt;
      copied = match->end;
      last_end = match->end;
      if (!all) break;
    }
    from = empty ? match->end + 1 : match->end;
  }
  copy_until(text.size());
  return out;
}

}  // namespace ocibuild::dockerfile
