// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ocibuild::program {

/// The part of Go's templates that docker's users write for --format (docs/reference/cli.md, 8.4):
/// `{{.A.B}}`, `{{json .A}}`, `{{index .A 0}}`, `{{index .A "key"}}`; `\t` and `\n` in the text
/// between; `table ` in front.
class GoTemplate {
public:
  /// `origin` is the flag. @throws Error(Errc::usage) for everything else that Go knows
  static GoTemplate parse(std::string_view text, const std::string& origin);

  /// For `table `, whose text has a column between any two tabs: the fields' names stand over them.
  bool is_table() const { return table_; }
  /// The name of the only field of each column, or an empty text.
  std::vector<std::string> columns() const;
  /// `json`: the object that "." is. Control characters of it are escaped.
  /// @throws Error(Errc::usage) for a field that it has not, Error(Errc::failed, template-index)
  std::string render(std::string_view json) const;

private:
  struct Action {
    std::vector<std::string> path{};  ///< empty: "."
    bool as_json = false;
    std::vector<std::variant<std::size_t, std::string>> indexes{};
  };
  using Piece = std::variant<std::string, Action>;

  static Action parse_action(std::string_view text, const std::string& origin);

  std::vector<Piece> pieces_;
  bool table_ = false;
};

}  // namespace ocibuild::program
