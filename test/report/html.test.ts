import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { Html, html } from '../../src/report/html.ts';

describe('markup', () => {
  it('escapes what is put in, and nothing twice', () => {
    const title = `</title><script>alert("1" & '2')</script>`;
    expect(html`<b title="${title}">${title}</b>`.markup).toBe(
      '<b title="&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;">' +
        '&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</b>',
    );
    expect(html`<p>${html`<i>${'<'}</i>`}${[1, null, html`<br>`]}${new Html('<hr>')}</p>`.markup).toBe(
      '<p><i>&lt;</i>1<br><hr></p>',
    );
  });

  it('gives any text back as it was, in content and in attributes', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !/[\0\r]/.test(value));
    fc.assert(
      fc.property(text, (value) => {
        const { document } = parseHTML(`<body>${html`<p title="${value}">${value}</p>`.markup}</body>`);
        const paragraph = document.querySelector('p')!;
        expect(paragraph.textContent).toBe(value);
        expect(paragraph.getAttribute('title')).toBe(value);
        expect(paragraph.childElementCount).toBe(0);
      }),
    );
  });
});
