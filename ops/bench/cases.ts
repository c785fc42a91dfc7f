import { benchApi } from './api.ts';
import type { BenchCase } from './bench-case.ts';
import { benchBoot } from './boot.ts';
import { benchDocker } from './docker.ts';
import { benchIdle } from './idle.ts';
import { benchKubernetes, lacksKubernetes } from './kubernetes.ts';
import { benchNodes } from './nodes.ts';
import { benchPlayer } from './player.ts';
import { benchRecording } from './recording.ts';
import { benchReplay } from './replay.ts';
import { benchRollout } from './rollout.ts';
import { benchSchedule } from './schedule.ts';
import { benchSessions } from './sessions.ts';
import { benchViews } from './views.ts';

export const CASES: readonly BenchCase[] = [
  { name: 'api', about: 'create and get with 10,000 objects stored, beside the bare broker', run: benchApi },
  { name: 'schedule', about: 'create -> bound of 5,000 pods on 1,000 nodes, recorded or not', run: benchSchedule },
  {
    name: 'kubernetes',
    about: "the same questions asked of Kubernetes' own control plane",
    lacks: lacksKubernetes,
    run: benchKubernetes,
  },
  { name: 'rollout', about: 'a Deployment, apply to all of its pods created and bound', run: benchRollout },
  { name: 'nodes', about: 'create -> Running on 1,000 kubelets in one process', run: benchNodes },
  { name: 'views', about: 'what a change costs with 1,000 views of Nodes in one process', run: benchViews },
  { name: 'recording', about: '2,000 pods on 200 simulated nodes, recorded or not', run: benchRecording },
  { name: 'docker', about: '40 pods on Docker, beside bare dockerode', run: benchDocker },
  { name: 'sessions', about: '1 GB through exec and back, beside the Docker adapter alone', run: benchSessions },
  { name: 'boot', about: 'exec of `troupe up` to the first answered get', run: benchBoot },
  { name: 'idle', about: 'memory and CPU of a control plane that has nothing to do', run: benchIdle },
  { name: 'player', about: 'how fast a recording is played and moved about in', run: benchPlayer },
  { name: 'replay', about: 'how fast recordings are played', run: benchReplay },
];
