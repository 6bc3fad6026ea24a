// SPDX-License-Identifier: Apache-2.0
#include "oci/rootfs_path.hpp"

#include <cassert>

namespace ocibuild::oci {

namespace {

/// Appends the components of `text` to the clean path `out`.
void append_clean(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t slash = text.find('/');
    const std::string_view component = text.substr(0, slash);
    if (component == "..") {
      const std::size_t last = out.rfind('/');
      out.resize(last == std::string::npos ? 0 : last);
    } else if (!component.empty() && component != ".") {
      if (!out.empty()) out += '/';
      out += component;
    }
    if (slash == std::string_view::npos) return;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

RootfsPath::RootfsPath(std::string_view text) {
  append_clean(text_, text);
}

std::string_view RootfsPath::name() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? std::string_view(text_)
                                    : std::string_view(text_).substr(slash + 1);
}

RootfsPath RootfsPath::parent() const {
  RootfsPath out;
  const std::size_t slash = text_.rfind('/');
  if (slash != std::string::npos) out.text_ = text_.substr(0, slash);
  return out;
}

RootfsPath RootfsPath::child(std::string_view name) const {
  RootfsPath out;
  out.text_.reserve(text_.size() + 1 + name.size());
  out.text_ = text_;
  if (!out.text_.empty()) out.text_ += '/';
  out.text_ += name;
  return out;
}

RootfsPath RootfsPath::operator/(std::string_view relative) const {
  RootfsPath out = *this;
  append_clean(out.text_, relative);
  return out;
}

bool RootfsPath::is_within(const RootfsPath& directory) const {
  if (directory.is_root()) return true;
  if (!text_.starts_with(directory.text_)) return false;
  return text_.size() == directory.text_.size() || text_[directory.text_.size()] == '/';
}

bool RootfsPath::is_directly_in(const RootfsPath& directory) const {
  return text_ != directory.text_ && is_within(directory) &&
         relative_to(directory).find('/') == std::string_view::npos;
}

std::string_view RootfsPath::relative_to(const RootfsPath& directory) const {
  assert(is_within(directory));
  if (directory.is_root()) return text_;
  return text_.size() == directory.text_.size()
             ? std::string_view{}
             : std::string_view(text_).substr(directory.text_.size() + 1);
}

std::vector<RootfsPath> RootfsPath::parents_below(const RootfsPath& directory) const {
  assert(is_within(directory));
  std::vector<RootfsPath> out;
  const std::size_t begin = directory.is_root() ? 0 : directory.text_.size() + 1;
  for (std::size_t slash = text_.find('/', begin); slash != std::string::npos;
       slash = text_.find('/', slash + 1)) {
    RootfsPath parent;
    parent.text_ = text_.substr(0, slash);
    out.push_back(std::move(parent));
  }
  return out;
}

bool leaves_root(std::string_view text) {
  int depth = 0;
  while (!text.empty() && depth >= 0) {
    const std::size_t slash = text.find('/');
    const std::string_view component = text.substr(0, slash);
    if (component == "..") {
      --depth;
    } else if (!component.empty() && component != ".") {
      ++depth;
    }
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  return depth < 0;
}

}  // namespace ocibuild::oci
