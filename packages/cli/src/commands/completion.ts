import { type Command, defineCommand } from '../command.ts'

/** @param commands - what is completed: all of them, this one included. */
export function declareCompletion(commands: () => readonly Command[]): Command {
  return defineCommand({
    usage: 'completion [shell]',
    summary: 'Prints what completes commands, options and names of daemons in your shell',
    examples: [
      ['completion bash', 'prints the script for bash'],
      ['completion zsh > ~/.zfunc/_sd-cli', 'installs it for zsh'],
      ['completion fish > ~/.config/fish/completions/sd-cli.fish', 'and for fish'],
    ],
    details: 'To try it: source <(sd-cli completion bash), and in fish: sd-cli completion fish | source',
    parameters: { shell: { type: 'string', describe: 'bash, zsh or fish. Default: $SHELL' } },
    options: {
      complete: { type: 'boolean', default: false, hidden: true, describe: 'Complete the words behind --' },
    },
    takesRest: true,
    load: async () => {
      const { printCompletion } = await import('../completion/print-completion.ts')
      return (given, out) => printCompletion(commands(), given, out)
    },
  })
}
