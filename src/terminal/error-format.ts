let chosen: 'text' | 'json' | null = null;

/** Says how errors are to be told from here on: known once a command has read its settings. */
export function reportErrorsAs(format: 'text' | 'json'): void {
  chosen = format;
}

/**
 * How an error is told. Before the settings were read, of which it may be that they cannot, the raw arguments and the
 * environment say so.
 */
export function errorFormat(args: readonly string[], environment: NodeJS.ProcessEnv): 'text' | 'json' {
  if (chosen !== null) return chosen;
  const at = args.findLastIndex((argument) => argument === '--log' || argument.startsWith('--log='));
  if (at === -1) return environment.PLAYFOLD_LOG === 'json' ? 'json' : 'text';
  return args[at] === '--log=json' || args[at + 1] === 'json' ? 'json' : 'text';
}
