// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include <ocibuild/doctor.hpp>
#include <ocibuild/image.hpp>

#include "registry/session.hpp"

/// One function a check of doctor(). Each appends to `found.checks` and fills what it learns;
/// false, or nothing: it found a problem, which is the last of the checks then.
namespace ocibuild::engine {

/// "ghcr.io:443", "[::1]:5000": what a firewall's list wants.
std::string host_and_port(const http::Origin& origin);

/// First answers by registry name: a second name of the same registry finds the connection made,
/// and a host that cannot be reached is waited for once.
using FirstAnswers = std::map<std::string, registry::Answer>;

/// Name, connection, TLS, and whether what answers at /v2/ can be a registry.
bool check_connection(registry::Session& session, FirstAnswers& first, DoctorSource& found);
/// Our clock against that of `found`: tokens and signatures count on five minutes.
void check_clock(DoctorSource& found);
/// Who we are there. Only where somebody asks: a public image starts no helper.
bool check_credentials(registry::Session& session, DoctorSource& found);
/// A bearer token for `scopes`, where the registry wants one.
bool check_token(registry::Session& session, const registry::Scopes& scopes, DoctorSource& found);
/// /v2/ with the credentials, for a host without an image.
bool check_login(registry::Session& session, DoctorSource& found);
/// The manifest of `reference`, and one of its blobs to try.
std::optional<Descriptor> check_manifest(registry::Session& session, const std::string& reference,
                                         DoctorSource& found);
/// The first byte of a blob, through its redirects.
bool check_blob(registry::Session& session, const Descriptor& blob, DoctorSource& found);
/// The connection to the server of a file, and the first byte of it, through its redirects.
bool check_file(registry::Network& network, const http::Url& url, DoctorSource& found);
/// An upload is opened and given up.
bool check_push(registry::Session& session, DoctorSource& found);

}  // namespace ocibuild::engine
