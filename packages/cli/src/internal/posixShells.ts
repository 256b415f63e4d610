/**
 * Completion scripts for bash (from 3.2) and zsh. Both read the same words: what may follow, and how the words before the
 * cursor lead there.
 */
import type { Place, Value } from "./completionPlace.ts";

export const bash = (program: string, places: ReadonlyArray<Place>): string =>
  `# bash completion for ${program}
${shared(program, places)}
_${program}() {
  local -a words commands options values candidates
  local line="\${COMP_LINE:0:COMP_POINT}" place expect files current entry
  # A blank that is escaped does not end a word.
  read -ra words <<< "\${line//\\\\ /_}"
  [[ $line == *[[:space:]] ]] && words+=('')
  current="\${words[\${#words[@]} - 1]}"
  _${program}_walk "\${words[@]:1:\${#words[@]} - 2}"
  if [[ -z $expect && $current == -*=* ]]; then
    expect="\${current%%=*}" current="\${current#*=}"
    _${program}_value "$expect" || return
  fi
  COMPREPLY=()
  if [[ -z $expect && $current == -* ]]; then
    for entry in "\${options[@]}"; do candidates+=("\${entry%%:*}"); done
  elif [[ -z $expect && \${#commands[@]} -gt 0 ]]; then
    for entry in "\${commands[@]}"; do candidates+=("\${entry%%:*}"); done
  elif [[ -n $files ]]; then
    # Readline knows about quotes; from bash 4 it can be asked to.
    compopt -o default 2>/dev/null && return
    while IFS= read -r entry; do COMPREPLY+=("$entry"); done < <(compgen -f -- "$current")
    return
  else
    candidates=("\${values[@]}")
  fi
  for entry in "\${candidates[@]}"; do
    if [[ $entry == "$current"* ]]; then COMPREPLY+=("$entry"); fi
  done
  # To readline a word begins after a colon.
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*:}"}"}")
}

complete -F _${program} ${program}
`;

export const zsh = (program: string, places: ReadonlyArray<Place>): string =>
  `#compdef ${program}
${shared(program, places)}
_${program}() {
  local -a commands options values
  local place expect files
  _${program}_walk "\${(@)words[2,CURRENT-1]}"
  if [[ -z $expect && $PREFIX == -*=* ]]; then
    expect="\${PREFIX%%=*}"
    _${program}_value "$expect" || return
    compset -P '*='
  fi
  if [[ -z $expect && $PREFIX == -* ]]; then
    _describe -o option options
  elif [[ -z $expect && \${#commands} -gt 0 ]]; then
    _describe command commands
  elif [[ -n $files ]]; then
    _files
  else
    compadd -a values
  fi
}

if [[ \${funcstack[1]} == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;

/** Functions that set what their callers have declared: place, expect, commands, options, values and files. */
const shared = (program: string, places: ReadonlyArray<Place>): string => `
# What may stand after the words of a command.
_${program}_place() {
  commands=() options=() values=() files=''
  case "$place" in
${places.map(onePlace).join("\n")}
  esac
}

# The value of an option; fails if it has none.
_${program}_value() {
  values=() files=''
  case "$place $1" in
${byValue(places)
  .map(([value, names]) => `    ${names.map(quote).join("|")})\n      ${assign(value)} ;;`)
  .join("\n")}
    *) return 1 ;;
  esac
}

# From the words before the one that is completed to the command, and to the option whose value is expected.
_${program}_walk() {
  local word entry
  place='' expect=''
  for word in "$@"; do
    if [[ -n $expect ]]; then
      expect=''
      continue
    fi
    case "$word" in
      -*=*) ;;
      -*) if _${program}_value "$word"; then expect="$word"; fi ;;
      *)
        _${program}_place
        for entry in "\${commands[@]}"; do
          if [[ "\${entry%%:*}" == "$word" ]]; then place="\${place:+$place }$word"; fi
        done ;;
    esac
  done
  _${program}_place
  if [[ -n $expect ]]; then _${program}_value "$expect"; fi
}
`;

const onePlace = ({ path, commands, options, argument }: Place): string => {
  const list = (entries: ReadonlyArray<readonly [string, string]>) =>
    entries.map(([name, about]) => quote(about === "" ? name : `${name}:${about}`)).join(" ");
  return [
    `    ${quote(path)})`,
    ...(commands.length === 0 ? [] : [`      commands=(${list(commands)})`]),
    `      options=(${list(options.map(({ name, about }) => [name, about]))})`,
    ...(argument._tag === "Any" ? [] : [`      ${assign(argument)}`]),
    "      ;;",
  ].join("\n");
};

/** All options that take a value, as `<path> <option>`, by what that may be. */
const byValue = (places: ReadonlyArray<Place>): ReadonlyArray<readonly [Value, ReadonlyArray<string>]> => {
  const groups = new Map<string, readonly [Value, Array<string>]>();
  for (const { path, options } of places) {
    for (const { name, value } of options) {
      if (value === undefined) continue;
      const [, names] = getOrSet(groups, JSON.stringify(value), [value, []]);
      names.push(`${path} ${name}`);
    }
  }
  return [...groups.values()];
};

const getOrSet = <K, V>(map: Map<K, V>, key: K, fresh: V): V => {
  const found = map.get(key) ?? fresh;
  map.set(key, found);
  return found;
};

const assign = (value: Value): string => {
  switch (value._tag) {
    case "Any":
      return ":";
    case "File":
      return "files=1";
    case "Words":
      return `values=(${value.words.map(quote).join(" ")})`;
  }
};

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
