import { guarded } from '../../actors/kernel/nats/nats-guarded-callback.ts';
import { connectRole } from '../boot/roles/role-connection.ts';
import { roleFromEnv } from '../boot/roles/role-options.ts';

/* The responder for bare requests: answers each with its own body. */
const connection = await connectRole('responder', roleFromEnv('worker', process.env, console.log));
connection.subscribe('bare.ask', { callback: guarded((_error, msg) => msg.respond(msg.data), console.error) });
process.once('SIGTERM', () => void connection.drain());
