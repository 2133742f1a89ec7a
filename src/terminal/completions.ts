import { listOptions } from '../config/option-list.ts';
import { readyNames } from '../query/ready.ts';

const REQUEST = '--get-yargs-completions';

/** Whether a shell asks what may stand where the cursor is. */
export const isCompletionRequest = (args: readonly string[]): boolean => args[0] === REQUEST;

/** Lets yargs answer in the form of the script that asks, whatever the login shell: only zsh's sets COMP_CWORD. */
export function answerAskingShell(): void {
  process.env.SHELL = process.env.COMP_CWORD === undefined ? 'bash' : 'zsh';
}

type Suggest = (onSuggested: (error: Error | null, suggestions?: string[]) => void) => void;

/** Values of flags that have no list of choices, or none that yargs knows. */
const VALUES: Readonly<Record<string, () => readonly string[]>> = {
  'partition-by': () => ['month', 'day', 'none', 'bucket:16'],
  ready: readyNames,
};

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
  const values = valuesFor(word, process.argv.slice(0, -1));
  if (values !== null) {
    done(values);
    return;
  }
  suggest((_error, suggestions = []) => {
    if (word.startsWith('-')) done(suggestions.filter((suggestion) => !/^--.(:|$)/.test(suggestion)));
    else done(suggestions.filter((suggestion) => !suggestion.startsWith('-')));
  });
}

/** The values of the flag before the word, each as the word that it would become; null for a flag without such. */
function valuesFor(word: string, before: readonly string[]): string[] | null {
  // zsh gives --flag=value as it stands, bash as three words.
  const [, assigned, start = ''] = /^(--[^=]+=)(.*)$/s.exec(word) ?? [];
  const flag = assigned?.slice(0, -1) ?? before.at(before.at(-1) === '=' ? -2 : -1);
  const name = flag?.replace(/^--/, '') ?? '';
  const option = listOptions().find((one) => `--${one.flag}` === flag);
  const values = option?.choices ?? (flag?.startsWith('--') ? VALUES[name]?.() : undefined);
  if (values === undefined) return null;
  const typed = assigned === undefined ? word : start;
  const taken = option?.kind === 'list' ? typed.slice(0, typed.lastIndexOf(',') + 1) : '';
  return values
    .filter((value) => !taken.split(',').includes(value))
    .map((value) => `${assigned ?? ''}${taken}${value}`)
    .map((value) => (process.env.SHELL === 'zsh' ? value.replaceAll(':', '\\:') : value));
}
