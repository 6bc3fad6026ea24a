# SPDX-License-Identifier: Apache-2.0
"""Random words of instructions: values with every kind of quote and substitution, commands, health checks."""

VARIABLES = ["A", "B", "C", "V1", "long_name", "PATH", "UNSET", "TARGETARCH"]
PLAIN = ["x", "1", "/p", "é", "a.b", "x=y", "#no", "-", "%", "$", "$$", "[1]", "a,b", "~", "*", "$1a", "a$",
         "(q)", "&<>"]
OLD_FORMS = ["$%s", "${%s}", "${%s:-d}", "${%s:+s}", "${%s:-$B}", "${%s:-${C:-deep}}", "${%s:+'q q'}", "${%s:-\"a b\"}",
             "pre${%s}post", "$%s$A", "${%s:-}"]
NEW_FORMS = ["${%s-d}", "${%s+s}", "${%s#*/}", "${%s##*/}", "${%s%%/*}", "${%s%%%%:*}", "${%s/a/b}", "${%s//:/;}",
             "${%s#?}", "${%s/x/}", "${%s//[/}", "${%s#\\*}", "${%s:?no}", "${%s?no}", "${%s//?/$A}",
             "${%s/\\//x}", "${%s%%'q'}"]
COMMANDS = ['["x"]', '["a", "b c", "\\"q\\"", "$A"]', "echo $A", "a  b   'c d'", "[]", "['a']", "exec \"$@\" && x | y",
            "[ -f x ]", '["é\\n\\t"]', "\\x", "x # no comment", '[ "sp" ]', "a \"b c\" \\$d", "[1", "{\"a\":1}"]


class Words:
    def __init__(self, rng, features, escape):
        self.random, self.features, self.escape = rng, features, escape
        self.pick = rng.choice

    def name(self):
        return self.pick(["A", "A", "B", "C", "V1", "long_name", "a.b", "x-y", "l", "$A" "n", "PATH", "é"])

    def substitution(self):
        forms = OLD_FORMS + (NEW_FORMS if "expansion" in self.features else [])
        return self.pick(forms) % self.pick(VARIABLES)

    def piece(self):
        escape = self.escape
        kind = self.random.randrange(8)
        if kind < 3:
            return self.pick(PLAIN)
        if kind < 5:
            return self.substitution()
        if kind == 5:
            return "'%s'" % self.pick(["", "q q", "$A", escape, 'd"d', "${A}"])
        if kind == 6:
            return '"%s"' % self.pick(["", "q  q", "$A", escape + "$A", escape + '"', "a" + escape + "n", "it's",
                                       escape + escape, "[${A:-x y}]", self.substitution().replace('"', "")])
        return escape + self.pick(["$A", " ", "n", "'", '"', escape, "{"])

    def value(self):
        """A word of ENV, LABEL or ARG behind the `=`."""
        return "".join(self.piece() for _ in range(self.pick([0, 1, 1, 2, 3])))

    def text(self):
        """The value of a legacy ENV: the rest of the line."""
        return self.pick(["v", "two  words", "$A x", "\"q q\" r", "it" + self.escape + "'s", "a=b c=d", "${A:-d e}",
                          "#"])

    def arguments(self):
        names = self.random.sample(["A", "B", "C", "D", "V1", "PATH", "BASE", "TARGETARCH", "TARGETPLATFORM", "MODE"],
                                   self.pick([1, 1, 2]))
        ordered = "arg-order" in self.features
        result = []
        for name in names:
            automatic = name.startswith("TARGET")
            # Versions disagree on what a default sees among several words of one line, and on automatic names.
            if self.random.random() < 0.5 or (automatic and not ordered):
                result.append(name)
            else:
                alone = ordered or len(names) == 1
                result.append("%s=%s" % (name, self.value() if alone else self.pick(["x", "1", "''"])))
        return " ".join(result)

    def path(self, path):
        """A source of COPY that names exactly this path."""
        result = ""
        for letter in path:
            if letter in "*?[<":
                result += "[%s]" % letter
            elif letter in "$'\"":
                result += self.escape + letter
            elif letter == "\\":
                result += "?"  # what an escaped backslash means depends on the other letters
            else:
                result += letter
        if result and self.random.random() < 0.1 and "[" not in result:
            index = self.random.randrange(len(result))
            if result[index] not in "/\\'\"$`":
                result = result[:index] + self.pick(["?", "*"]) + result[index + 1:]
        return result

    def command(self):
        return self.pick(COMMANDS)

    def health_check(self):
        if self.random.random() < 0.2:
            return "NONE"
        zero = ["0", "0s"] if "zero" in self.features else []
        flags = ["--interval=" + self.pick(["1s", "1m30s", "1.5h", "300ms", "2h45m10s", "1000000us"] + zero),
                 "--timeout=" + self.pick(["5s", "1ms"] + zero), "--start-period=" + self.pick(["1s"] + zero),
                 "--retries=" + self.pick(["1", "7"] + zero[:1])]
        if "start-interval" in self.features:
            flags.append("--start-interval=3s")
        chosen = self.random.sample(flags, self.random.randrange(len(flags)))
        return " ".join(chosen + [self.pick(["CMD", "cmd", "CMD"]), self.pick([command for command in COMMANDS
                                                                              if command not in ("[]", "[1")])])
