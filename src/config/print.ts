import { Document, isCollection, isScalar } from 'yaml';
import { optionFacts } from './option-facts.ts';
import { listOptions, type Option } from './option-list.ts';
import { getAt, type Settings } from './settings.ts';

/** A value as a user would write it: what was given, else the default. */
const shownValue = ({ given, values }: Settings, path: readonly string[]): unknown =>
  getAt(given, path) ?? getAt(values, path);

/** Who gave an option; for a default that depends on the machine, what it is. */
function originOf({ origins }: Settings, { key, type }: Option): string {
  const defaultText = optionFacts.get(type)?.defaultText;
  return origins.get(key) ?? (defaultText === undefined ? 'default' : `default: ${defaultText}`);
}

/** The settings as a playfold.yaml, with a comment on each line that says where its value came from. */
export function formatSettings(settings: Settings): string {
  const document = new Document({});
  const unset: string[] = [];
  for (const option of listOptions()) {
    const { key, path } = option;
    const value = shownValue(settings, path);
    if (value === undefined) {
      unset.push(key);
      continue;
    }
    const node = document.createNode(value, { flow: true });
    if (isScalar(node) || isCollection(node)) node.comment = ` ${originOf(settings, option)}`;
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
  const entries = listOptions().map((option) => {
    const value = shownValue(settings, option.path);
    return [
      option.key,
      { value: value ?? null, from: value === undefined ? 'not set' : originOf(settings, option) },
    ];
  });
  return `${JSON.stringify(Object.fromEntries(entries))}\n`;
}
