import type { Engine } from './engine.ts';
import { buildLocalImage, type LocalImage } from './local-image.ts';
import type { Busybox } from './static-busybox.ts';

export const LOCAL_PAUSE_IMAGE = 'troupe/pause:local';
export const SAMPLE_IMAGE = 'troupe/sample:local';
const SAMPLE_PORT = 8080;

/** Sleeps for ever: it only holds the pod's network. */
const PAUSE: LocalImage = { entrypoint: ['/bin/sleep', 'inf'] };

/** With a `trap`, because process 1 ignores signals without a handler and would be killed only after its grace period. */
export const SAMPLE_SCRIPT = `#!/bin/sh
trap 'exit 0' TERM INT
mkdir -p /www
echo "<h1>Hello from $(hostname)</h1><p>$MESSAGE</p>" > /www/index.html
echo "serving http://$(hostname -i 2>/dev/null | cut -d' ' -f1):${SAMPLE_PORT}/"
httpd -f -v -p ${SAMPLE_PORT} -h /www &
wait
`;
const SAMPLE: LocalImage = {
  entrypoint: ['/bin/serve'],
  env: ['MESSAGE=A pod of Troupe.'],
  exposedPorts: [`${SAMPLE_PORT}/tcp`],
  files: { '/bin/serve': SAMPLE_SCRIPT },
};

/** Builds the image that runs in sandboxes. */
export const buildPauseImage = (engine: Engine, busybox?: Busybox): Promise<{ readonly imageId: string }> =>
  buildLocalImage(engine, LOCAL_PAUSE_IMAGE, PAUSE, busybox);

/** Builds the sample image: a web server on port 8080 whose page shows its pod's name and `$MESSAGE`; ends at once on SIGTERM. */
export const buildSampleImage = (
  engine: Engine,
  tag: string = SAMPLE_IMAGE,
  busybox?: Busybox,
): Promise<{ readonly imageId: string }> => buildLocalImage(engine, tag, SAMPLE, busybox);
