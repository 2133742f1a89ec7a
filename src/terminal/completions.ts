import { listOptions } from '../config/option-list.ts';

const REQUEST = '--get-yargs-completions';

/** Whether a shell asks what may stand where the cursor is. */
export const isCompletionRequest = (args: readonly string[]): boolean => args[0] === REQUEST;

/** Lets yargs answer in the form of the script that asks, whatever the login shell: only zsh's sets COMP_CWORD. */
export function answerAskingShell(): void {
  process.env.SHELL = process.env.COMP_CWORD === undefined ? 'bash' : 'zsh';
}

type Suggest = (onSuggested: (error: Error | null, suggestions?: string[]) => void) => void;

/**
 * What a shell offers for a word, in the shape that yargs calls: the values of a flag that has few, flags after a
 * dash, else what yargs suggests; nothing where the shell should offer files.
 */
export function completeWord(
  word: string,
  _args: unknown,
  suggest: Suggest,
  done: (completions: string[]) => void,
): void {
  const flag = /^--(.+)$/.exec(process.argv.at(-2) ?? '')?.[1];
  const choices = listOptions().find((option) => option.flag === flag)?.choices;
  suggest((_error, suggestions = []) => {
    if (word.startsWith('-')) done(suggestions.filter((suggestion) => !/^--.(:|$)/.test(suggestion)));
    else done([...(choices ?? suggestions.filter((suggestion) => !suggestion.startsWith('-')))]);
  });
}
