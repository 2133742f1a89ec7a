/** Markup that is safe to stand in a page: everything else is escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = string | number | null | Html | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function toMarkup(content: Content): string {
  if (content === null) return '';
  if (content instanceof Html) return content.markup;
  if (Array.isArray(content)) return content.map(toMarkup).join('');
  return String(content).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A tag for templates: what is put in is escaped unless it is Html itself. Attribute values stand in quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.map((text, i) => text + (i < values.length ? toMarkup(values[i]!) : '')).join(''));
}
