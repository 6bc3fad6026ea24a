// SPDX-License-Identifier: Apache-2.0
#include "commands/engine_load.hpp"

#include <ocibuild/transfer.hpp>

#include "console.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

class EngineLoad {
public:
  EngineLoad(const BuildOptions& options, const BuildResult& result, Invocation& invocation)
      : store_(options.request.store),
        images_{{result.manifest, options.names, {}}},
        invocation_(invocation),
        console_(invocation.console) {}

  void run() {
    const EngineChoice choice = engine_choice(invocation_.flags, invocation_.io);
    if (!choice.note.empty()) console_.note(choice.note);
    if (choice.is_named) return load(choice.sockets.front());
    for (const auto& socket : choice.sockets) {
      if (tried(socket)) return;
    }
    if (forbidden_) warn(*forbidden_);
  }

private:
  void load(const std::filesystem::path& socket) {
    const auto said =
        ocibuild::load_into_engine(store_, images_, socket, console_, invocation_.io.stop);
    for (const std::string& line : said) console_.debug("the engine says: " + terminal_text(line));
  }

  /// False: the next one may be the one to ask.
  bool tried(const std::filesystem::path& socket) {
    try {
      load(socket);
    } catch (const Error& error) {
      if (error.code() == Errc::interrupted) throw;
      const std::string& id = error.diagnostic().id;
      if (id == "engine-absent" || id == "engine-forbidden") {
        console_.debug(terminal_text(error.what()));
        if (id == "engine-forbidden" && !forbidden_) forbidden_ = error;
        return false;
      }
      warn(error);
    }
    return true;
  }

  void warn(const Error& error) {
    Diagnostic diagnostic = error.diagnostic();
    diagnostic.message = "the image is in the store only: " + diagnostic.message;
    diagnostic.id = "engine-not-loaded";
    if (diagnostic.helps.size() < 3)
      diagnostic.helps.push_back(
          "--host none, or host = \"none\" in the configuration, asks no engine");
    console_.on_event(Warning{std::move(diagnostic)});
  }

  const std::filesystem::path& store_;
  const std::vector<SavedImage> images_;
  Invocation& invocation_;
  Console& console_;
  std::optional<Error> forbidden_{};
};

}  // namespace

void load_into_engine(const BuildOptions& options, const BuildResult& result,
                      Invocation& invocation) {
  EngineLoad(options, result, invocation).run();
}

}  // namespace ocibuild::program
