import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { errorRecord, formatRecord, messageOf, openLog } from '../../src/terminal/log.ts';
import { playfold, temporaryFolder, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
const events = writeText(join(folder, 'events.ndjson'), scenarioLines());

const recordsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('--log json', () => {
  it('writes one record an event, of a success none with the words error or fail', () => {
    const { code, stdout, stderr } = playfold(
      ['run', events, '--out', join(folder, 'watch'), '--log', 'json', '--json'],
      {
        env: { NO_COLOR: undefined, FORCE_COLOR: '1' },
      },
    );
    expect(code).toBe(0);
    const records = recordsOf(stderr);
    for (const record of records) {
      expect(Object.keys(record)).toEqual(['time', 'level', 'stage', 'message', 'fields']);
      expect(record.time).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    }
    const stages = records.filter(({ message }) => message === 'stage began').map(({ stage }) => stage);
    expect(stages).toEqual(['plan', 'scan', 'fold', 'merge', 'check']);
    expect(records.at(-1)).toMatchObject({ message: 'run complete', fields: { rows: 31, unchanged: false } });
    expect(stderr).not.toMatch(/error|fail/i);
    expect(stderr).not.toContain('\u001B');
    expect(JSON.parse(stdout).result.rows).toBe(31);
  });

  it.each([
    [
      'a missing input',
      ['run', join(folder, 'gone.csv'), '--out', join(folder, 'never'), '--log', 'json'],
      4,
      /gone.csv: there is no such file/,
    ],
    [
      'a wrong option',
      ['run', events, '--log=json', '--out', join(folder, 'never'), '--threads', '0'],
      2,
      /--threads 0/,
    ],
  ])('writes %s as one record with its exit code', (_, args, exitCode, message) => {
    const { code, stderr } = playfold(args);
    const records = recordsOf(stderr).filter(({ level }) => level === 'error');
    expect(records).toEqual([
      {
        time: expect.any(String),
        level: 'error',
        stage: null,
        message: expect.stringMatching(message),
        fields: { exitCode },
      },
    ]);
    expect(code).toBe(exitCode);
  });

  it('is silent about what is well with --quiet', () => {
    const args = ['run', events, '--out', join(folder, 'watch'), '--log', 'json', '--quiet', '--force'];
    expect(playfold(args)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('a record', () => {
  it('has an error and its causes on one line, and the stack of a bug as a field', () => {
    const error = new Error('outer\n  line', { cause: new Error('inner') });
    expect(messageOf(error)).toBe('outer line; because: inner');
    const text = formatRecord(errorRecord(error, 70, 'a\nb'));
    expect(text.split('\n')).toHaveLength(2);
    expect(JSON.parse(text).fields).toEqual({ exitCode: 70, stack: 'a\nb' });
  });

  it('tells every 30 s how far a stage is', () => {
    const stream = new PassThrough();
    const log = openLog(stream);
    for (const stageSeconds of [0, 10, 31, 40, 62])
      log.progress({ stage: 'scan', rowsDone: stageSeconds, rowsTotal: 100, stageSeconds });
    const messages = recordsOf(String(stream.read())).map(({ message }) => message);
    expect(messages).toEqual(['stage began', 'stage goes on', 'stage goes on']);
  });
});
