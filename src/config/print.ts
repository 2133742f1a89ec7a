import { Document, isCollection, isScalar } from 'yaml';
import { listOptions } from './option-list.ts';
import { getAt, type Settings } from './settings.ts';

/** A value as a user would write it: what was given, else the default. */
const shownValue = ({ given, values }: Settings, path: readonly string[]): unknown =>
  getAt(given, path) ?? getAt(values, path);

/** The settings as a playfold.yaml, with a comment on each line that says where its value came from. */
export function formatSettings(settings: Settings): string {
  const document = new Document({});
  const unset: string[] = [];
  for (const { key, path } of listOptions()) {
    const value = shownValue(settings, path);
    if (value === undefined) {
      unset.push(key);
      continue;
    }
    const node = document.createNode(value, { flow: true });
    if (isScalar(node) || isCollection(node)) node.comment = ` ${settings.origins.get(key) ?? 'default'}`;
    document.setIn(path, node);
  }
  document.commentBefore = [
    ' Flags beat PLAYFOLD_ variables beat the configuration file beat defaults.',
    ...(unset.length === 0 ? [] : [` Not set: ${unset.join(', ')}`]),
  ].join('\n');
  return document.toString({ lineWidth: 0 });
}

/** The same as one line of JSON: each key's value and who gave it. */
export function formatSettingsJson(settings: Settings): string {
  const entries = listOptions().map(({ key, path }) => [
    key,
    { value: shownValue(settings, path) ?? null, from: settings.origins.get(key) ?? 'default' },
  ]);
  return `${JSON.stringify(Object.fromEntries(entries))}\n`;
}
