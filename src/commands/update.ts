import type { CommandModule } from 'yargs';
import type { Flags } from '../config/flags.ts';
import { addFoldFlags, handleFold } from './fold-command.ts';

const handle = (args: Flags): Promise<void> =>
  handleFold(args, async () => {
    const [{ update }, { toUpdateOptions }] = await Promise.all([
      import('../update/update.ts'),
      import('../update/update-options.ts'),
    ]);
    return ({ given }, hooks) => update({ ...toUpdateOptions(given), ...hooks });
  });

/** playfold update: the daily job. */
export const updateCommand: CommandModule<object, Flags> = {
  command: 'update [inputs..]',
  describe: 'Add new events to a result, which then equals one run over all',
  builder: (yargs) =>
    addFoldFlags(yargs, ['update']).example(
      '$0 update events/ --out watch',
      'Fold the files of a folder that were not folded yet',
    ),
  handler: handle,
};
