/**
 * The completion script for fish (from 3.2).
 */
import type { Place, Value } from "./completionPlace.ts";

export const fish = (program: string, places: ReadonlyArray<Place>): string =>
  `# fish completion for ${program}

# The commands after the words of a command, and what each does.
function __${program}_commands --argument-names place
  switch $place
${places
  .filter(({ commands }) => commands.length > 0)
  .map(({ path, commands }) => `    case ${quote(path)}\n      ${print(commands)}`)
  .join("\n")}
  end
end

# Its options.
function __${program}_options --argument-names place
  switch $place
${places
  .map(
    ({ path, options }) => `    case ${quote(path)}\n      ${print(options.map(({ name, about }) => [name, about]))}`,
  )
  .join("\n")}
  end
end

# What may be the value of an option, or an argument where the option is empty; fails if an option has no value.
function __${program}_values --argument-names place option current
  switch "$place $option"
${places
  .flatMap(({ path, options, argument }) => [
    ...options.flatMap(({ name, value }) => (value === undefined ? [] : [[`${path} ${name}`, value] as const])),
    [`${path} `, argument] as const,
  ])
  .map(([name, value]) => `    case ${quote(name)}\n      ${words(value)}`)
  .join("\n")}
    case '*'
      return 1
  end
end

function __${program}_complete
  set -l place ''
  set -l expect ''
  set -l current (commandline -ct)
  for word in (commandline -opc)[2..-1]
    if test -n "$expect"
      set expect ''
    else if string match -q -- '-*' $word
      if not string match -q -- '*=*' $word; and __${program}_values "$place" $word '' >/dev/null
        set expect $word
      end
    else if contains -- $word (__${program}_commands "$place" | string split -f 1 \\t)
      set place (string trim -- "$place $word")
    end
  end
  if test -n "$expect"
    __${program}_values "$place" $expect $current
  else if string match -q -- '-*=*' $current
    set -l parts (string split -m 1 = -- $current)
    for value in (__${program}_values "$place" $parts[1] $parts[2])
      printf '%s=%s\\n' $parts[1] $value
    end
  else if string match -q -- '-*' $current
    __${program}_options "$place"
  else if not __${program}_commands "$place" | string match -e ''
    __${program}_values "$place" '' $current
  end
end

complete -c ${program} -e
complete -c ${program} -f -a '(__${program}_complete)'
`;

const print = (entries: ReadonlyArray<readonly [string, string]>): string =>
  `printf '%s\\t%s\\n' ${entries.map(([name, about]) => `${quote(name)} ${quote(about)}`).join(" ")}`;

const words = (value: Value): string => {
  switch (value._tag) {
    case "Any":
      return "true";
    case "File":
      return "__fish_complete_path $current";
    case "Words":
      return `printf '%s\\n' ${value.words.map(quote).join(" ")}`;
  }
};

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
