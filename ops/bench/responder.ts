import { connectRole, roleFromEnv } from '../boot/role.ts';

/** The plain other side of a bare request: answers at once with what it was asked. */
const connection = await connectRole('responder', roleFromEnv('worker', process.env, console.log));
connection.subscribe('bare.ask', { callback: (_error, msg) => void msg.respond(msg.data) });
process.once('SIGTERM', () => void connection.drain());
