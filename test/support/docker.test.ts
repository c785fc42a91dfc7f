import { afterAll, expect, it } from 'vitest';
import { docker, removeContainers, testImage } from './docker.ts';

const LABEL = 'troupe-test=support-docker';
afterAll(() => removeContainers(LABEL));

it('runs a shell script in an image made from what the machine has', async () => {
  const Image = await testImage();
  const container = await docker.createContainer({
    Image,
    Cmd: ['sh', '-c', 'echo "it works: $(hostname)"; exit 3'],
    Hostname: 'stage',
    Labels: { 'troupe-test': 'support-docker' },
    HostConfig: { NetworkMode: 'none' },
  });
  await container.start();
  expect((await container.wait()).StatusCode).toBe(3);
  expect((await container.logs({ stdout: true, stderr: true })).toString()).toContain('it works: stage');
});
