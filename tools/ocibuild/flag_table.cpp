// SPDX-License-Identifier: Apache-2.0
#include "flags.hpp"

namespace ocibuild::program {

namespace {

using enum FlagKind;
using enum FlagGroup;
using enum FlagStatus;

constexpr unsigned source_commands = build_command | check_command | doctor_command;
constexpr unsigned listing_commands = images_command | history_command;
constexpr unsigned transfer_commands = build_command | push_command | pull_command | login_command;
constexpr unsigned looking_commands = inspect_command | history_command;
constexpr unsigned network_commands = transfer_commands | doctor_command | looking_commands;
constexpr unsigned cleaning_commands = cache_prune_command | cache_gc_command;
constexpr unsigned cache_commands =
    cache_ls_command | cleaning_commands | cache_dir_command | cache_verify_command;
constexpr unsigned pulling_commands =
    build_command | pull_command | doctor_command | looking_commands;
constexpr unsigned builders = build_command | executor_command;

// Rows that say little are built by these, so that the table stays one line a flag.
constexpr Flag ignored(std::string_view name, FlagKind kind, char letter = 0,
                       unsigned commands = build_command) {
  return {.name = name,
          .letter = letter,
          .kind = kind,
          .value = "V",
          .commands = commands,
          .status = without_effect};
}
constexpr Flag ignored_of_kaniko(std::string_view name, FlagKind kind) {
  return ignored(name, kind, 0, executor_command);
}
constexpr Flag never(std::string_view name, FlagKind kind, std::string_view why, char letter = 0,
                     unsigned commands = build_command) {
  return {.name = name,
          .letter = letter,
          .kind = kind,
          .value = "V",
          .help = why,
          .commands = commands,
          .status = refused};
}
constexpr Flag alias_of_kaniko(std::string_view name, FlagKind kind, std::string_view value,
                               std::string_view same_as, FlagGroup group) {
  return {.name = name,
          .kind = kind,
          .value = value,
          .group = group,
          .commands = executor_command,
          .same_as = same_as};
}

// clang-format off
constexpr Flag table[] = {
    {.name = "file", .letter = 'f', .kind = text, .value = "FILE", .initial = "Dockerfile",
     .help = "the Dockerfile, from the working directory or else from PATH; - is standard input",
     .group = input, .commands = source_commands, .brief = "Build"},
    {.name = "target", .kind = text, .value = "STAGE",
     .help = "stage to build: its name, or the number of an unnamed one", .group = input, .commands = source_commands | executor_command, .brief = "Build"},
    {.name = "build-arg", .kind = list, .value = "K[=V]",
     .help = "value for an ARG; without =V from the environment", .group = input, .commands = source_commands | executor_command, .brief = "Build"},
    {.name = "build-arg-file", .kind = list, .value = "FILE",
     .help = "K=V lines for ARGs; --build-arg wins", .group = input, .commands = source_commands},
    {.name = "build-context", .kind = list, .value = "NAME=SOURCE",
     .help = "directory, oci-layout://DIR[:TAG|@DIGEST] or docker-image://NAME (also of a registry) that takes the place of "
             "the stage or image NAME", .group = input, .commands = source_commands},
    {.name = "ignorefile", .kind = text, .value = "FILE", .help = "patterns of files that COPY does not see, instead of FILE.dockerignore and .dockerignore",
     .group = input, .commands = source_commands},
    {.name = "platform", .kind = list, .value = "OS/ARCH", .initial = "the base's, else the host's",
     .help = "platform of the image; several, by comma or repeated, make an index; also DOCKER_DEFAULT_PLATFORM",
     .group = input, .commands = source_commands, .brief = "Build", .variable = "DOCKER_DEFAULT_PLATFORM"},

    {.name = "tag", .letter = 't', .kind = list, .value = "NAME",
     .help = "name of the image; repeat for more", .group = output, .brief = "Build"},
    {.name = "output", .letter = 'o', .kind = list, .value = "SPEC",
     .help = "type=TYPE[,dest=FILE|-|DIR/][,KEY=VALUE]: where the result goes; types: image "
             "(the store), registry, oci, docker, tar and local (the files: one tar, a directory); keys: name, tar, compression, compression-level, force-compression, oci-mediatypes, rewrite-timestamp, annotation.K",
     .group = output, .brief = "Result"},
    {.name = "push", .help = "send the image to the registries of its -t names", .group = output, .brief = "Result"},
    {.name = "no-push", .help = "push nothing, whatever else says so", .group = output, .commands = builders},
    {.name = "load", .help = "keep the image in the store, whatever -o and --push say, and load it into a Docker or podman that listens here",
     .group = output, .brief = "Result"},
    {.name = "host", .letter = 'H', .kind = text, .value = "unix://PATH|none", .initial = "docker's and podman's own",
     .help = "with --load: the socket of the container engine; none: only the store; also DOCKER_HOST, docker's context, CONTAINER_HOST", .group = output,
     .variable = "DOCKER_HOST"},
    {.name = "format", .kind = text, .value = "oci|docker", .initial = "oci",
     .help = "media types; also BUILDAH_FORMAT", .group = output, .brief = "Result", .variable = "BUILDAH_FORMAT"},
    {.name = "compression", .kind = text, .value = "gzip|zstd|uncompressed", .initial = "gzip",
     .help = "of new layers", .group = output, .commands = builders},
    {.name = "compression-format", .kind = text, .value = "V", .group = output, .commands = build_command | push_command,
     .same_as = "compression"},
    {.name = "compression-level", .kind = text, .value = "N", .help = "gzip 1 to 12 (if none is given, 6 for text and 5 for the rest), zstd 1 to 19 [3]", .group = output, .commands = builders},
    {.name = "force-compression", .help = "layers of bases too: those in another compression are brought into this one", .group = output},
    {.name = "label", .kind = list, .value = "K=V", .help = "label, wins over LABEL", .group = output, .commands = builders, .brief = "Build"},
    {.name = "annotation", .kind = list, .value = "[TYPE:]K=V",
     .help = "annotation; TYPE: manifest, index, manifest-descriptor, index-descriptor; of one platform: manifest[linux/arm64]",
     .group = output},
    {.name = "iidfile", .kind = text, .value = "FILE", .help = "write the image ID (digest of config or index)",
     .group = output, .brief = "Result"},
    {.name = "metadata-file", .kind = text, .value = "FILE", .help = "write JSON about the result, or the error",
     .group = output, .brief = "Result"},
    {.name = "digest-file", .kind = text, .value = "FILE", .help = "write the digest of manifest or index", .group = output, .commands = builders},
    {.name = "digestfile", .kind = text, .value = "V", .group = output, .same_as = "digest-file"},
    {.name = "image-name-with-digest-file", .kind = text, .value = "FILE",
     .help = "write REPOSITORY@DIGEST, a line for each -t", .group = output, .commands = builders},
    {.name = "image-name-tag-with-digest-file", .kind = text, .value = "FILE",
     .help = "write REPOSITORY:TAG@DIGEST, a line for each -t", .group = output, .commands = builders},

    {.name = "pull", .kind = optional_text, .value = "always|missing|newer|never", .initial = "missing",
     .help = "when a registry is asked for a base image; newer: the store's will do if none answers", .group = base,
     .implied = "always", .brief = "Network"},

    {.name = "registry-mirror", .kind = list, .value = "[REG=]HOST[/PREFIX]", .help = "asked before REG [docker.io]; repeat for more",
     .group = base, .commands = pulling_commands | executor_command, .brief = "Network"},
    {.name = "mirror-only", .help = "never fall back from a mirror to its registry", .group = base, .commands = pulling_commands},
    {.name = "skip-default-registry-fallback", .group = base, .commands = pulling_commands | executor_command, .same_as = "mirror-only"},
    {.name = "insecure-registry", .kind = list, .value = "HOST[:PORT]", .help = "unverified TLS, then plain HTTP, for this host",
     .group = base, .commands = network_commands | executor_command},
    {.name = "tls-verify", .initial = "true", .help = "false: no host's certificate is verified", .group = base, .commands = network_commands},
    {.name = "skip-tls-verify", .help = "as --tls-verify=false", .group = base, .commands = network_commands,
     .same_as = "tls-verify", .opposite = true},
    {.name = "cacert", .kind = list, .value = "FILE", .help = "trusted besides the system's CAs", .group = base, .commands = network_commands, .brief = "Network", .adds_up = true},
    {.name = "cert-dir", .kind = text, .value = "DIR", .help = "holds HOST[:PORT]/ with *.crt, *.cert and *.key", .group = base, .commands = network_commands},
    {.name = "registry-certificate", .kind = list, .value = "HOST=FILE", .help = "CA of one registry", .group = base, .commands = network_commands | executor_command, .adds_up = true},
    {.name = "registry-client-cert", .kind = list, .value = "HOST=CERT,KEY", .help = "client certificate for one registry",
     .group = base, .commands = network_commands | executor_command},
    {.name = "authfile", .kind = text, .value = "FILE", .help = "logins in docker's format; also REGISTRY_AUTH_FILE",
     .group = base, .commands = network_commands | logout_command, .brief = "Network", .variable = "REGISTRY_AUTH_FILE"},
    {.name = "creds", .kind = text, .value = "USER[:PASSWORD]", .help = "instead of any saved login; without PASSWORD it is asked for", .group = base, .commands = push_command | pulling_commands},
    {.name = "retry", .kind = text, .value = "N", .initial = "5", .help = "repetitions of a request", .group = base, .commands = transfer_commands | looking_commands},
    {.name = "retry-delay", .kind = text, .value = "TIME", .initial = "1s", .help = "before the first repetition; doubled each time",
     .group = base, .commands = transfer_commands | looking_commands},
    {.name = "connect-timeout", .kind = text, .value = "TIME", .initial = "10s", .help = "for a connection, TLS included",
     .group = base, .commands = network_commands},
    {.name = "idle-timeout", .kind = text, .value = "TIME", .initial = "60s", .help = "without a byte either way", .group = base, .commands = network_commands},
    {.name = "resolve", .kind = list, .value = "HOST:PORT:ADDRESS", .help = "instead of DNS", .group = base, .commands = network_commands},

    {.name = "ipv4", .letter = '4', .help = "connect to IPv4 addresses only", .group = base, .commands = network_commands},
    {.name = "ipv6", .letter = '6', .help = "connect to IPv6 addresses only", .group = base, .commands = network_commands},

    {.name = "create-repository", .kind = text, .value = "missing|never", .initial = "missing",
     .help = "Amazon ECR: whether a push makes the repository that it does not find", .group = base,
     .commands = build_command | push_command},
    {.name = "skip-push-permission-check", .help = "do not ask before the build whether the registry takes the push", .group = base, .commands = builders},

    {.name = "cache-dir", .kind = text, .value = "DIR", .initial = "ROOT/cache",
     .help = "build records; safe to delete", .group = work, .commands = builders | cache_commands | history_command, .brief = "Work"},
    {.name = "no-cache", .help = "make every layer anew", .group = work, .brief = "Work"},
    {.name = "no-cache-filter", .kind = list, .value = "STAGE,...", .help = "make the layers of these stages anew", .group = work},
    {.name = "cache-from", .kind = list, .value = "SPEC",
     .help = "take layers from a cache that another machine wrote: type=registry,ref=NAME (or NAME alone), type=local,src=DIR; "
             "keys: tag, digest", .group = work},
    {.name = "cache-to", .kind = list, .value = "SPEC",
     .help = "write the layers for other machines: type=registry,ref=NAME (or NAME alone), type=local,dest=DIR; keys: tag, "
             "mode=min|max (the same here), ignore-error", .group = work},
    {.name = "explain", .help = "say of each layer that is made which file, argument or base changed since the last build", .group = work},
    {.name = "jobs", .letter = 'j', .kind = text, .value = "N", .initial = "CPUs",
     .help = "worker threads; the result never depends on it", .group = work, .brief = "Work"},

    {.name = "source-date-epoch", .kind = text, .value = "SECONDS|git", .initial = "0",
     .help = "'created' of config and history, git: the time of the last commit; also SOURCE_DATE_EPOCH", .group = reproducible, .variable = "SOURCE_DATE_EPOCH"},
    {.name = "rewrite-timestamp", .help = "lower file times to the source date epoch", .group = reproducible},
    {.name = "timestamp", .kind = text, .value = "SECONDS", .initial = "1",
     .help = "time of all files, and 'created' unless a source date epoch is given", .group = reproducible},
    {.name = "omit-history", .help = "the config has no history, not even the base's", .group = reproducible},
    {.name = "timestamps", .kind = text, .value = "preserve", .help = "keep the times of copied files",
     .group = reproducible},

    {.name = "quiet", .letter = 'q', .help = "only the image ID on stdout, and errors", .group = display, .brief = "Result"},

    {.name = "dry-run", .help = "show what would be made, fetched and sent, and do nothing of it: ocibuild plan", .group = display},
    {.name = "check", .help = "look at the Dockerfile instead of building: ocibuild check", .group = display},
    {.name = "call", .kind = text, .value = "build|check|outline|targets", .initial = "build",
     .help = "instead of building: check is --check, outline says what can be given to the target, targets lists the stages; "
             ",format=json behind the word is for programs, of check also github", .group = display},

    {.name = "root", .kind = text, .value = "DIR", .initial = "$XDG_DATA_HOME/ocibuild",
     .help = "the store, an OCI image layout", .group = global, .commands = every_command, .brief = "Work"},
    {.name = "progress", .kind = text, .value = "auto|tty|plain|rawjson|quiet|none", .initial = "auto",
     .help = "auto: tty on a terminal, unless CI is set, else plain; none is quiet; also BUILDKIT_PROGRESS", .group = global, .commands = every_command, .variable = "BUILDKIT_PROGRESS"},
    {.name = "color", .kind = text, .value = "auto|always|never", .initial = "auto",
     .help = "auto: on a terminal, if NO_COLOR is not set", .group = global, .commands = every_command},
    {.name = "offline", .help = "no connection is opened, not even for DNS", .group = global, .commands = every_command, .brief = "Network"},
    {.name = "config", .kind = text, .value = "FILE|none", .initial = "of user and system",
     .help = "the only configuration file; none: none, also of podman and docker", .group = global,
     .commands = every_command & ~unsigned{inspect_command}},
    {.name = "debug", .letter = 'D', .help = "say more about what is done", .group = global, .commands = every_command},
    {.name = "help", .letter = 'h', .help = "-h: the short help, --help: all of it", .group = global,
     .commands = every_command},

    {.name = "all", .letter = 'a', .help = "all images; none are hidden, so it changes nothing", .commands = images_command},
    {.name = "digests", .help = "show the manifest digest", .commands = images_command},
    {.name = "no-trunc", .help = "do not cut anything", .commands = listing_commands},
    {.name = "quiet", .letter = 'q', .help = "only the IDs", .commands = images_command},
    {.name = "quiet", .letter = 'q', .help = "only the layer digests", .commands = history_command},
    {.name = "format", .kind = text, .value = "table|json|TEMPLATE", .initial = "table",
     .help = "json: one object a line; a template such as '{{.ID}}' or 'table {{.ID}}\\t{{json .Size}}'", .commands = listing_commands},
    {.name = "filter", .letter = 'f', .kind = list, .value = "KEY=VALUE", .help = "dangling=BOOL, label=K[=V] or reference=PATTERN",
     .commands = images_command},
    {.name = "format", .letter = 'f', .kind = text, .value = "json|TEMPLATE", .initial = "json",
     .help = "a template such as '{{.Id}}', '{{json .Config}}' or '{{index .RepoDigests 0}}'", .commands = inspect_command},
    {.name = "raw", .help = "the manifest, byte for byte", .commands = inspect_command},
    {.name = "config", .help = "the config, byte for byte", .commands = inspect_command},
    {.name = "platform", .kind = text, .value = "OS/ARCH", .initial = "the host's, else the first",
     .help = "which image of an index", .commands = inspect_command | history_command},
    {.name = "platform", .kind = text, .value = "OS/ARCH", .initial = "all",
     .help = "only this image of an index", .commands = save_command | push_command},
    {.name = "force", .letter = 'f', .help = "an image that is not there is no error; with an ID remove all its names",
     .commands = rmi_command},
    {.name = "all", .letter = 'a', .help = "remove every image", .commands = rmi_command},
    {.name = "output", .letter = 'o', .kind = text, .value = "FILE|-", .initial = "-",
     .help = "where to write; a directory for oci-dir", .commands = save_command},
    {.name = "format", .kind = text, .value = "docker-archive|oci-archive|oci-dir", .initial = "docker-archive",
     .help = "docker-archive is for docker and podman, and an OCI layout too", .commands = save_command},
    {.name = "input", .letter = 'i', .kind = text, .value = "FILE|DIR|-", .initial = "-",
     .help = "archive or directory that ocibuild, docker, podman, skopeo or umoci wrote", .commands = load_command},
    {.name = "quiet", .letter = 'q', .help = "no progress; the names are printed all the same", .commands = load_command},
    {.name = "format", .letter = 'f', .kind = text, .value = "text|json", .initial = "text",
     .help = "json: features too", .commands = version_command},
    {.name = "format", .kind = text, .value = "text|json|github", .initial = "text",
     .help = "json: one object; github: lines that GitHub shows beside the code", .commands = check_command},

    {.name = "format", .kind = text, .value = "table|json", .initial = "table",
     .help = "json: one object a line; oci and docker mean what they do for build", .commands = plan_command},
    {.name = "format", .kind = text, .value = "text|json", .initial = "text", .help = "json: one object with everything found",
     .commands = doctor_command},
    {.name = "push", .help = "the names are destinations too: an upload is opened there and given up", .commands = doctor_command},
    {.name = "quiet", .letter = 'q', .help = "no progress; the digest is printed all the same", .commands = push_command | pull_command},
    {.name = "digestfile", .kind = text, .value = "FILE", .help = "write the digest that was pushed", .commands = push_command},
    {.name = "all-tags", .letter = 'a', .help = "every tag of IMAGE, which has none here, and neither has DEST", .commands = push_command},
    {.name = "compression", .kind = text, .value = "gzip|zstd|uncompressed", .initial = "as stored",
     .help = "send layers in this form; those that have it stay as they are", .commands = push_command},
    {.name = "compression-level", .kind = text, .value = "N", .help = "gzip 1 to 12 (if none is given, 6 for text and 5 for the rest), zstd 1 to 19 [3]", .commands = push_command},
    {.name = "force-compression", .help = "with --compression: layers that have that form are compressed anew, too", .commands = push_command},
    {.name = "file", .letter = 'f', .kind = text, .value = "FILE",
     .help = "pull every image that this Dockerfile needs; - is standard input", .commands = pull_command},
    {.name = "target", .kind = text, .value = "STAGE", .help = "with -f: what this stage needs", .commands = pull_command},
    {.name = "build-arg", .kind = list, .value = "K[=V]", .help = "with -f: value for an ARG; without =V from the environment",
     .commands = pull_command},
    {.name = "platform", .kind = list, .value = "OS/ARCH", .initial = "the host's",
     .help = "which image of an index to pull; repeat for more; also DOCKER_DEFAULT_PLATFORM", .commands = pull_command,
     .variable = "DOCKER_DEFAULT_PLATFORM"},
    {.name = "force", .letter = 'f', .help = "do not ask", .commands = cache_prune_command},
    {.name = "all", .letter = 'a', .help = "also all build records and the layers that only they know", .commands = cache_prune_command},
    {.name = "filter", .kind = list, .value = "until=TIME", .help = "only what was not used for that long, such as 24h",
     .commands = cleaning_commands},
    {.name = "max-used-space", .kind = text, .value = "SIZE",
     .help = "remove records and layers too, the least recently used first, until what no image has takes no more than this, "
             "such as 10GB", .commands = cleaning_commands},
    {.name = "keep-storage", .kind = text, .value = "SIZE", .commands = cleaning_commands, .same_as = "max-used-space"},
    {.name = "dry-run", .help = "say what would be removed", .commands = cleaning_commands},
    {.name = "format", .kind = text, .value = "table|json", .initial = "table", .help = "json: one object a line",
     .commands = cache_ls_command | cleaning_commands},
    {.name = "no-trunc", .help = "do not cut anything", .commands = cache_ls_command | cleaning_commands},
    {.name = "username", .letter = 'u', .kind = text, .value = "USER", .help = "user at the registry", .commands = login_command},
    {.name = "password", .letter = 'p', .kind = text, .value = "PASSWORD|-", .help = "seen by others on this machine; - is standard input",
     .commands = login_command},
    {.name = "password-stdin", .help = "read the password from standard input", .commands = login_command},
    {.name = "get-login", .help = "print the user of the login there is", .commands = login_command},
    {.name = "no-verify", .help = "save without asking the registry", .commands = login_command},
    {.name = "all", .help = "every registry", .commands = logout_command},

    never("attest", list, "not yet; nothing is attached"), never("provenance", text, "not yet; nothing is attached"),
    never("sbom", text, "not yet; nothing is attached"),
    never("squash", boolean, "layers are never merged; COPY everything in one instruction for one layer"),
    never("sign-by", text, "images are not signed; sign the digest with a tool for it, such as cosign"),
    never("manifest", text, "several --platform make an index"),
    never("volume", list, "nothing is run, so nothing is mounted", 'v'),
    never("cpp-flag", list, "Dockerfiles are not sent through the C preprocessor"),
    never("decryption-key", list, "encrypted layers are not read"),
    never("all-platforms", boolean, "name the platforms: --platform OS/ARCH,OS/ARCH"),
    never("arch", text, "say it with --platform OS/ARCH"), never("os", text, "say it with --platform OS/ARCH"),
    never("variant", text, "say it with --platform OS/ARCH/VARIANT"),
    never("os-feature", list, "images are for Linux, which has none"), never("os-version", text, "images are for Linux, which has none"),
    never("cache-ttl", text, "what the cache has is right however old; cache prune --filter until=TIME removes it"),
    never("disable-compression", boolean, "say it with --compression uncompressed"),
    never("env", list, "the Dockerfile says it: ENV"), never("unsetenv", list, "the Dockerfile says it: ENV"),
    never("from", text, "say it with --build-context NAME=docker-image://NAME"),
    never("identity-label", boolean, "no label is added"),
    never("logfile", text, "redirect standard error"), never("logsplit", boolean, "redirect standard error"),

    ignored("add-host", list), ignored("allow", list), ignored("builder", text), ignored("cap-add", list),
    ignored("cap-drop", list), ignored("cgroup-parent", text), ignored("cgroupns", text), ignored("compress", boolean),
    ignored("cpu-shares", text, 'c'), ignored("cpu-period", text), ignored("cpu-quota", text),
    ignored("cpuset-cpus", text), ignored("cpuset-mems", text), ignored("device", list),
    ignored("disable-content-trust", boolean, 0, build_command | push_command | pull_command), ignored("dns", list), ignored("dns-option", list),
    ignored("dns-search", list), ignored("force-rm", boolean), ignored("hooks-dir", list), ignored("http-proxy", boolean), ignored("ipc", text),
    ignored("isolation", text), ignored("layers", boolean), ignored("memory", text, 'm'), ignored("memory-swap", text),
    ignored("network", text), ignored("net", text), ignored("no-hosts", boolean), ignored("no-hostname", boolean),
    ignored("pid", text), ignored("resource", list), ignored("rm", boolean), ignored("runtime", text), ignored("runtime-flag", list),
    ignored("security-opt", list), ignored("shm-size", text), ignored("skip-unused-stages", boolean),
    ignored("ssh", list), ignored("secret", list), ignored("stdin", boolean), ignored("ulimit", list),
    ignored("userns", text), ignored("userns-uid-map", text), ignored("userns-gid-map", text),
    ignored("userns-uid-map-user", text), ignored("userns-gid-map-group", text), ignored("uts", text),

    // kaniko's; what `build` has too says so in its own row.
    {.name = "context", .letter = 'c', .kind = text, .value = "[dir://]DIR|tar://FILE", .initial = "/workspace",
     .help = "the build context; tar://stdin is standard input", .group = input, .commands = executor_command, .brief = "Build"},
    {.name = "context-sub-path", .kind = text, .value = "DIR", .help = "the directory of the context that is the context", .group = input,
     .commands = executor_command},
    {.name = "dockerfile", .letter = 'f', .kind = text, .value = "FILE", .group = input, .commands = executor_command, .same_as = "file", .brief = "Build"},
    alias_of_kaniko("custom-platform", text, "OS/ARCH", "platform", input),
    alias_of_kaniko("customPlatform", text, "OS/ARCH", "platform", input),
    {.name = "destination", .letter = 'd', .kind = list, .value = "NAME", .help = "name to push to; repeat for more",
     .group = output, .commands = executor_command, .same_as = "tag", .brief = "Result"},
    {.name = "tar-path", .kind = text, .value = "FILE", .help = "write an archive for docker load", .group = output,
     .commands = executor_command, .brief = "Result"},
    alias_of_kaniko("tarPath", text, "FILE", "tar-path", output),
    {.name = "oci-layout-path", .kind = text, .value = "DIR", .help = "write an OCI image layout", .group = output,
     .commands = executor_command},
    {.name = "skip-tls-verify", .help = "unverified TLS, then plain HTTP, for the registries of the destinations", .group = base,
     .commands = executor_command},
    alias_of_kaniko("insecure", boolean, "", "skip-tls-verify", base),
    {.name = "skip-tls-verify-pull", .help = "as --tls-verify=false of build", .group = base, .commands = executor_command,
     .same_as = "tls-verify", .opposite = true},
    {.name = "insecure-pull", .help = "as --tls-verify=false of build", .group = base, .commands = executor_command,
     .same_as = "tls-verify", .opposite = true},
    alias_of_kaniko("skip-tls-verify-registry", list, "HOST[:PORT]", "insecure-registry", base),
    {.name = "registry-map", .kind = list, .value = "REG=HOST[;...]", .help = "mirrors: as --registry-mirror REG=HOST", .group = base,
     .commands = executor_command},
    {.name = "push-retry", .kind = text, .value = "N", .help = "repetitions of a request; the larger of this and --image-download-retry",
     .group = base, .commands = executor_command, .same_as = "retry"},
    alias_of_kaniko("image-download-retry", text, "N", "retry", base),
    {.name = "cache", .help = "share layers through --cache-repo; this machine's are always used", .group = work,
     .commands = executor_command},
    {.name = "cache-repo", .kind = text, .value = "NAME|oci:DIR", .initial = "DESTINATION/cache", .help = "with --cache: where they are",
     .group = work, .commands = executor_command},
    {.name = "no-push-cache", .help = "with --cache: take layers and send none", .group = work, .commands = executor_command},
    {.name = "verbosity", .letter = 'v', .kind = text, .value = "LEVEL", .initial = "info",
     .help = "debug and trace: --debug; error, fatal and panic: --progress=quiet", .group = display, .commands = executor_command},
    {.name = "log-format", .kind = text, .value = "text|color|json", .help = "--color=never, --color=always, --progress=rawjson",
     .group = display, .commands = executor_command},

    never("bucket", text, "contexts are not fetched; use --context dir://DIR or tar://FILE", 'b', executor_command),
    never("git", text, "contexts are not fetched; clone the repository first", 0, executor_command),
    never("force-build-metadata", boolean, "an instruction that changes no file makes no layer", 0, executor_command),
    never("azure-container-registry-config", text, "log in with a credential helper or with ocibuild login", 0, executor_command),

    ignored_of_kaniko("cache-copy-layers", boolean), ignored_of_kaniko("cache-run-layers", boolean), ignored_of_kaniko("cache-ttl", text),
    ignored_of_kaniko("cleanup", boolean), ignored_of_kaniko("compressed-caching", boolean), ignored_of_kaniko("force", boolean),
    ignored_of_kaniko("ignore-path", list), ignored_of_kaniko("ignore-var-run", boolean), ignored_of_kaniko("image-fs-extract-retry", text),
    ignored_of_kaniko("kaniko-dir", text), ignored_of_kaniko("log-timestamp", boolean),
    ignored_of_kaniko("push-ignore-immutable-tag-errors", boolean), ignored_of_kaniko("reproducible", boolean),
    ignored_of_kaniko("single-snapshot", boolean), ignored_of_kaniko("skip-unused-stages", boolean),
    ignored_of_kaniko("snapshot-mode", text), ignored_of_kaniko("snapshotMode", text), ignored_of_kaniko("use-new-run", boolean),
    ignored_of_kaniko("whitelist-var-run", boolean),
};
// clang-format on

}  // namespace

std::span<const Flag> flag_table() {
  return table;
}

}  // namespace ocibuild::program
