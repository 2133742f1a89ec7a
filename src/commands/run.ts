import type { CommandModule } from 'yargs';
import type { Flags } from '../config/flags.ts';
import { addFoldFlags, handleFold } from './fold-command.ts';

const handle = (args: Flags): Promise<void> =>
  handleFold(args, async () => {
    const [{ run }, { toRunOptions }] = await Promise.all([import('../run.ts'), import('../run-options.ts')]);
    return ({ given }, hooks) => run({ ...toRunOptions(given), ...hooks });
  });

/** playfold run: the whole job. */
export const runCommand: CommandModule<object, Flags> = {
  command: 'run [inputs..]',
  describe: 'Fold event files into one row per user and video',
  builder: (yargs) =>
    addFoldFlags(yargs).example('$0 run events/ --out watch', 'Fold a folder of event files'),
  handler: handle,
};
