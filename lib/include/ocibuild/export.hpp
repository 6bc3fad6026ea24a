// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Marks the symbols that the shared library exports; everything else is hidden.
#if defined(_WIN32)
#define OCIBUILD_API
#else
#define OCIBUILD_API __attribute__((visibility("default")))
#endif
