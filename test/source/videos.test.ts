import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { type ConfigInput, parseConfig } from '../../src/config/schema.ts';
import type { Database } from '../../src/duckdb.ts';
import { createTitles, findVideos, readKnownVideos, readVideoColumns } from '../../src/source/videos.ts';
import { temporaryFolder, withDatabase, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
let files = 0;

/** Reads a metadata file into the table of titles. */
async function readTitles(database: Database, text: string, config: ConfigInput = {}, ending = 'csv') {
  const path = writeText(join(folder, `${++files}.${ending}`), text);
  const file = await findVideos(path, folder);
  await createTitles(database, await readVideoColumns(database, file, parseConfig(config, 'test'), folder));
}

/** The table of titles that a metadata file gives, in the order of videoId. */
async function titlesOf(text: string, config: ConfigInput = {}, ending = 'csv') {
  return withDatabase(async (database) => {
    await readTitles(database, text, config, ending);
    return database.rows('SELECT * FROM titles ORDER BY videoId');
  });
}

describe('video metadata', () => {
  it('is matched by common names', async () => {
    const expected = [{ videoId: 'v1', title: 'A', duration: 300 }];
    expect(await titlesOf('videoId,duration,title\nv1,300,A\n')).toEqual(expected);
    expect(await titlesOf('CONTENT_ID,Length,name\nv1,300,A\n')).toEqual(expected);
    expect(await titlesOf('{"id":"v1","runtime":300,"title":"A"}\n', {}, 'ndjson')).toEqual(expected);
    expect(
      await titlesOf(
        '{"asset":{"id":"v1"},"title":"A","meta":{"duration":"PT5M"}}',
        { videoColumns: { videoId: 'asset.id' } },
        'ndjson',
      ),
    ).toEqual(expected);
  });

  it('needs only videoId', async () => {
    expect(await titlesOf('video_id\nv1\n')).toEqual([{ videoId: 'v1', title: null, duration: null }]);
  });

  it.each([
    ['300', 300],
    [' 90.5 ', 90.5],
    ['PT5M', 300],
    ['pt1h2m3.5s', 3723.5],
    ['P1DT1S', 86401],
    ['PT0S', null],
    ['0', null],
    ['-5', null],
    ['inf', null],
    ['nan', null],
    ['P1Y', null],
    ['5 minutes', null],
    ['', null],
  ])('has a duration of %j that is %s s', async (text, expected) => {
    const [row] = await titlesOf(`videoId,duration\nv1,"${text}"\n`);
    expect(row).toMatchObject({ duration: expected });
  });

  it('has durations in ms where the column or the configuration says so', async () => {
    expect(await titlesOf('videoId,duration_ms\nv1,1500\n')).toMatchObject([{ duration: 1.5 }]);
    expect(await titlesOf('videoId,duration_ms\nv1,1500\n', { videoDurationUnit: 's' })).toMatchObject([
      { duration: 1500 },
    ]);
    const ms = { videoDurationUnit: 'ms' } as const;
    expect(await titlesOf('videoId,duration\nv1,1500\nv2,PT2S\n', ms)).toMatchObject([
      { duration: 1.5 },
      { duration: 2 },
    ]);
  });

  it('may name a video twice with equal values', async () => {
    expect(await titlesOf('videoId,duration,title\nv1,300,A\nv1,PT5M,A\n')).toHaveLength(1);
  });

  it.each([
    [
      'videoId,duration,title\nv1,300,A\nv1,301,A\n',
      {},
      /\.csv: video 'v1' stands there twice with different values \(duration 300\.0 and 301\.0; title A\); keep one row/,
    ],
    [
      'film,duration\nv1,3\n',
      {},
      /column 'videoId' is missing; found: film, duration\. Say which it is with --video-columns videoId=NAME/,
    ],
    ['vidio_id,duration\nv1,3\n', {}, /The nearest is 'vidio_id': add --video-columns videoId=vidio_id$/],
    [
      'videoId,duration\nv1,3\n',
      { videoColumns: { title: 'naem' } },
      /--video-columns title=naem: there is no such column; found: videoId, duration/,
    ],
    [
      'video_id,VIDEO-ID\nv1,v2\n',
      {},
      /could both be column 'videoId'; say which with --video-columns videoId=/,
    ],
  ])('%j is an error that says what to do', async (text, config, message) => {
    await expect(titlesOf(text, config)).rejects.toThrow(message);
  });

  it('says how videos are divided whose duration it has, unless two of them share a hash', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `v${i}`);
    const lines = ids.map((id, i) => `${id},${i === 0 ? '' : i * 100}\n`);
    await withDatabase(async (database) => {
      await readTitles(database, `videoId,duration\n${lines.join('')}`);
      const { hashes, bucketCounts } = await readKnownVideos(database, 64);
      const [row] = await database.rows<{ hash: string }>(`SELECT hash('v3')::VARCHAR AS hash`);
      expect(bucketCounts[hashes.indexOf(BigInt(row!.hash))]).toBe(300);
      expect([...bucketCounts].sort()).toEqual([100, 200, 300, 400, 500, ...new Array(14).fill(600)]);
      expect((await readKnownVideos(database, 1)).hashes).toHaveLength(0);
    });
  });

  it('is one file', async () => {
    const two = join(folder, 'two');
    writeText(join(two, 'a.csv'), 'videoId\n');
    writeText(join(two, 'b.csv'), 'videoId\n');
    const read = findVideos(two, folder);
    await expect(read).rejects.toThrow(`--videos ${two}: found 2 files; name one.`);
  });
});
