// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <ocibuild/version.hpp>

#include "commands/doctor.hpp"
#include "diagnostic_text.hpp"
#include "progress_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

enum class Mark { good, bad, unasked };

std::string padded(std::string text, std::size_t width) {
  const std::size_t now = display_width(text);
  if (now < width) text.append(width - now, ' ');
  return text;
}

std::string milliseconds(std::chrono::microseconds time) {
  return std::to_string((time.count() + 500) / 1000) + " ms";
}

const DoctorCheck* find_check(const DoctorSource& source, std::string_view name) {
  const auto found = std::ranges::find(source.checks, name, &DoctorCheck::name);
  return found == source.checks.end() ? nullptr : &*found;
}

bool is_good(const DoctorSource& source, std::string_view name) {
  const DoctorCheck* check = find_check(source, name);
  return check != nullptr && !check->problem;
}

/// "100;w=21600" as "100 per 6h", anything else as it is.
std::string rate(const std::string& header) {
  const std::size_t window = header.find(";w=");
  if (header.empty() || window == std::string::npos)
    return header.empty() ? "?" : terminal_text(header);
  const std::string seconds = header.substr(window + 3);
  const std::string count = terminal_text(header.substr(0, window));
  const bool number = seconds.size() < 9 && !seconds.empty() &&
                      seconds.find_first_not_of("0123456789") == std::string::npos;
  if (!number) return terminal_text(header);
  const unsigned long window_length = std::stoul(seconds);
  const bool hours = window_length % 3600 == 0;
  return count + " per " + std::to_string(hours ? window_length / 3600 : window_length) +
         (hours ? "h" : "s");
}

std::string left(const std::string& header) {
  return header.empty() ? "?" : terminal_text(header.substr(0, header.find(';')));
}

/// A source that does not even answer has one line.
const DoctorCheck* no_answer(const DoctorSource& source) {
  for (const char* name : {"settings", "dns", "connect", "tls", "api"}) {
    const DoctorCheck* check = find_check(source, name);
    if (check != nullptr && check->problem) return check;
  }
  return nullptr;
}

class Report {
public:
  Report(const DoctorResult& result, const DoctorMachine& machine, const Look& look)
      : result_(result), machine_(machine), look_(look) {}

  std::string str() {
    add_machine();
    for (const Error& problem : result_.problems) add_problem("", problem);
    for (const DoctorSubject& subject : result_.subjects) add_subject(subject);
    for (const std::string& warning : result_.warnings)
      out_ += "warning: " + terminal_text(warning) + '\n';
    if (!result_.hosts.empty()) {
      out_ += "hosts the firewall must allow:";
      for (const std::string& host : result_.hosts) out_ += ' ' + terminal_text(host);
      out_ += '\n';
    }
    out_ += verdict() + '\n';
    return std::move(out_);
  }

private:
  std::string mark(Mark what) const {
    if (what == Mark::unasked) return look_.utf8 ? "-" : "-   ";
    const bool good = what == Mark::good;
    if (look_.utf8) return dressed(look_, good ? "32" : "1;31", good ? "✔" : "✘");
    return dressed(look_, good ? "32" : "1;31", good ? "ok  " : "FAIL");
  }
  std::string arrow() const { return look_.utf8 ? " → " : " -> "; }

  void add_machine() {
    out_ += std::string("ocibuild ") + version + "  " + Platform::host().str() + "  " +
            counted(machine_.cpus, "CPU") + "   store " + terminal_text(machine_.store) + ' ' +
            human_size(machine_.store_bytes) + ", " + human_size(machine_.free_bytes) + " free\n";
    const char* title = "settings  ";
    for (const DoctorRule& rule : result_.rules) {
      out_ += title + terminal_text(rule.setting) + ": " + terminal_text(rule.registry) + arrow() +
              terminal_text(rule.instead) + '\n';
      title = "          ";
    }
    title = "proxy     ";
    if (result_.proxies.empty()) out_ += std::string(title) + "none\n";
    for (const DoctorProxy& proxy : result_.proxies) {
      out_ += title + terminal_text(proxy.url) + " (" + terminal_text(proxy.setting) + ')';
      if (!result_.no_proxy.empty())
        out_ += ", not for " + terminal_text(result_.no_proxy) + exceptions_label(proxy);
      out_ += '\n';
      title = "          ";
    }
    out_ += "trust     " + counted(result_.authorities, "CA");
    for (const std::string& file : result_.trust_files) out_ += ' ' + terminal_text(file);
    out_ += '\n';
  }

  /// A file names its exceptions beside its proxies.
  static const char* exceptions_label(const DoctorProxy& proxy) {
    return proxy.setting.find('/') == std::string::npos ? " (NO_PROXY)" : "";
  }

  /// "MESSAGE   → HELP" where that is short, with the facts below.
  void add_problem(const std::string& head, const Error& problem) {
    const Diagnostic& diagnostic = problem.diagnostic();
    const std::string what = head + message_text(diagnostic.message, look_);
    std::vector<std::string> helps = diagnostic.helps;
    out_ += "  " + mark(Mark::bad) + ' ' + what;
    const bool fits =
        !helps.empty() && display_width(what + message_text(helps.front(), look_)) < 90;
    if (fits) {
      out_ += "  " + arrow() + message_text(helps.front(), look_);
      helps.erase(helps.begin());
    }
    out_ += '\n';
    for (const std::string& note : diagnostic.notes) add_fact("= note: ", note);
    for (const std::string& help : helps) add_fact("= help: ", help);
  }

  void add_fact(const char* title, const std::string& text) {
    out_ += std::string(look_.utf8 ? 6 : 9, ' ') + title + message_text(text, look_) + '\n';
  }

  void add_subject(const DoctorSubject& subject) {
    const bool base = subject.kind == DoctorSubject::Kind::base;
    const bool file = subject.kind == DoctorSubject::Kind::file;
    out_ += (base ? "FROM " : file ? "ADD " : "") + terminal_text(subject.name);
    if (subject.in_store) {
      out_ += std::string("  is in the store: ") + (file ? "nobody" : "no registry") + " is asked";
    }
    if (subject.unknown) out_ += "  is known once the base is in the store";
    out_ += '\n';
    if (subject.problem) add_problem("", *subject.problem);
    std::size_t width = 0;
    for (const DoctorSource& source : subject.sources)
      width = std::max(width, display_width(terminal_text(source.registry)));
    for (const DoctorSource& source : subject.sources) add_source(source, width);
  }

  void add_source(const DoctorSource& source, std::size_t width) {
    const std::string head = padded(terminal_text(source.registry), width) + "  " +
                             (source.proxy ? "proxy   " : "direct  ");
    if (const DoctorCheck* failed = no_answer(source)) return add_problem(head, *failed->problem);
    const Mark how = source.checks.empty() ? Mark::unasked
                     : source.works()      ? Mark::good
                                           : Mark::bad;
    out_ += "  " + mark(how) + ' ' + head + facts(source) + '\n';
    add_details(source);
    for (const DoctorCheck& check : source.checks) {
      if (check.problem) add_problem("", *check.problem);
    }
  }

  std::string facts(const DoctorSource& source) const {
    if (source.checks.empty()) return "not asked: " + terminal_text(source.host);
    std::string out;
    const auto add = [&](const std::string& words) { out += (out.empty() ? "" : "  ") + words; };
    for (const char* name : {"dns", "connect", "tls"}) {
      if (const DoctorCheck* check = find_check(source, name))
        add(std::string(name) + ' ' + milliseconds(check->time));
    }
    if (source.plain_http) add("plain http");
    if (source.insecure && !source.plain_http) add("not verified");
    if (is_good(source, "manifest") && !source.missing)
      add("pull " + terminal_text(source.repository));
    if (is_good(source, "push")) add("push " + terminal_text(source.repository));
    if (find_check(source, "file") == nullptr) add(who(source));
    if (source.clock) {
      char text[32];
      std::snprintf(text, sizeof text, "clock %+.1fs",
                    static_cast<double>(source.clock->count()) / 1e3);
      add(text);
    }
    return out;
  }

  std::string who(const DoctorSource& source) const {
    if (source.credentials.empty()) return "anonymous";
    const std::string user = source.user.empty() ? "a token" : terminal_text(source.user);
    return "as " + user + " (" + message_text(source.credentials, look_) + ')';
  }

  /// What was found beside the times, a line each.
  void add_details(const DoctorSource& source) {
    const auto add = [&](const std::string& words) {
      out_ += "  " + mark(Mark::good) + ' ' + words + '\n';
    };
    if (source.certificate) {
      const DoctorCertificate& shown = *source.certificate;
      add("certificate " + terminal_text(shown.subject) + ", issued by " +
          terminal_text(shown.issuer) +
          (shown.root.empty() ? std::string() : ", trusted through " + terminal_text(shown.root)));
    }
    if (is_good(source, "token")) {
      add("token of " + terminal_text(source.token_host) +
          (source.scopes.empty() ? std::string() : " for " + terminal_text(source.scopes)));
    }
    if (source.missing) add("no image of that name is there yet");
    if (is_good(source, "blob"))
      add("blobs come from " + terminal_text(source.blob_host) + ": reachable");
    if (is_good(source, "file")) add("the file comes from " + terminal_text(source.blob_host));
    if (!source.rate_limit.empty() || !source.rate_left.empty()) {
      add("rate limit " + rate(source.rate_limit) + ", " + left(source.rate_left) + " left");
    }
  }

  std::string verdict() const {
    if (machine_.offline) return "nothing was asked: --offline";
    const std::size_t count = result_.problem_count();
    if (count == 0) return "no problem";
    std::string broken;
    bool mirrored = false;
    bool bases = false;
    for (const DoctorSubject& subject : result_.subjects) {
      if (!subject.works()) broken += (broken.empty() ? "" : ", ") + terminal_text(subject.name);
      const auto first = std::ranges::find_if(
          subject.sources, [](const DoctorSource& source) { return source.works(); });
      mirrored = mirrored || (first != subject.sources.end() && first->mirror);
      bases = bases || subject.kind == DoctorSubject::Kind::base ||
              subject.kind == DoctorSubject::Kind::file;
    }
    const std::string head = counted(count, "problem") + "; ";
    if (!broken.empty()) return head + "in the way of " + broken;
    return head + (bases ? "builds work" : "what was asked for works") +
           (mirrored ? " through the mirror" : " all the same");
  }

  const DoctorResult& result_;
  const DoctorMachine& machine_;
  const Look& look_;
  std::string out_;
};

}  // namespace

std::string doctor_text(const DoctorResult& result, const DoctorMachine& machine,
                        const Look& look) {
  return Report(result, machine, look).str();
}

}  // namespace ocibuild::program
