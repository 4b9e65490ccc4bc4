// The gateway under test and the fake Gemini behind it. Without a gateway the
// tests of resources talk to the fake itself, with a key of one project.

export const FLASH = 'gemini-3.8-flash';
export const LITE = 'gemini-3.5-flash-lite';
export const EMBED = 'gemini-embedding-001';
export const CLIENT_KEY = 'client-secret-1';
export const KEY = { a: 'pool-key-a-secret', b: 'pool-key-b-secret' };

// two keys of each of six projects
export const OWN = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((project) =>
    [1, 2].map((n) => `own-key-${project}${n}-secret`));

const { GATEWAY, FAKE } = process.env;
const pools = Number(process.env.POOLS);
const grounds = Number(process.env.GROUNDS);

export const DIRECT = !GATEWAY;

let used = 0;
let trodden = 0;


export async function call(page, data) {
    const init = data && { method: 'POST', body: JSON.stringify(data) };
    const answer = await fetch(`${FAKE}/_fake/${page}`, init);
    const body = await answer.json();

    if (!answer.ok) {
        throw new Error(`fake: ${page}: ${body.error}`);
    }

    return body;
}


// what upstream has seen, all in all or after an entry
export const upstreamLog = (since = 0) => call(`log?since=${since}`);


export const release = (gate, n) =>
    call(`release?name=${gate}${n ? `&n=${n}` : ''}`, {});


// Rules for the fake, and a pool that has not been used: its base URL, and
// what upstream sees from now on. queue: the pool whose requests may wait.
export async function scene(rules = [], { queue = false } = {}) {
    if (!queue && used === pools) {
        throw new Error('t/sdk.t has too few pools');
    }

    const base = `${GATEWAY}/p${queue ? pools : used++}`;
    const last = (await call('state')).requests;

    await call('script', [rules].flat());

    return { base, log: () => upstreamLog(last) };
}


// A pool of six projects that has not been used, and what it sees from now on.
// way: "pass" and "select" take uploads by gemini_pass and gemini_select,
// "tokens" is for who may mint some.
export async function ground(rules = [], way = 'pass') {
    if (trodden === grounds) {
        throw new Error('t/sdk.t has too few pools of projects');
    }

    const base = DIRECT ? FAKE : `${GATEWAY}/${way}${trodden++}`;
    const last = (await call('state')).requests;
    const log = () => upstreamLog(last);

    await call('script', [rules].flat());

    return { base, log, projects: () => projectsOf(log()),
             key: DIRECT ? OWN[0] : CLIENT_KEY };
}


// "own-a 3, own-b 1": how many requests came with keys of which project
async function projectsOf(log) {
    const count = {};

    for (const { project } of await log) {
        count[project] = (count[project] ?? 0) + 1;
    }

    return Object.entries(count).sort()
        .map(([project, n]) => `${project} ${n}`).join(', ');
}


// what there is at the fake, of a kind
export const resources = (kind) => call(`resources?kind=${kind}`);


// changes what there is
export const change = (name, members) =>
    call('resource', { name, ...members });


// the keys, and models if not FLASH, that were asked: "a b", "a a/lite"
export async function path(scene) {
    const label = { [KEY.a]: 'a', [KEY.b]: 'b' };

    return (await scene.log())
        .map((e) => label[e.key] + (e.model === LITE ? '/lite' : ''))
        .join(' ');
}


// Failures of the first key, or of the wished model, that a client shall not
// see, and the way round them.
export const failures = [
    ['the quota of the day', { case: 'full429_day' }, 'a b'],
    ['the quota of the minute', { case: 'full429_minute' }, 'a b'],
    ['a terse 429', { case: 'terse429' }, 'a b'],
    ['a key that is not valid', { case: 'key_invalid' }, 'a b'],
    ['spent credit', { case: 'prepaid402' }, 'a b'],
    ['a suspended project', { case: 'suspended403' }, 'a b'],
    ['a closed model', { case: 'closed404' }, 'a b'],
    ['an overloaded model', { case: 'overloaded503', model: FLASH },
     'a a/lite'],
    ['a 500', { case: 'internal500' }, 'a b'],
    ['a 502 in HTML', { case: 'html502' }, 'a b'],
    ['a reset connection', { reset: 1 }, 'a b'],
    ['an empty 200', { empty200: 1 }, 'a b'],
    ['an error in a 200', { error200: 'data', case: 'full429_minute' },
     'a b'],
];


export const firstKey = (rule) => ({ key: KEY.a, ...rule });


// what a promise was rejected with
export async function rejection(promise) {
    try {
        await promise;

    } catch (error) {
        return error;
    }

    throw new Error('no error was raised');
}


// reads a stream to its end: the items, and the error that ended it
export async function drain(stream) {
    const items = [];

    try {
        for await (const item of await stream) {
            items.push(item);
        }

    } catch (error) {
        return { items, error };
    }

    return { items };
}
