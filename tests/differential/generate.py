# SPDX-License-Identifier: Apache-2.0
"""Random but mostly valid builds: the same seed and features give the same case on every machine.

What a case may use is a set of features: DOCKER is what Docker 20.10 and BuildKit's head understand alike, BUILDKIT
all of it. RUN is left out, because ocibuild executes nothing.
"""

import json
import random

import trees
import words
from case import Case

DOCKER = frozenset(["add", "onbuild"])
BUILDKIT = DOCKER | {
    "heredoc", "link", "parents", "exclude", "symbolic-chmod",  # newer syntax
    "expansion",      # ${N-W} ${N#P} ${N/P/R} and their kin
    "fifo", "zstd",   # special files in a context; zstd in ADD
    "chmod-parents",  # --chmod for created parents, and its upper three bits
    "chown-archive",  # --chown for the entries of an archive
    "flag-expansion",  # variables in --chmod
    "slash-dot",      # a destination that ends in /.
    "arg-order",      # ARG A=1 B=$A; defaults against automatic platform arguments
    "zero",           # durations and retries of HEALTHCHECK
    "start-interval",  # of HEALTHCHECK
    "literal-patterns",  # + ( ) | { } in ignore files, and ** beside letters
}

DESTINATIONS = ["/", "/bin", "/bin/", "/bin/x", "/tmp/", "/tmp/q", "/home/user", "/home/user/", "/home/user/n",
                "/new/p/", "/new/p", "/data", "/data/", "/link-to-dir", "/link-to-dir/", "/link-to-file",
                "/link-dangling", "/link-twice/", "/link-out/y", "/etc/conf.d/", "/lib/", "rel", "rel/", ".", "./",
                "../up", "/srv/a/../b/", "/usr/bin/tool", "/opaque", "/gone", "/data/old", "/$A/p", "/${UNSET:-dflt}/", "//two//", "/é/"]
IN_IMAGES = ["/etc", "/home", "/data", "/data/old", "/usr/bin", "/bin", "/link-to-dir", "/link-to-file", "/etc/conf.d",
             "/opaque", "/bin/tool*", "/*nk-to-f*", "/srv", "/lib", "/etc/[gp]*", "/", "."]
OWNERS = ["5", "5:6", "user", "user:staff", ":7", "root", "1000", "nobody9", "0:user", "user:nogroup9", ":staff", "$A"]
MODES = ["644", "755", "0700", "600", "4755", "7777", "0", "1777"]
SYMBOLIC = ["u+x", "go-w", "a=rX", "+x", "u=rwx,g=rx,o=", "u+s,g-s", "o=g", "+t", "ug+rw,o-rwx",
            "=", "a+X", "u-x+w", "g=u"]
EXCLUDES = ["*.md", "**/*.txt", "a", "sub", "**/a", "!a", "*/a", "b*", "dir/**"]


class Generator:
    def __init__(self, seed, features):
        self.random = random.Random(seed)
        self.features = features
        self.pick = self.random.choice
        self.escape = "`" if self.random.random() < 0.05 else "\\"
        self.context = trees.context(self.random, features)
        self.words = words.Words(self.random, features, self.escape)
        self.stages = []      # names given so far; "" for those without
        self.onbuild = False  # within ONBUILD, where some forms are not written

    def chance(self, probability):
        return self.random.random() < probability

    # --- the file ----------------------------------------------------------------------------------------------

    def case(self):
        units = ["# escape=" + self.escape] if self.escape != "\\" else []
        arguments = []
        if self.chance(0.3):
            units += ["ARG " + self.pick(["A=global", "BASE=debian-mini:1", "A=g B=h", "TAG=1", "B"])
                      for _ in range(self.pick([1, 2]))]
        for _ in range(self.pick([1, 1, 2, 2, 3])):
            units += self.stage()
        if self.chance(0.3):
            arguments.append("--build-arg=" + self.pick(["A=from outside", "B=", "C=$A", "D=it's", "V1=\"q\""]))
        if self.chance(0.1):
            arguments.append("--label=" + self.pick(["a=cli", "new=$A", "empty="]))
        named = [name for name in self.stages if name]
        if named and self.chance(0.15):
            arguments.append("--target=" + self.pick(named))
        case = Case(units, self.context, None, False, arguments)
        if self.chance(0.3):
            case.ignore, case.own_ignore = trees.ignore_lines(self.random, self.context), self.chance(0.3)
        return case

    def base(self):
        images = ["debian-mini:1"] * 5 + ["configured:1"] * 2 + ["scratch"] * 2
        images += ["random-%d:1" % number for number in range(trees.RANDOM_BASES)]
        earlier = [name for name in self.stages if name]
        if earlier and self.chance(0.4):
            return self.pick(earlier)
        if self.chance(0.05):
            return "debian-mini:${TAG:-1}"
        return self.pick(images)

    def stage(self):
        name = "s%d" % len(self.stages) if self.chance(0.7) else ""
        unit = self.pick(["FROM", "FROM", "from"]) + " " + self.base()
        if name:
            unit += self.pick([" AS ", " as "]) + self.pick([name, name, name.upper()])
        units = [unit] + [self.dressed(self.instruction()) for _ in range(self.random.randint(2, 7))]
        if self.chance(0.2):
            units.append("COPY . /zz-all")
        self.stages.append(name)
        return units

    def instruction(self):
        makers = [(self.copy, 8), (self.copy_from, 3), (self.variables, 3), (self.workdir, 2), (self.settings, 3),
                  (self.command, 2)]
        if "add" in self.features:
            makers.append((self.add, 3))
        if "onbuild" in self.features and not self.onbuild:
            makers.append((self.trigger, 1))
        if "heredoc" in self.features and not self.onbuild:
            makers.append((self.heredoc, 2))
        (maker,) = self.random.choices([maker for maker, _ in makers], [weight for _, weight in makers])
        return maker()

    def dressed(self, unit):
        """The same instruction in other clothes: case, blanks, continued lines, comments."""
        if "<<" in unit or "\n" in unit:
            return unit
        keyword, _, rest = unit.partition(" ")
        if self.chance(0.1):
            keyword = self.pick([keyword.lower(), keyword.capitalize(), "  " + keyword])
        if self.chance(0.15) and " " in rest:
            places = [index for index, letter in enumerate(rest) if letter == " "]
            index = self.pick(places)
            if rest[index - 1:index] != self.escape:
                middle = self.pick(["", "  # comment\n", "\n", "#" + self.escape + "\n"])
                rest = rest[:index] + " " + self.escape + self.pick(["", "  ", "\t"]) + "\n" + middle + rest[index:]
        return keyword + self.pick([" ", " ", " ", "  ", "\t"]) + rest

    # --- files -------------------------------------------------------------------------------------------------

    def listed(self, keyword, flags, sources, destination):
        """The instruction in JSON form if a word has blanks (or by chance), else in words."""
        given = sources + [destination]
        head = " ".join([keyword] + flags)
        if any(" " in word for word in given) or self.chance(0.15):
            return head + " " + json.dumps(given, ensure_ascii=False)
        return head + " " + " ".join(given)

    def sources(self, directories=True):
        count = self.pick([1, 1, 1, 2, 3])
        return [self.source(directories) for _ in range(count)]

    def source(self, directories):
        usable = [path for path, node in self.context.items()
                  if (directories or node["kind"] != "dir") and trees.resolves(self.context, path)]
        if not usable or self.chance(0.25):
            return self.pick([".", "/", "*", "*/*", "?*", "d*", "[a-d]*", ".h*", "*.md", "./.", "[^a]*", "**/a", "é*",
                              "*/[a-m]*", "nomatch*"])
        path = self.pick(usable)
        if self.chance(0.1):
            path = self.pick(["/", "./", "../", "x/../"]) + path
        if self.context.get(path, {}).get("kind") == "dir" and self.chance(0.3):
            path += self.pick(["/", "/.", "/*"])
        return self.words.path(path)

    def destination(self):
        return self.pick(DESTINATIONS + (["/new/.", "/bin/."] if "slash-dot" in self.features else []))

    def owner_and_mode(self, destination):
        flags = []
        if self.chance(0.3):
            flags.append("--chown=" + self.pick(OWNERS))
        modes = MODES if "chmod-parents" in self.features else MODES[:4]
        if "symbolic-chmod" in self.features:
            modes = modes + SYMBOLIC
        if "flag-expansion" in self.features:
            modes = modes + ["${MODE:-640}"]
        exists = destination in ("/", "/tmp/", "/data/", "/home/user/", "/usr/bin/tool", "/tmp/q")
        if self.chance(0.2) and (exists or "chmod-parents" in self.features):
            flags.append("--chmod=" + self.pick(modes))
        self.random.shuffle(flags)
        return flags

    def newer_flags(self, parents):
        flags = []
        if "link" in self.features and self.chance(0.15):
            flags.append(self.pick(["--link", "--link=true", "--link=FALSE"]))
        if parents and "parents" in self.features and self.chance(0.2):
            flags.append("--parents")
        if "exclude" in self.features and self.chance(0.2):
            flags += ["--exclude=" + self.pick(EXCLUDES) for _ in range(self.pick([1, 1, 2]))]
        return flags

    def copy(self):
        destination = self.destination()
        flags = self.owner_and_mode(destination) + self.newer_flags(parents=True)
        sources = self.sources()
        if "--parents" in flags and self.chance(0.5):
            sources = [self.pick(["**/a", "dir/./**", "*/./a", "./sub", "sub/./*", "**/*.txt", "dir/**/a"])]
        return self.listed("COPY", flags, sources, destination)

    def add(self):
        destination = self.destination()
        flags = self.newer_flags(parents=False)
        archives = [path for path, node in self.context.items() if node["kind"] == "archive"]
        sources = [self.words.path(self.pick(archives))] if archives and self.chance(0.7) else self.sources()
        if not archives or "chown-archive" in self.features:
            flags += self.owner_and_mode(destination)
        return self.listed("ADD", flags, sources, destination)

    def copy_from(self):
        origins = ["debian-mini:1", "configured:1", "random-0:1"]
        named = [name for name in self.stages if name]
        if named:
            origins += (named + [self.pick(named).upper()]) * 3
        if self.stages:
            origins += [str(index) for index in range(len(self.stages))] * 2
        if "link" in self.features:
            origins.append("scratch")
        origin = self.pick(origins)
        destination = self.destination()
        flags = ["--from=" + origin] + self.owner_and_mode(destination) + self.newer_flags(parents=True)
        sources = ["/"] if origin == "scratch" else [self.pick(IN_IMAGES) for _ in range(self.pick([1, 1, 2]))]
        return self.listed("COPY", flags, sources, destination)

    def heredoc(self):
        name, destination = self.pick(["EOF", "a", "file.txt"]), self.destination()
        opening = self.pick(["<<", "<<-", "<<"]) + self.pick([name, name, "'%s'" % name, '"%s"' % name])
        lines = [self.pick(["", "\t", "  ", "\t\t"]) +
                 self.pick(["text", "$A", "${B:-d}", "it's \"q\"", "a\\nb", "\\$A", "\\\\", "# no comment", "", "x\\",
                            "${A#x}", "FROM scratch", "`"])
                 for _ in range(self.pick([0, 1, 3]))]
        flags = self.owner_and_mode(destination)
        keyword = "ADD" if "add" in self.features and self.chance(0.3) else "COPY"
        return "\n".join([" ".join([keyword] + flags + [opening, destination])] + lines + [name])

    # --- config ------------------------------------------------------------------------------------------------

    def variables(self):
        keyword = self.pick(["ENV", "ENV", "ARG", "ARG", "LABEL"])
        if keyword == "ARG":
            return "ARG " + self.words.arguments()
        if self.chance(0.1):
            return "%s %s %s" % (keyword, self.words.name(), self.words.text())
        return keyword + " " + " ".join("%s=%s" % (self.words.name(), self.words.value())
                                        for _ in range(self.pick([1, 1, 2, 3])))

    def workdir(self):
        return "WORKDIR " + self.pick(["/w", "rel", "/bin/sub", "/link-to-dir/w", "/home/user/w", "../z", "/data",
                                       "/a//b/", ".", "/with  two", "$A", "/${UNSET:-d}/x", "/", "../../../q",
                                       "/x/../y/", "é", "./r/", "\"/quoted d\"", "/link-dangling"])

    def settings(self):
        kind = self.random.randrange(7)
        if kind == 0:
            return "USER " + self.pick(["5", "user", "1000:50", "nobody9", "user:staff", "0", "$A", "user:", ":staff",
                                        "4294967", "root", "\"user\"", "a b"])
        if kind == 1:
            return "EXPOSE " + self.pick(["80", "80/tcp 53/UDP", "90-92/udp", "$P", "${P:-8080}", "1/sctp 1/tcp", "0",
                                          "65535", "7-7", "10-12 11", "80 80/tcp"])
        if kind == 2:
            return "VOLUME " + self.pick(["/v", "/v /w", '["/a b", "/c"]', "$A/x", "rel", '["$A"]', "[/v]", "/v/ /v"])
        if kind == 3:
            return "STOPSIGNAL " + self.pick(["9", "SIGTERM", "term", "RTMIN+3", "sigrtmax-1", "${S:-SIGINT}", "64"])
        if kind == 4:
            return "HEALTHCHECK " + self.words.health_check()
        if kind == 5:
            return "SHELL " + self.pick(['["/bin/bash", "-ec"]', '["sh"]', '[ "a b" , "\\u00e9" ]', '["x", ""]'])
        return "MAINTAINER " + self.pick(["me", "A  B <a@b>", "$A", "\"q\""])

    def command(self):
        return self.pick(["CMD", "ENTRYPOINT"]) + " " + self.words.command()

    def trigger(self):
        self.onbuild = True
        instruction = self.instruction()
        self.onbuild = False
        return "ONBUILD " + instruction


def case(seed, features):
    """The case of this seed."""
    return Generator(seed, features).case()
