import yargs, { type CommandModule } from 'yargs';

const SHELLS = ['bash', 'zsh'] as const;

interface CompletionArguments {
  readonly shell: (typeof SHELLS)[number];
}

function handle({ shell }: CompletionArguments): void {
  // yargs goes by this variable alone.
  process.env.SHELL = shell;
  yargs().scriptName('playfold').completion(`completion ${shell}`).showCompletionScript();
}

/** playfold completion: the script that lets a shell complete commands, flags and their values. */
export const completionCommand: CommandModule<object, CompletionArguments> = {
  command: 'completion <shell>',
  describe: 'Print a completion script for bash or zsh',
  builder: (parser) =>
    parser
      .positional('shell', { choices: SHELLS, demandOption: true, describe: 'The shell that will read it' })
      .example('$0 completion bash >> ~/.bashrc', 'Complete commands, flags and values with the tab key'),
  handler: handle,
};
