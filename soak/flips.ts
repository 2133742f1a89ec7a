import { readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyResult } from '../src/sink/verify.ts';
import { type Extent, type Finding, randomOf, runArguments, runToEnd, type Workshop } from './harness.ts';

/** Flips one bit of a published file, the manifest included, and asks `verify`; for each of `count` bits. */
export async function flipBits(workshop: Workshop, { count, untilMs }: Extent): Promise<Finding> {
  await runToEnd([...runArguments(workshop, 0), '--force'], workshop);
  const folder = realpathSync(workshop.out);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
  const random = randomOf(6);
  const problems: string[] = [];
  let tried = 0;
  for (; tried < count && Date.now() < untilMs; tried++) {
    const path = files[Math.floor(random() * files.length)]!;
    const whole = readFileSync(path);
    const bit = Math.floor(random() * whole.length * 8);
    const flipped = Buffer.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(path, flipped);
    const found = await verifyResult(workshop.out).then(
      ({ differences }) => differences.length > 0,
      () => true,
    );
    if (!found) problems.push(`${path}: bit ${bit} was not found`);
    writeFileSync(path, whole);
  }
  const { differences } = await verifyResult(workshop.out);
  if (differences.length > 0)
    problems.push(`a whole result is reported as broken: ${JSON.stringify(differences)}`);
  return {
    promise: 'verify finds a flipped bit',
    tried,
    held: tried - problems.length,
    figures: `in ${files.length} files, the manifest among them`,
    problems,
  };
}
