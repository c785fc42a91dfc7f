import { homePaths, troupeHome } from '../../ops/boot/home/home.ts';
import { findBusybox } from '../../ops/setup/images.ts';
import { DockerRuntime } from '../../runtime-adapters/docker/docker-runtime.ts';
import { connectEngine, type Engine } from '../../runtime-adapters/docker/engine.ts';
import { LABEL } from '../../runtime-adapters/docker/labels.ts';
import { buildLocalImage } from '../../runtime-adapters/docker/local-image.ts';
import { OTHER_SCRIPT, runtimeConformance, TOOL_SCRIPT } from './runtime.conformance.ts';

const NODE = `conformance-${process.pid}`;
const IMAGE = `troupe/conformance:${process.pid}`;
/** A registry on a local port that is closed: fails at once, with or without a network. */
const MISSING = 'localhost:1/troupe/no-such-image:1';

runtimeConformance('docker', async () => {
  const engine = connectEngine();
  const image = {
    entrypoint: ['/bin/tool'],
    cmd: ['default'],
    env: ['IMAGE_VAR=image'],
    files: { '/bin/tool': TOOL_SCRIPT, '/bin/other': OTHER_SCRIPT },
  };
  await buildLocalImage(engine, IMAGE, image, await findBusybox(homePaths(troupeHome())));
  return {
    adapter: () => new DockerRuntime({ node: NODE, engine }),
    image: IMAGE,
    missingImage: MISSING,
    kill: (id) => engine.getContainer(id).kill(),
    cleanUp: () => cleanUp(engine),
  };
});

async function cleanUp(engine: Engine): Promise<void> {
  const left = await engine.listContainers({ all: true, filters: { label: [`${LABEL.node}=${NODE}`] } });
  // One at a time: see NetworkJoinLock.
  for (const { Id } of left) await engine.getContainer(Id).remove({ force: true, v: true });
  await engine.getImage(IMAGE).remove({ force: true });
}
