import { type Endpoint, type ServiceMsg, Svcm } from '@nats-io/services';
import type { Msg, NatsConnection, Subscription } from 'nats';
import { decode, encode, JSON_TYPE } from '../../../contracts/codec/codec.ts';
import { failure, messageTooLarge, type Status } from '../../../contracts/errors/status.ts';
import type { Family } from '../../../contracts/subjects/family.ts';
import { askersInbox, type IsAskersInbox } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { CallsDecl, HearDecl, WatchDecl } from '../declare.ts';
import type { ActorStats } from '../live/actor-stats.ts';
import { AnswerStats } from '../live/answer-stats.ts';
import type { InboundMessage } from '../live/inbound-message.ts';
import { namedHeaders } from '../live/message-headers.ts';
import { encodingOfQuestion } from '../turns/replies.ts';
import { patternOf } from '../turns/subject-patterns.ts';
import type { ArrivalLag } from './nats-arrival-lag.ts';
import { filterInbound } from './nats-inbound-filter.ts';

/** Families on which the server itself publishes changes of the store. */
const REPUBLISHED: ReadonlySet<string> = new Set([SUBJECTS.changes.template, SUBJECTS.events.template]);

/** A micro service must have a semantic version; a service that embeds actors may call its build as it likes. */
const VERSIONED = /^\d+\.\d+\.\d+(?:\+[0-9A-Za-z.-]+)?$/;

/** What a service needs of the host of its actor. */
export interface ServiceHost {
  readonly options: { readonly build: string; readonly log: (line: string) => void };
  readonly connection: NatsConnection;
  readonly knowsUsers: boolean;
  readonly lainMsMax: number;
  readonly arrivalLag: ArrivalLag;
}

/** What the service of an actor or driver needs of it. */
export interface Served {
  readonly definition: { readonly name: string; readonly hears: Readonly<Record<string, HearDecl>> };
  readonly self: { readonly actor: string; readonly instance: string; readonly prefix: string };
  heard(msg: InboundMessage): void;
  listens?(input: CallsDecl): boolean;
  heardLatest?(input: string, msg: InboundMessage): void;
  stats(): ActorStats;
}

export interface ActorService {
  stop(): Promise<void>;
}

/**
 * Subscribes what an actor hears and shows the actor as a NATS micro service, so that `nats micro ls`, `info`, `stats`
 * and `ping` see it. This file is the only one that knows the services package, which is a prerelease.
 */
export async function serveActor(host: ServiceHost, served: Served): Promise<ActorService> {
  const { prefix, actor, instance } = served.self;
  const kept = new Map<string, number>();
  const keptOut = (subject: string, why: string, outcome = 'ignored'): void => {
    const sort = why.replace(/".*"/, '');
    const count = (kept.get(sort) ?? 0) + 1;
    kept.set(sort, count);
    if (Number.isInteger(Math.log10(count)))
      host.options.log(`warning: ${actor}/${instance}: message on ${subject} ${outcome}: ${why} (${count} so far)`);
  };
  const askers = host.knowsUsers ? askersInboxes(served) : undefined;
  const acknowledged = patternsOf(served, ({ family }) => family.template === SUBJECTS.watchAck.template);
  const unrecorded = patternsOf(served, (heard) => heard.hear === 'calls' && heard.unrecorded === true);
  const connection = filterInbound(host.connection, keptOut, (pattern) => ({
    told: false,
    isAskers: askers?.get(pattern),
    readers: acknowledged.has(pattern),
    bytes: unrecorded.has(pattern),
  }));
  const changes = filterInbound(host.connection, keptOut, () => ({ told: true }));
  const figures = new Map<string, AnswerStats>();
  const service = await new Svcm(connection).add({
    name: actor.replaceAll(/[^A-Za-z0-9_-]/g, '-'),
    version: VERSIONED.test(host.options.build) ? host.options.build : '0.0.0',
    description: `Troupe's ${actor} on ${instance}`,
    metadata: { instance, prefix },
    statsHandler: (endpoint) => {
      tellLibrary(endpoint, figures.get(endpoint.subject));
      return Promise.resolve(served.stats());
    },
    queue: '',
  });
  service.addEndpoint('status', {
    subject: SUBJECTS.actor.subject(prefix, { actor, instance }),
    handler: (error, msg) => {
      if (error === null) msg.respond(encode(served.stats(), JSON_TYPE));
    },
  });
  const plain: Subscription[] = [];
  for (const [name, heard] of Object.entries(served.definition.hears)) {
    const pattern = patternOf(heard, prefix);
    if (pattern === undefined || heard.hear === 'watch' || heard.family.mode === 'self') continue;
    if (heard.hear === 'latest') {
      plain.push(
        connection.subscribe(pattern, {
          callback: (error, msg) => void (error === null && served.heardLatest?.(name, arrived(msg))),
        }),
      );
    } else if (heard.family.mode === 'request') {
      const counted = new AnswerStats();
      figures.set(pattern, counted);
      const lag = heard.queue === true ? host.arrivalLag : undefined;
      service.addEndpoint(endpointName(name), {
        subject: pattern,
        ...(heard.queue === true ? { queue: actor } : {}),
        handler: (error, msg) => {
          if (error !== null) return;
          const question = new Question(arrived(msg), counted);
          const { subject, data } = question;
          const lateMs = lag !== undefined && question.isAwaited ? lag.ms : 0;
          if (lateMs > host.lainMsMax) {
            keptOut(subject, 'it came so late that whoever asked has given up', 'answered 504, nothing done');
            refuse(question, tooLate(actor, lateMs));
          } else if (heard.bytesMax !== undefined && data.length > heard.bytesMax) {
            keptOut(subject, `it is larger than the ${heard.bytesMax} bytes that are taken`, 'refused with 413');
            refuse(question, messageTooLarge(subject, data.length, heard.bytesMax));
          } else served.heard(question);
        },
      });
    } else {
      plain.push(
        (REPUBLISHED.has(heard.family.template) ? changes : connection).subscribe(pattern, {
          ...(heard.queue === true ? { queue: actor } : {}),
          callback: (error, msg) => {
            if (error === null && served.listens?.(heard) !== false) served.heard(arrived(msg));
          },
        }),
      );
    }
  }
  return {
    stop: async () => {
      for (const subscription of plain) subscription.unsubscribe();
      await service.stop();
    },
  };
}

/** Where answers may go to, by pattern of the subscription that hears the questions. */
function askersInboxes({ definition, self }: Served): ReadonlyMap<string, IsAskersInbox> {
  const inboxes = new Map<string, IsAskersInbox>();
  for (const heard of Object.values(definition.hears)) {
    const pattern = patternOf(heard, self.prefix);
    const isAskers = heard.hear === 'watch' ? undefined : askersInbox(heard.family as Family, self.prefix);
    if (pattern !== undefined && isAskers !== undefined) inboxes.set(pattern, isAskers);
  }
  return inboxes;
}

/** The patterns of the inputs that `chosen` picks. */
function patternsOf(
  { definition, self }: Served,
  chosen: (heard: Exclude<HearDecl, WatchDecl>) => boolean,
): ReadonlySet<string> {
  const patterns = new Set<string>();
  for (const heard of Object.values(definition.hears)) {
    const pattern = patternOf(heard, self.prefix);
    if (pattern !== undefined && heard.hear !== 'watch' && chosen(heard)) patterns.add(pattern);
  }
  return patterns;
}

/** Behind the door every message is an `ArrivedMessage`; the service hands over one around it, with the same parts. */
const arrived = (msg: Msg | ServiceMsg): InboundMessage => msg as unknown as InboundMessage;

/** A question as it came to an endpoint, which counts how it is answered. */
class Question implements InboundMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply: string | undefined;
  readonly headers: InboundMessage['headers'];
  readonly #message: InboundMessage;
  readonly #figures: AnswerStats;
  readonly #at = performance.now();

  constructor(message: InboundMessage, figures: AnswerStats) {
    this.subject = message.subject;
    this.data = message.data;
    this.reply = message.reply;
    this.headers = message.headers;
    this.#message = message;
    this.#figures = figures;
  }

  get isAwaited(): boolean {
    return this.reply !== undefined && this.reply !== '';
  }

  respond(data: Uint8Array): boolean {
    const sent = this.#message.respond(data);
    this.answered(decode(data));
    return sent;
  }

  answered(body: unknown): void {
    this.#figures.note(performance.now() - this.#at, body);
  }
}

/** This process or the network stood still; to do now what was given up then would surprise everybody. */
const tooLate = (actor: string, lateMs: number): Status =>
  failure(
    'Timeout',
    `${actor} heard this up to ${Math.round(lateMs / 1000)} s late, for its process or network stood still; nothing was done; ask again`,
    { retryAfterSeconds: 1 },
  );

function refuse(question: Question, status: Status): void {
  if (question.isAwaited) question.respond(encode(status, encodingOfQuestion(question.data, namedHeaders(question))));
}

/** What the library keeps of an endpoint, beside what it declares of it. */
interface LibraryFigures {
  readonly stats?: {
    num_errors: number;
    last_error?: string | undefined;
    processing_time: number;
    average_processing_time: number;
  };
}

/**
 * The library counts what a handler throws and how long it runs; ours has put the question into an inbox by then and nothing
 * more. So it is told of the answers before it tells anybody.
 */
function tellLibrary(endpoint: Endpoint & LibraryFigures, figures: AnswerStats | undefined): void {
  if (figures === undefined || endpoint.stats === undefined) return;
  const { answered, errors, totalMs, lastError } = figures;
  endpoint.stats.num_errors = errors;
  endpoint.stats.last_error = lastError;
  endpoint.stats.processing_time = Math.round(totalMs * NANOS_A_MS);
  endpoint.stats.average_processing_time = answered === 0 ? 0 : Math.round((totalMs * NANOS_A_MS) / answered);
}

const NANOS_A_MS = 1_000_000;

const endpointName = (name: string): string => name.replaceAll(/[^A-Za-z0-9_-]/g, '-');
