// A service that hosts actors beside whatever else it does. ops/docs/embedding.md shows how to run it.
import { hostActors } from 'troupe';
import { actors } from './actors.mjs';

try {
  const hosted = await hostActors(actors, {
    onBroken: () => process.exit(70), // an actor that broke its contract comes back in a new process alone
    onClosed: () => process.exit(1),
  });
  console.log(`${hosted.instance} hosts ${actors.map(({ name }) => name).join(', ')}`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void hosted.stop());
} catch (error) {
  console.error(`service: ${error.message}`);
  process.exitCode = 1;
}
