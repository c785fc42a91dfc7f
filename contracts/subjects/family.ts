import { type Token, token, untoken } from './token.ts';

type Names<T extends string> = T extends `${string}<${infer N}>${infer Rest}` ? N | Names<Rest> : never;

/** Values for the `<placeholders>` of a template, unescaped. */
export type TokensOf<T extends string> = { readonly [N in Names<T>]: string };

declare const carries: unique symbol;

/**
 * A family of subjects with one template. `Q` is the type of its messages, `A` that of the answer (`never` for published
 * messages). Both exist at compile time only.
 */
export interface Family<T extends string = string, Q = unknown, A = unknown> {
  readonly [carries]?: { readonly question: Q; readonly answer: A };
  readonly template: T;
  /**
   * `request`: answered; `publish`: not answered; `stream`: stored by JetStream; `self`: delivered by a process to its own
   * actors, without the broker.
   */
  readonly mode: 'request' | 'publish' | 'stream' | 'self';
  readonly heardBy: string;
  /** Only the node that `<node>` names may ask here, as its own user. */
  readonly askedByNode?: boolean;
  readonly doc: string;
  /** @param tokens unescaped values; each becomes one escaped token, a missing or empty one `_` */
  subject(prefix: string, tokens: TokensOf<T>): string;
  /** @returns the unescaped values; `undefined` when the subject does not match the template */
  parse(prefix: string, subject: string): TokensOf<T> | undefined;
  /** A subscription pattern: the tokens in `fixed` as given, the others `*`. */
  pattern(prefix: string, fixed?: Partial<TokensOf<T>>): string;
}

/** `<prefix>.<first token>.>`: the pattern of everything below a family's first token, for subscriptions and streams. */
export const below = ({ template }: Pick<Family, 'template'>, prefix: string): string =>
  `${prefix}.${template.split('.')[0]}.>`;

/** Declares a family by its template, such as `heartbeat.<node>`. Call it as `family<Message, Answer>()(template, about)`. */
export const family =
  <Q, A = never>() =>
  <const T extends string>(
    template: T,
    about: Pick<Family, 'mode' | 'heardBy' | 'askedByNode' | 'doc'>,
  ): Family<T, Q, A> => {
    const parts = template
      .split('.')
      .map((part) => (part.startsWith('<') ? { name: part.slice(1, -1) } : { literal: part }));
    return {
      template,
      ...about,
      subject(prefix, tokens) {
        let subject = prefix;
        for (const part of parts) {
          subject += `.${part.literal ?? token((tokens as Record<string, string>)[part.name])}`;
        }
        return subject;
      },
      parse(prefix, subject) {
        if (!subject.startsWith(`${prefix}.`)) return undefined;
        const found = subject.slice(prefix.length + 1).split('.');
        if (found.length !== parts.length) return undefined;
        const tokens: Record<string, string> = {};
        for (const [at, part] of parts.entries()) {
          const piece = found[at] ?? '';
          if (part.literal !== undefined) {
            if (part.literal !== piece) return undefined;
            continue;
          }
          const value = untoken(piece);
          if (value === undefined) return undefined;
          tokens[part.name] = value;
        }
        return tokens as TokensOf<T>;
      },
      pattern(prefix, fixed = {}) {
        const given = fixed as Record<string, string | undefined>;
        const shape = parts.map((part): Token | string => {
          if (part.literal !== undefined) return part.literal;
          const value = given[part.name];
          return value === undefined ? '*' : token(value);
        });
        return [prefix, ...shape].join('.');
      },
    };
  };
