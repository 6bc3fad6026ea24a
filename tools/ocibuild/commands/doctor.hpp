// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <ocibuild/doctor.hpp>

#include "settings.hpp"

namespace ocibuild::program {

/// What the doctor tells of the machine, and of the settings that the result does not repeat.
struct DoctorMachine {
  unsigned cpus = 0;
  std::string store{};  ///< as shown: "~/.local/share/ocibuild"
  std::uint64_t store_bytes = 0;
  std::uint64_t free_bytes = 0;
  bool offline = false;
};

/// Lines for people (docs/reference/cli.md, 6.8), or one JSON object (6.9).
std::string doctor_text(const DoctorResult& result, const DoctorMachine& machine, const Look& look);
std::string doctor_json(const DoctorResult& result, const DoctorMachine& machine);

}  // namespace ocibuild::program
