import { expect, it } from 'vitest';
import { CarryReader } from '../../src/fold/carry-reader.ts';
import { entomb, fingerprintsOf, uniteCarries } from '../../src/fold/carry-table.ts';
import { temporaryFolder } from '../built-cli.ts';
import { byKey, type Carry, fragmentsOf, fromTable, sessionOf, toTable, writeTable } from './carries.ts';

const folder = temporaryFolder();
const sessions = Array.from({ length: 4_000 }, (_, session) => session);

it('are found by the fragments of their sessions, few or many, as the newest file has them', () => {
  const newest = { ...sessionOf(77), lastUs: 1n };
  const places = [
    writeTable(folder, uniteCarries([toTable([newest]), entomb(toTable([sessionOf(78)]))], true)),
    writeTable(folder, toTable(sessions.map(sessionOf))),
  ];
  const reader = new CarryReader();
  const find = (wanted: readonly number[]): Carry[] =>
    byKey(fromTable(reader.find(places, fingerprintsOf([fragmentsOf(wanted)], wanted.length))));
  expect(find([])).toEqual([]);
  expect(find([50_000, 77, 3_999, 77, 78])).toEqual(byKey([newest, sessionOf(3_999)]));
  const all = sessions.filter((session) => session !== 78);
  expect(find(sessions)).toEqual(byKey(all.map((session) => (session === 77 ? newest : sessionOf(session)))));
  expect(reader.read(places[1]!).count).toBe(4_000);
  reader.close();
});
