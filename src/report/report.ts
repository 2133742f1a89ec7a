import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { builtFile } from '../built-files.ts';
import { writeStaged } from '../query/staged-file.ts';
import { withTables } from '../query/tables.ts';
import { type ReportContext, readContext } from './context.ts';
import { Html, html } from './html.ts';
import { activity } from './sections/activity.ts';
import { behaviour } from './sections/behaviour.ts';
import { engagement } from './sections/engagement.ts';
import { headline } from './sections/headline.ts';
import { quality } from './sections/quality.ts';
import { retention } from './sections/retention.ts';
import { users } from './sections/users.ts';
import { videos } from './sections/videos.ts';
import { formatCount } from './units.ts';

export interface ReportOptions {
  /** A published result. */
  readonly dir: string;
  /** The HTML file to write. */
  readonly out: string;
  readonly title: string;
  /** Whether ids of users may appear. */
  readonly withUsers: boolean;
  readonly signal?: AbortSignal | undefined;
}

type Section = (context: ReportContext) => Promise<Html>;

/** The page from top to bottom: a new section is a file and a line in this list. */
const SECTIONS: readonly Section[] = [headline, engagement, activity, videos, retention, behaviour, quality];

/** Nothing is loaded and no script runs, whatever stands in the data. */
const POLICY = `default-src 'none'; style-src 'unsafe-inline'`;

/**
 * Writes a page about a published result: one file, no network, no script. Throws a PlayfoldError (input,
 * usage, disk) and a StoppedError after `signal`.
 */
export async function writeReport({ dir, out, title, withUsers, signal }: ReportOptions): Promise<void> {
  const sections = withUsers ? [...SECTIONS, users] : SECTIONS;
  await writeStaged(out, (path) =>
    withTables(dir, { signal }, async (tables) => {
      const context = await readContext(tables);
      const parts: Html[] = [];
      for (const section of sections) parts.push(await section(context));
      await writeFile(path, page(title, context, parts).markup);
    }),
  );
}

function page(title: string, { manifest, days }: ReportContext, sections: readonly Html[]): Html {
  const { version, finishedAt, summary } = manifest;
  const css = new Html(readFileSync(builtFile('report/report.css'), 'utf8'));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>${css}</style>
</head>
<body>
<header><h1>${title}</h1>
<p>${days === null ? 'No rows' : `${days.first} to ${days.last}`} · ${formatCount(summary.events.read)} player events · run of ${finishedAt.slice(0, 10)}</p></header>
<main>
${sections}
</main>
<footer><p>Made by playfold ${version} from the run that ended ${finishedAt}. Content hash ${summary.contentHash}.
A pair is one viewer and one video. All times are UTC.</p></footer>
</body>
</html>
`;
}
