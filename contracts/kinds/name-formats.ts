/*
 * Kubernetes' syntaxes of names and keys, with Kubernetes' error messages. A format returns the errors of a text; none =
 * valid.
 */
export type Format = (text: string) => readonly string[];

const tooLong = (max: number): string => `must be no more than ${max} bytes`;
const EMPTY = 'must be non-empty';

/** A pattern with a maximum length and Kubernetes' message for a text that does not match. */
function pattern(regex: RegExp, max: number, otherwise: string): Format {
  return (text) => {
    const fits = regex.test(text);
    if (fits && text.length <= max) return [];
    return [...(text.length > max ? [tooLong(max)] : []), ...(fits ? [] : [otherwise])];
  };
}

const LABEL_RULE = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_RULE = `${LABEL_RULE}(\\.${LABEL_RULE})*`;

export const dnsLabel = pattern(
  /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  63,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL_RULE}')`,
);

export const dnsSubdomain = pattern(
  /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  253,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN_RULE}')`,
);

export const labelValue = pattern(
  /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
);

const qualifiedPart = pattern(
  /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
  63,
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
);

/** Keys of labels and annotations, names of taints and finalizers: `[prefix/]name`. */
export const qualifiedName: Format = (text) => {
  const parts = text.split('/');
  const [prefix, name] = parts.length === 2 ? parts : [undefined, parts[0]];
  if (parts.length > 2 || name === undefined) {
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  const ofPrefix = prefix === undefined ? [] : prefix === '' ? [EMPTY] : dnsSubdomain(prefix);
  const ofName = name === '' ? [EMPTY] : qualifiedPart(name);
  if (ofPrefix.length === 0 && ofName.length === 0) return [];
  return [...ofPrefix.map((why) => `prefix part ${why}`), ...ofName.map((why) => `name part ${why}`)];
};

/** A name that can be one segment of a URL's path; the only rule for names of roles and their bindings. */
export const pathSegment: Format = (text) => {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((one) => text.includes(one)).map((one) => `may not contain '${one}'`);
};

/** Annotation keys are qualified names in which case is ignored. */
export const annotationKey: Format = (text) => qualifiedName(text.toLowerCase());

/** Printable ASCII without `=`, as in Kubernetes since 1.34. */
export const envName = pattern(
  /^[ -<>-~]+$/,
  Number.MAX_SAFE_INTEGER,
  "a valid environment variable name must consist only of printable ASCII characters other than '='",
);

/** Keys of ConfigMaps and Secrets; they become file names. */
export const configKey: Format = (text) => {
  const found = pattern(
    /^[-._a-zA-Z0-9]+$/,
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  )(text);
  if (text === '.') return [...found, "must not be '.'"];
  if (text === '..') return [...found, "must not be '..'"];
  return text.startsWith('..') ? [...found, "must not start with '..'"] : found;
};

/** Port names: IANA service names. */
export const portName: Format = (text) => {
  const found: string[] = [];
  if (text.length > 15) found.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(text)) {
    found.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(text)) found.push('must contain at least one letter (a-z)');
  if (text.includes('--')) found.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) found.push('must not begin or end with a hyphen');
  return found;
};

/** Relative paths inside a volume, without `..`. */
export const pathWithin: Format = (text) => {
  if (text.startsWith('/')) return ['must be a relative path'];
  return text.split('/').includes('..') ? ["must not contain '..'"] : [];
};

export const absolutePath: Format = (text) => (text.startsWith('/') ? [] : ['must be an absolute path']);

export const trimmed: Format = (text) => (text === text.trim() ? [] : ['must not have leading or trailing whitespace']);

export const httpHeaderName: Format = (text) =>
  /^[-A-Za-z0-9]+$/.test(text)
    ? []
    : [
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      ];

/** A dotted IPv4 or an IPv6 address. */
export const ipAddress: Format = (text) =>
  isIpV4(text) || isIpV6(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];

const isIpV4 = (text: string): boolean => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
function isIpV6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || !/^[0-9A-Fa-f:.]+$/.test(text)) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const words = groups.length + (isIpV4(last) ? 1 : 0);
  const fit = groups.every(
    (group, at) => /^[0-9A-Fa-f]{1,4}$/.test(group) || (at === groups.length - 1 && isIpV4(group)),
  );
  return fit && (halves.length === 2 ? words < 8 : words === 8);
}

/** A range of addresses. */
export const cidr: Format = (text) => {
  const [address = '', bits = '', ...rest] = text.split('/');
  const most = isIpV4(address) ? 32 : isIpV6(address) ? 128 : -1;
  const fits = rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  return fits ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
};

/** Names of compute resources: one of Kubernetes' own, or qualified by a domain. */
export const resourceName: Format = (text) => {
  const found = qualifiedName(text);
  if (found.length > 0) return found;
  if (text.includes('/') || STANDARD_RESOURCES.has(text) || text.startsWith('hugepages-')) return [];
  return ['must be a standard resource type or fully qualified'];
};
const STANDARD_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage', 'pods']);
