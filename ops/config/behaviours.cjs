/** Rules for behaviours that oxlint itself does not have. They read names alone; what hides from them meets the guard. */

/** Run on a timer of the process's own unless they are given a scheduler. */
const TIMED = [
  ...['timer', 'interval', 'delay', 'debounceTime', 'throttleTime', 'auditTime', 'sampleTime', 'bufferTime'],
  ...['windowTime', 'timeout', 'timeoutWith', 'timestamp', 'timeInterval'],
];
/** Read the clock only when what they keep has an age. */
const AGEING = ['shareReplay', 'ReplaySubject'];
/** Wait by a timer of the process's own when their delay is a number. */
const AGAIN = ['retry', 'repeat'];

const nameOf = (node) => (node.type === 'MemberExpression' ? node.property.name : node.name);
const property = (node, name) =>
  node?.type === 'ObjectExpression' ? node.properties.find(({ key }) => key?.name === name) : undefined;
const namesScheduler = (argument) =>
  /^scheduler$|Scheduler$/.test(nameOf(argument) ?? '') || property(argument, 'scheduler') !== undefined;
const isFunction = ({ type }) => type === 'ArrowFunctionExpression' || type === 'FunctionExpression';

/** @returns what is missing in a call of what RxJS calls `name` */
function missing(name, args) {
  if (TIMED.includes(name) && !args.some(namesScheduler)) return 'has no scheduler; give it world.scheduler';
  const ages = args.length > 1 || property(args[0], 'windowTime') !== undefined;
  if (AGEING.includes(name) && ages && !args.some(namesScheduler)) return 'has an age but no scheduler';
  const delay = property(args[0], 'delay');
  if (AGAIN.includes(name) && delay !== undefined && !isFunction(delay.value))
    return 'waits by itself; let delay be a function that gives timer(ms, world.scheduler)';
  return undefined;
}

const schedulerGiven = {
  create(context) {
    const called = new Map();
    const look = (node) => {
      const name = called.get(node.callee.name);
      const why = name === undefined ? undefined : missing(name, node.arguments);
      if (why !== undefined) context.report({ node, message: `${name} ${why}` });
    };
    return {
      ImportDeclaration({ source, specifiers }) {
        if (!/^rxjs(\/|$)/.test(source.value)) return;
        for (const { local, imported } of specifiers) called.set(local.name, imported?.name);
      },
      CallExpression: look,
      NewExpression: look,
    };
  },
};

const noImportCall = {
  create(context) {
    return {
      ImportExpression(node) {
        context.report({ node, message: 'import() gives a promise; import at the top of the file' });
      },
    };
  },
};

/** Where dates may be written and read, none may be of now. */
const dateGiven = {
  create(context) {
    const look = (node) => {
      if (node.callee.name === 'Date' && node.arguments.length === 0)
        context.report({ node, message: 'a Date of now; give it the milliseconds' });
    };
    return { CallExpression: look, NewExpression: look };
  },
};

module.exports = {
  meta: { name: 'behaviours' },
  rules: { 'scheduler-given': schedulerGiven, 'no-import-call': noImportCall, 'date-given': dateGiven },
};
