/**
 * Text from data may hold newlines, terminal commands and marks that turn the direction of what follows: shown as
 * \\u{1b}, they do nothing.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu,
    (control) => `\\u{${control.codePointAt(0)!.toString(16)}}`,
  );
}
