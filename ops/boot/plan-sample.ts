import type { Container, Deployment } from '../../contracts/kinds/kinds.ts';

/** What a registry's image must do to be the sample: it has a shell and a web server, but not our script. */
export interface PulledImage {
  readonly image: string;
  /** Shell script that serves the page. */
  readonly script: string;
}

/**
 * The sample Deployment: its own image, which is made on this machine, or one that was pulled and is told what to serve.
 * Pure; the manifest is not changed.
 */
export function planSample(manifest: Deployment, pulled: PulledImage | undefined): Deployment {
  if (pulled === undefined) return manifest;
  const { image, script } = pulled;
  const serve = (container: Container): Container => ({ ...container, image, command: ['/bin/sh', '-c', script] });
  const { spec } = manifest;
  const template = spec?.template;
  if (spec === undefined || template?.spec === undefined) return manifest;
  const containers = template.spec.containers.map(serve);
  return { ...manifest, spec: { ...spec, template: { ...template, spec: { ...template.spec, containers } } } };
}
