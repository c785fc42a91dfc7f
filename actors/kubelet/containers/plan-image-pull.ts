import { own } from '../../../contracts/json-values.ts';
import type { Container } from '../../../contracts/kinds/kinds.ts';
import type { ContainerRecord } from '../pods/pod-types.ts';
import { pullPolicy } from './container-config.ts';
import type { ContainerContext, Decision } from './container-decision.ts';

/** How long a failed pull is shown as `ErrImagePull` before it is shown as `ImagePullBackOff`. */
const FRESH_FAILURE_MS = 1000;

/** What was found out about the image of this attempt; `undefined` once the pod names another image. */
export function recordedImage(
  { image }: Container,
  record: ContainerRecord,
  attempt: number,
): ContainerRecord['image'] {
  const recorded = record.image;
  return recorded?.attempt === attempt && (recorded.name ?? image) === image ? recorded : undefined;
}

/**
 * Decides whether an attempt's image must be looked up or pulled, by its pull policy, and backs off after failed pulls. Pure.
 * @returns the image's id once it is on the node; else what to ask, or what to wait for
 */
export function planImage(
  at: ContainerContext,
  container: Container,
  record: ContainerRecord,
  attempt: number,
): string | Decision {
  const { images, state, now } = at.input;
  const image = container.image ?? '';
  const name = container.name;
  if (image === '') {
    const message = `Failed to apply default image tag "": couldn't parse image name "": invalid reference format`;
    return { wait: { reason: 'InvalidImageName', message } };
  }
  const policy = pullPolicy(container);
  const looked = recordedImage(container, record, attempt);
  if (looked?.id !== undefined) return looked.id;
  if (policy !== 'Always' && looked === undefined) {
    const never = policy === 'Never' ? { never: true } : {};
    return images.get(image) ?? { verb: { op: 'imageStatus', body: { image }, name, attempt, ...never } };
  }
  const failure = own(state.pulls, image);
  if (failure === undefined || now >= failure.until)
    return { verb: { op: 'pullImage', body: { image }, name, attempt } };
  if (failure.reason === 'InvalidImageName') {
    return { wait: { reason: failure.reason, message: failure.message }, until: failure.until };
  }
  if (now < failure.at + FRESH_FAILURE_MS) {
    return { wait: { reason: failure.reason, message: failure.message }, until: failure.at + FRESH_FAILURE_MS };
  }
  const message = `Back-off pulling image "${image}": ${failure.reason}: ${failure.message}`;
  return { wait: { reason: 'ImagePullBackOff', message }, until: failure.until };
}
