/** An entry of apt's source lists. */
interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly signedBy?: string;
}

/** A mirror of Debian's main archive. */
export interface Mirror {
  readonly uri: string;
  /** Key ring that must have signed it; absent: the ones that apt trusts. */
  readonly signedBy?: string;
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** `deb [signed-by=…] uri suite component…` */
function oneLine(line: string): readonly Source[] {
  const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line.trim());
  if (match === null) return [];
  const [, options = '', uri = '', suite = '', components = ''] = match;
  const signedBy = /signed-by=(\S+)/.exec(options)?.[1];
  return [{ uri, suite, components: words(components), ...(signedBy === undefined ? {} : { signedBy }) }];
}

/** Fields of a deb822 paragraph; a value may continue in lines that begin with a space. */
function fieldsOf(paragraph: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  let name = '';
  for (const line of paragraph.split('\n')) {
    if (line.startsWith('#')) continue;
    const match = /^([A-Za-z0-9-]+):(.*)$/.exec(line);
    if (match?.[1] !== undefined) {
      name = match[1].toLowerCase();
      fields[name] = (match[2] ?? '').trim();
    } else if (name !== '') fields[name] += `\n${line}`;
  }
  return fields;
}

function paragraphSources(paragraph: string): readonly Source[] {
  const fields = fieldsOf(paragraph);
  if (!words(fields['types'] ?? '').includes('deb') || /^no$/i.test(fields['enabled'] ?? '')) return [];
  const keyRing = (fields['signed-by'] ?? '').trim();
  const signedBy = keyRing.startsWith('/') ? keyRing : undefined; // a key in the text itself cannot be passed on
  const components = words(fields['components'] ?? '');
  return words(fields['uris'] ?? '').flatMap((uri) =>
    words(fields['suites'] ?? '').map((suite) => ({
      uri,
      suite,
      components,
      ...(signedBy === undefined ? {} : { signedBy }),
    })),
  );
}

const parse = ({ name, text }: { readonly name: string; readonly text: string }): readonly Source[] =>
  name.endsWith('.sources') ? text.split(/\n[ \t]*\n/).flatMap(paragraphSources) : text.split('\n').flatMap(oneLine);

const FETCHED = /^(https?|ftp|mirror(\+\w+)*|file|copy|tor\+https?):/;

/**
 * The mirrors of Debian's main archive among apt's sources, from which another suite can be read: those with `main` of this release.
 * Security archives and third-party repositories have other suites. Pure.
 * @param files    apt's source lists, one-line or deb822, in apt's order
 * @param codename of this release: `bookworm`
 * @returns each once, in order
 */
export function planMirrors(
  files: readonly { readonly name: string; readonly text: string }[],
  codename: string,
): readonly Mirror[] {
  const suites = new Set([codename, `${codename}-updates`, 'stable', 'oldstable', 'testing', 'unstable', 'sid']);
  const mirrors = new Map<string, Mirror>();
  for (const { uri, suite, components, signedBy } of files.flatMap(parse)) {
    const key = uri.replace(/\/+$/, '');
    if (!suites.has(suite) || !components.includes('main') || !FETCHED.test(uri) || mirrors.has(key)) continue;
    mirrors.set(key, { uri: key, ...(signedBy === undefined ? {} : { signedBy }) });
  }
  return [...mirrors.values()];
}
