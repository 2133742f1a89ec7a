import type { CommandModule } from 'yargs';
import type { DemoArguments } from '../sample/demo.ts';

async function handle(args: DemoArguments): Promise<void> {
  const { demo } = await import('../sample/demo.ts');
  await demo(args);
}

/** playfold demo: sample data, one run, and what to do next. */
export const demoCommand: CommandModule<object, DemoArguments> = {
  command: 'demo',
  describe: 'Write sample events, fold them and show some rows',
  builder: (yargs) =>
    yargs
      .option('out', { type: 'string', default: 'demo', requiresArg: true, describe: 'Folder to write' })
      .option('events', { type: 'number', default: 200_000, requiresArg: true, describe: 'Generated events' })
      .example('$0 demo', 'See what a result looks like'),
  handler: handle,
};
