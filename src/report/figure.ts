import { type Content, Html, html } from './html.ts';

export interface FigureParts {
  readonly title: string;
  /** What is counted, in a sentence. */
  readonly note: Content;
  /** What a screen reader says in the place of the drawing. */
  readonly description: string;
  readonly chart: Html | null;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Content[])[];
}

/** A chart with its title, what it counts, and the table behind it. */
export function figure({ title, note, description, chart, head, rows }: FigureParts): Html {
  if (chart === null)
    return html`<figure><figcaption><h3>${title}</h3><p>${note}</p></figcaption><p class="empty">Nothing to draw.</p></figure>`;
  return html`<figure>
<figcaption><h3>${datum(title)}</h3><p>${note}</p></figcaption>
<div role="img" aria-label="${description}">${chart}</div>
<details><summary>Figures<span class="for-reader"> of ${title}</span></summary>${table(title, head, rows)}</details>
</figure>`;
}

/** A table that scrolls sideways in itself; cells that begin with a digit stand to the right. */
export function table(label: string, head: readonly string[], rows: readonly (readonly Content[])[]): Html {
  const alignment = head.map((_, column) =>
    rows.every((row) => isNumeric(row[column] ?? null)) ? ' class="number"' : '',
  );
  const cells = (row: readonly Content[]): Html[] =>
    row.map((cell, column) => html`<td${new Html(alignment[column] ?? '')}>${cell}</td>`);
  return html`<div class="table" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${head.map((name, column) => html`<th scope="col"${new Html(alignment[column] ?? '')}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody>
</table></div>`;
}

function isNumeric(cell: Content): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && /^(<|-?\d|unknown)/.test(cell));
}

/** Text that comes from the data: its own direction does not spill over. */
export function datum(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}
