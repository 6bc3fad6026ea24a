// SPDX-License-Identifier: Apache-2.0
#include "completion.hpp"

namespace ocibuild::program {

namespace {

// The scripts only carry words to and fro: what there is to offer the program itself knows best.

// bash parts words at "=" and ":", which belong to ours, and replaces the last part only.
constexpr std::string_view bash = R"(# bash completion for ocibuild
_ocibuild() {
  local typed="${COMP_LINE:0:COMP_POINT}" current="" line before part
  local -a words=()
  read -r -a words <<< "$typed"
  if [[ $typed == *[[:blank:]] ]]; then
    words+=("")
  fi
  current="${words[${#words[@]}-1]}"
  part="${COMP_WORDS[COMP_CWORD]:0:${#current}}"
  case $part in
    = | :) part="" ;;
  esac
  before="${current%"$part"}"
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files | :dirs)
        compopt -o filenames 2> /dev/null
        local kind=-f
        [[ $line == :dirs ]] && kind=-d
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$kind" -- "$part")
        ;;
      *=)
        compopt -o nospace 2> /dev/null
        COMPREPLY+=("${line#"$before"}")
        ;;
      *) COMPREPLY+=("${line#"$before"}") ;;
    esac
  done < <("${words[0]}" __complete -- "${words[@]:1}" 2> /dev/null)
}
complete -F _ocibuild ocibuild
)";

constexpr std::string_view zsh = R"(#compdef ocibuild
_ocibuild() {
  local line
  local -a whole open
  for line in "${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
    case $line in
      '') ;;
      :files) compset -P '--*='; _files ;;
      :dirs) compset -P '--*='; _files -/ ;;
      *=) open+=("$line") ;;
      *) whole+=("$line") ;;
    esac
  done
  (( $#whole )) && compadd -- "${whole[@]}"
  (( $#open )) && compadd -S '' -- "${open[@]}"
  return 0
}
if [[ ${funcstack[1]} == _ocibuild ]]; then
  _ocibuild "$@"
else
  compdef _ocibuild ocibuild
fi
)";

constexpr std::string_view fish = R"(# fish completion for ocibuild
function __ocibuild_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $current
            case :dirs
                __fish_complete_directories $current
            case '*'
                echo $line
        end
    end
end
complete -c ocibuild -f -a '(__ocibuild_complete)'
)";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return bash;
  if (shell == "zsh") return zsh;
  if (shell == "fish") return fish;
  return {};
}

}  // namespace ocibuild::program
