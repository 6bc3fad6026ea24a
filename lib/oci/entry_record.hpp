// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "oci/entry.hpp"
#include "oci/record.hpp"

/// Entries as fields of a record, for the caches that remember what an archive holds.
namespace ocibuild::oci {

/// `last`: the path before it in the list, "" at first. Neighbours share their beginnings: each is
/// what it has in common with the one before, and the rest. That halves the size of the whole file.
void write_path(RecordWriter& out, const std::string& path, std::string& last);
/// Nothing for a text that is no clean path.
std::optional<RootfsPath> read_path(RecordReader& in, std::string& last);

void write_entry(RecordWriter& out, const Entry& entry, std::string& last);
/// Nothing for what is no entry below the root.
std::optional<Entry> read_entry(RecordReader& in, std::string& last);

}  // namespace ocibuild::oci
