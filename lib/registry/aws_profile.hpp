// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::registry {

/// Settings of an AWS profile, keys in lower case.
using AwsProfile = std::map<std::string, std::string>;

/// Sections of an INI file by their title. Comment lines begin with '#' or ';'; indented (nested)
/// settings and lines that are neither section nor setting are skipped.
std::map<std::string, AwsProfile> parse_ini(std::string_view text);

/// The profile `name` of both files; the credentials file wins for each key. Nothing: in neither.
std::optional<AwsProfile> find_profile(const std::map<std::string, AwsProfile>& credentials,
                                       const std::map<std::string, AwsProfile>& config,
                                       const std::string& name);

/// Splits a command line into words as a shell does with blanks, quotes and backslashes, without
/// expanding anything. Nothing: a quote is not closed, or there is no word.
std::optional<std::vector<std::string>> split_words(std::string_view text);

}  // namespace ocibuild::registry
