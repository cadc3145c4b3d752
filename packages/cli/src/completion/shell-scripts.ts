/** Shells that there is a script for. */
export const shells = ['bash', 'zsh', 'fish'] as const

/** One of them. */
export type Shell = (typeof shells)[number]

/**
 * What a shell runs to complete words of `sd-cli`: each asks `sd-cli` itself, which prints a candidate a line, a tab
 * and what it is behind it, and last `:files` or `:directories` where those may follow.
 */
export const shellScripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of sd-cli for bash. For good:
#   sd-cli completion bash > ~/.local/share/bash-completion/completions/sd-cli
_sd_cli() {
  local line
  local -a words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o default 2>/dev/null ;;
      :directories) compopt -o dirnames 2>/dev/null ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("$1" completion --complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _sd_cli sd-cli
`,

  zsh: `#compdef sd-cli
# Completion of sd-cli for zsh. For good, in a directory of your $fpath:
#   sd-cli completion zsh > ~/.zfunc/_sd-cli
_sd_cli() {
  local line paths
  local -a described
  for line in "\${(@f)$("\${(Q)words[1]}" completion --complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) paths=files ;;
      :directories) paths=directories ;;
      *) described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  (( $#described )) && _describe 'sd-cli' described
  case $paths in
    files) _files ;;
    directories) _files -/ ;;
  esac
}
if [[ $funcstack[1] == _sd-cli ]]; then
  _sd_cli "$@"
else
  compdef _sd_cli sd-cli
fi
`,

  fish: `# Completion of sd-cli for fish. For good:
#   sd-cli completion fish > ~/.config/fish/completions/sd-cli.fish
function __sd_cli_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  test -z "$typed"; and set typed ''
  for line in ($words[1] completion --complete -- $words[2..-1] "$typed" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path "$typed"
      case ':directories'
        __fish_complete_directories "$typed"
      case '*'
        echo $line
    end
  end
end
complete -c sd-cli -f -a '(__sd_cli_complete)'
`,
}
