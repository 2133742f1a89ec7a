import { z } from 'zod';

/** What help, README and messages tell of an option beyond its zod type and description. */
export interface OptionFacts {
  /** Stands for the value in the README: DIR, SIZE. Default: by the type. */
  readonly value?: string;
  /** The default in words, where it is no constant. */
  readonly defaultText?: string;
  /** What is accepted, in words, where the type cannot tell: 'a size such as 2GB'. */
  readonly expected?: string;
  /** The one letter of a short flag. */
  readonly letter?: string;
  /** A list whose items may hold commas: repeat the flag instead. */
  readonly hasCommas?: boolean;
}

/** The facts of each option, by its zod type as it stands in the schema. */
export const optionFacts = z.registry<OptionFacts>();
