import type { Engine } from './engine.ts';
import { buildLocalImage, type LocalImage } from './local-image.ts';
import type { Busybox } from './static-busybox.ts';

export const LOCAL_PAUSE_IMAGE = 'troupe/pause:local';
export const SAMPLE_IMAGE = 'troupe/sample:local';
const SAMPLE_PORT = 8080;

/** Sleeps for ever: all that holding a network takes. */
const PAUSE: LocalImage = { entrypoint: ['/bin/sleep', 'inf'] };

/** `trap` because a first process ignores signals that it does not ask for, and would be killed only after its grace. */
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

export const buildPauseImage = (engine: Engine, busybox?: Busybox): Promise<{ readonly imageId: string }> =>
  buildLocalImage(engine, LOCAL_PAUSE_IMAGE, PAUSE, busybox);

/** A web server on port 8080 whose page names its pod and says `$MESSAGE`; ends at once on SIGTERM. */
export const buildSampleImage = (
  engine: Engine,
  tag: string = SAMPLE_IMAGE,
  busybox?: Busybox,
): Promise<{ readonly imageId: string }> => buildLocalImage(engine, tag, SAMPLE, busybox);
