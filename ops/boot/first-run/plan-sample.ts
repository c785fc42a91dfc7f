import type { Container, Deployment } from '../../../contracts/kinds/kinds.ts';

/** A pulled image that replaces the sample's own: it has a shell and a web server, and gets the script as its command. */
export interface PulledImage {
  readonly image: string;
  /** Shell script that serves the page. */
  readonly script: string;
}

/**
 * The sample Deployment, with the image that is built on this machine, or with a pulled image and a script. Pure; the manifest is not
 * changed.
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
