const NAMES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  ia32: '386',
  i686: '386',
};

/** Go's name of an architecture, from the kernel's or Node's. */
export const architectureName = (name: string): string => NAMES[name] ?? name;
