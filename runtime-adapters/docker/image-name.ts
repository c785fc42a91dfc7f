/** As far as it takes for a name to be no more than a name where the engine's API is asked; the grammar is the engine's. */
const NAME = /^[A-Za-z0-9_[][\w.:@/[\]-]{0,1023}$/;

/** Anything else could ask the engine for something else: `..`, a query, or a path that is redirected to another host. */
export const isImageName = (text: string): boolean =>
  NAME.test(text) && !text.split('/').some((part) => part === '' || /^\.+$/.test(part));
