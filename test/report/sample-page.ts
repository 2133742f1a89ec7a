import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { SampleEvent } from '../../src/sample/scenarios.ts';
import { runJson, writeText } from '../built-cli.ts';

/** Titles that break a page which pastes them. */
export const HOSTILE_TITLES = [
  '</title><script>document.title = "broken"</script>',
  '"><img src=x onerror="document.title = 1">',
  `' onmouseover='alert(1)`,
  '&lt;b&gt; &amp;amp; <!--',
  '\u202Eevil مقدمة',
  `A very long title ${'about everything '.repeat(12)}`,
  '</style><style>body { display: none }</style>',
  '</svg><foreignObject><p>x</p>',
  '日本語のタイトル 👩‍👩‍👧',
  '{{7 * 7}} <%= 7 * 7 %>',
] as const;

const VIDEO_SECONDS = 600;

/** Eight viewers of ten videos over 40 days: they skip ahead to 400 s, replay, stop and end. */
export function hostileEvents(): SampleEvent[] {
  const events: SampleEvent[] = [];
  for (let viewer = 0; viewer < 8; viewer++)
    for (const [video] of HOSTILE_TITLES.entries()) {
      if ((viewer * 7 + video) % 4 === 0) continue;
      let atMs = Date.UTC(2026, 2, 1 + ((viewer * 11 + video * 3) % 40), 8);
      const push = (eventName: string, currentTime: number, afterSeconds: number): void => {
        atMs += afterSeconds * 1000;
        events.push({
          timestamp: new Date(atMs).toISOString(),
          userId: `secret-user-${viewer}`,
          sessionId: `session-${viewer}-${video}`,
          videoId: `video <${video}>`,
          eventName,
          currentTime,
          fromTime: null,
        });
      };
      const stop = 60 + ((viewer * 53 + video * 31) % 300);
      push('play', 0, 0);
      push('pause', stop, stop);
      if (viewer % 2 === 0) {
        push('resume', 400, 5);
        push('pause', 470, 70);
      }
      if (viewer % 3 === 0) {
        push('resume', 470, 5);
        push('end', VIDEO_SECONDS, VIDEO_SECONDS - 470);
      }
    }
  return events;
}

/** Folds those events and gives the path of the result. */
export function publishHostile(folder: string, ...options: readonly string[]): string {
  const unknown = [{ ...hostileEvents()[0]!, eventName: '<script>document.title = 2</script>' }];
  const events = writeText(
    join(folder, 'events.ndjson'),
    [...hostileEvents(), ...unknown].map((event) => JSON.stringify(event)).join('\n'),
  );
  const videos = writeText(
    join(folder, 'videos.ndjson'),
    HOSTILE_TITLES.map((title, i) =>
      JSON.stringify({ videoId: `video <${i}>`, duration: VIDEO_SECONDS, title }),
    ).join('\n'),
  );
  const out = join(folder, 'watch');
  runJson(events, '--videos', videos, '--out', out, ...options);
  return out;
}

/** Where Chromium is installed; undefined where it is not. */
export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}
