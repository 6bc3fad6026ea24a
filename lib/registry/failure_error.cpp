// SPDX-License-Identifier: Apache-2.0
// Errors of the network itself (docs/reference/registry.md, 12, lower half of the table).
#include <algorithm>
#include <array>
#include <ctime>

#include "registry/registry_error.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using http::Failure;
using support::concat;

namespace {

struct Text {
  Errc code;
  std::string id;
  std::string message;
  std::vector<std::string> notes{};
  std::vector<std::string> helps{};
};

std::string host_of(const Answer& answer) {
  return answer.hosts.empty() ? answer.url.origin.authority() : answer.hosts.back();
}

/// The hosts that large registries serve layers from, for a firewall's list.
std::string layer_hosts(const std::string& registry) {
  if (registry == "docker.io") {
    return "docker.io serves layers from production.cloudflare.docker.com, "
           "production.cloudfront.docker.com and *.r2.cloudflarestorage.com";
  }
  if (registry == "ghcr.io")
    return "ghcr.io serves layers from pkg-containers.githubusercontent.com";
  if (registry == "quay.io") return "quay.io serves layers from cdn*.quay.io";
  if (registry.find(".ecr.") != std::string::npos)
    return "ECR serves layers from an S3 bucket of its region; a VPC needs an S3 gateway endpoint";
  return {};
}

/// As OpenSSL writes the dates of a certificate.
std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%b %e %H:%M:%S %Y GMT", &parts);
  return text.data();
}

Text redirect_blocked(const Doing& doing, const Answer& answer) {
  Text out{
      Errc::network_setup, "redirect-blocked",
      concat(doing.registry, " serves layers from ", host_of(answer), ", which cannot be reached")};
  out.notes = {answer.failure->text, layer_hosts(doing.registry)};
  out.helps = {concat("allow ", host_of(answer), " in the firewall too, or use a mirror")};
  return out;
}

Text untrusted(const Doing& doing, const Answer& answer, const Failure& failure) {
  Text out{Errc::network_setup, "tls-untrusted",
           concat("the certificate of ", host_of(answer), " is not trusted")};
  out.notes.push_back(concat("shown: ", support::escape_controls(failure.subject),
                             ", issued by: ", support::escape_controls(failure.issuer)));
  out.notes.push_back(
      doing.trust.file.empty()
          ? "this machine has no bundle of CAs (Debian and Alpine: package ca-certificates)"
          : concat(doing.trust.authorities, " CAs trusted, from ", doing.trust.file));
  out.notes.push_back(proxy_note(answer));
  out.helps = {
      "if a proxy re-signs connections, get its CA as a PEM file, then:  ocibuild --cacert "
      "FILE …   (or cacert= in the config file, or SSL_CERT_FILE)",
      concat("look at it:  openssl s_client -showcerts -connect ", host_of(answer),
             answer.url.origin.port == 443 ? ":443" : "")};
  return out;
}

/// Who is no TLS server, who is one but not for us, and who does not say.
Text no_handshake(const Answer& answer, const Failure& failure) {
  const std::string host = host_of(answer);
  Text out{Errc::network_setup, "tls-failed", "", {failure.text, proxy_note(answer)}};
  if (failure.wants_tls || failure.text.find(" alert ") != std::string::npos) {
    out.message = concat(host, " speaks TLS, but does not agree with us on how");
    if (failure.wants_tls) out.notes.push_back("over plain HTTP it asks for TLS");
    out.helps = {concat("look at it:  openssl s_client -connect ", host_of(answer),
                        answer.url.origin.port == 443 ? ":443" : "")};
  } else {
    out.message = concat(host, " does not speak TLS");
    out.helps = {concat("if it is a plain HTTP registry:  --insecure-registry ", host)};
  }
  return out;
}

Text proxied(const Answer& answer, const Failure& failure) {
  const std::string& proxy = answer.via_proxy;
  const std::string target = concat(answer.url.origin.host, ':', answer.url.origin.port);
  const std::string set =
      answer.proxy_setting.empty() ? "" : concat("that proxy is set by ", answer.proxy_setting);
  // A SOCKS proxy has no status.
  const std::string status =
      failure.connect_status == 0 ? "" : concat(" (", failure.connect_status, ')');
  switch (failure.kind) {
    case Failure::Kind::proxy_auth: {
      const std::string offers =
          failure.proxy_schemes.empty() ? "" : concat("it offers: ", failure.proxy_schemes);
      return {Errc::network_setup,
              "proxy-auth",
              concat("the proxy ", proxy, " wants a user and password that it knows", status),
              {set, offers},
              {"a proxy's address may hold them: http://USER:PASSWORD@HOST:PORT"}};
    }
    case Failure::Kind::proxy_refused:
      return {Errc::network_setup,
              "proxy-refused",
              concat("the proxy ", proxy, " does not let us reach ", target, status),
              {set, failure.connect_status == 0 ? failure.text : std::string()},
              {concat("ask for ", answer.url.origin.host,
                      " to be allowed, or use a mirror:  "
                      "--registry-mirror HOST")}};
    default:
      return {Errc::network_setup,
              "proxy-unreachable",
              concat("the proxy ", proxy, " cannot be reached"),
              {set, failure.text},
              {"is that setting right?  NO_PROXY lists what is reached without it"}};
  }
}

Text broken(const Doing& doing, const Answer& answer, const Failure& failure) {
  if (failure.kind == Failure::Kind::stalled) {
    return {Errc::retry_later,
            "stalled",
            concat("nothing moves any more between here and ", host_of(answer)),
            {concat(failure.received + failure.sent, " bytes moved, then ", failure.text),
             proxy_note(answer)}};
  }
  if (doing.push && failure.sent > 0) {
    return {Errc::retry_later,
            "upload-broken",
            concat(host_of(answer), " keeps cutting the upload"),
            {concat(failure.sent, " bytes were sent")},
            {"a gateway in front of it may limit size or time of uploads"}};
  }
  return {Errc::retry_later,
          "connection-lost",
          concat("the connection to ", host_of(answer), " was lost"),
          {failure.text}};
}

Text text_of(const Doing& doing, const Answer& answer) {
  const Failure& failure = *answer.failure;
  const std::string host = host_of(answer);
  using enum Failure::Kind;
  switch (failure.kind) {
    case proxy_dns:
    case proxy_connect:
    case proxy_auth:
    case proxy_refused:
      return proxied(answer, failure);
    case tls_untrusted:
      return untrusted(doing, answer, failure);
    case tls_name:
      return {Errc::network_setup,
              "tls-name",
              concat("the certificate of ", host, " is for another name"),
              {concat("shown: ", support::escape_controls(failure.subject)),
               concat("it is for: ", support::escape_controls(failure.names)), proxy_note(answer)},
              {concat("is ", host, " the right name?")}};
    case tls_time:
      return {Errc::network_setup,
              "tls-clock",
              concat("the certificate of ", host, " is not valid now"),
              {concat("shown: ", support::escape_controls(failure.subject)),
               concat("it is valid from ", support::escape_controls(failure.not_before), " to ",
                      support::escape_controls(failure.not_after), "; the clock here says ",
                      now_utc())},
              {"is the clock of this machine right?"}};
    case tls_handshake:
      return no_handshake(answer, failure);
    case certificate_file:
      return {Errc::network_setup,
              "certificate-file",
              "a certificate file cannot be used",
              {failure.text}};
    case dns:
    case connect:
    case connect_timeout:
      if (answer.redirected()) return redirect_blocked(doing, answer);
      break;
    default:
      return broken(doing, answer, failure);
  }
  if (failure.kind == dns) {
    Text out{Errc::network_setup, "dns-unknown", concat("the host ", host, " is not known")};
    if (answer.via_proxy.empty())
      out.notes = {"no proxy is set; behind a firewall names often resolve only through one"};
    return out;
  }
  const bool timeout = failure.kind == connect_timeout;
  return {Errc::retry_later,
          timeout ? "connect-timeout" : "connect-refused",
          concat(timeout ? "no connection in time to " : "no connection to ", host),
          {failure.text},
          {"ocibuild doctor shows what is in the way"}};
}

}  // namespace

Error failure_error(const Doing& doing, const Answer& answer) {
  Text text = text_of(doing, answer);
  text.notes.push_back(tried_note(answer));
  if (!doing.what.empty()) text.notes.push_back(concat("while ", doing.what));
  std::erase(text.notes, "");
  return {text.code, {text.id, text.message, {}, text.notes, text.helps}};
}

}  // namespace ocibuild::registry
