/** For `node --import`: a process that may open no socket and start no program; it ends with 99 where it tries. */
export const NO_SOCKETS = `
  import child from 'node:child_process';
  import dgram from 'node:dgram';
  import dns from 'node:dns';
  import { syncBuiltinESMExports } from 'node:module';
  import net from 'node:net';
  const refuse = (what) => () => { console.error('REFUSED: ' + what); process.exit(99); };
  net.Socket.prototype.connect = refuse('connect');
  net.Server.prototype.listen = refuse('listen');
  dgram.Socket.prototype.bind = refuse('bind');
  dgram.Socket.prototype.send = refuse('send');
  dns.lookup = refuse('lookup');
  for (const name of ['spawn', 'spawnSync', 'exec', 'execFile', 'execSync', 'execFileSync', 'fork']) child[name] = refuse(name);
  syncBuiltinESMExports();
`;
