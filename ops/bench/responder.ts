import { guarded } from '../../actors/kernel/nats/nats-guarded-callback.ts';
import { connectRole, roleFromEnv } from '../boot/roles/role.ts';

/** The plain other side of a bare request: answers at once with what it was asked. */
const connection = await connectRole('responder', roleFromEnv('worker', process.env, console.log));
connection.subscribe('bare.ask', { callback: guarded((_error, msg) => msg.respond(msg.data), console.error) });
process.once('SIGTERM', () => void connection.drain());
