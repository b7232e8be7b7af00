// Drives the real Copilot CLI (headless JSON-RPC server on stdio) offline and without credentials: a "bring your own
// key" provider that points at a closed loopback port, so no sign-in is asked for and no model is ever called; only
// agent discovery, validation and tool filtering run.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { fileURLToPath } from 'node:url';

const [base, given] = process.argv.slice(2);
const model = 'gpt-5';
const dir = fs.realpathSync(given);
const scope = path.join(base, 'node_modules', '@github');
const pkg = fs.existsSync(scope) && fs.readdirSync(scope).find(n => /^copilot-\w+-\w+$/.test(n) && fs.existsSync(path.join(scope, n, 'copilot')));
if (!pkg) { console.error(`no program in ${scope}`); process.exit(3); }
const bin = path.join(scope, pkg, 'copilot');
const version = JSON.parse(fs.readFileSync(path.join(scope, pkg, 'package.json'), 'utf8')).version;

const there = JSON.parse(execFileSync('python3', [fileURLToPath(new URL('../server.py', import.meta.url)), '--list'], { encoding: 'utf8' }));
const mcpServers = {}, served = {};
for (const [name, { start, tools }] of Object.entries(there)) {
	mcpServers[name] = { type: 'local', command: start[0], args: start.slice(1), tools: ['*'] };
	for (const tool of tools) { served[`${name}-${tool}`] = [name, tool]; }
}

const home = process.env.HOME;
const env = { PATH: process.env.PATH, HOME: home, TERM: 'dumb', COPILOT_AUTO_UPDATE: 'false' };
const serverArgs = ['--headless', '--no-auto-update', '--log-level', 'none', '--stdio'];
const child = spawn(bin, serverArgs, { cwd: dir, env });
let stderr = '';
child.stderr.on('data', d => { stderr += d; });
function finish(code) {
	child.kill();
	process.exit(code);
}
process.on('SIGTERM', () => finish(124));
child.on('exit', c => { if (!done) { console.error(`the program ended early (${c}): ${stderr.slice(0, 500)}`); finish(4); } });

let done = false, nextId = 0, buf = Buffer.alloc(0);
const waiting = new Map(), events = [];
const write = msg => { const s = JSON.stringify(msg); child.stdin.write(`Content-Length: ${Buffer.byteLength(s)}\r\n\r\n${s}`); };
child.stdout.on('data', d => {
	buf = Buffer.concat([buf, d]);
	for (;;) {
		const h = buf.indexOf('\r\n\r\n');
		if (h < 0) { return; }
		const n = Number(/Content-Length: (\d+)/i.exec(buf.subarray(0, h).toString())[1]);
		if (buf.length < h + 4 + n) { return; }
		const msg = JSON.parse(buf.subarray(h + 4, h + 4 + n));
		buf = buf.subarray(h + 4 + n);
		if (msg.method === undefined && waiting.has(msg.id)) { waiting.get(msg.id)(msg); waiting.delete(msg.id); }
		else if (msg.method === 'session.event') { events.push(msg.params.event); }
		else if (msg.method && msg.id !== undefined) { write({ jsonrpc: '2.0', id: msg.id, error: { code: -32601, message: 'not offered by this harness' } }); }
	}
});
const call = (method, params) => new Promise((resolve, reject) => {
	const id = ++nextId;
	waiting.set(id, m => m.error ? reject(new Error(`${method}: ${m.error.message}`)) : resolve(m.result));
	write({ jsonrpc: '2.0', id, method, params });
});
const sleep = ms => new Promise(r => setTimeout(r, ms));

try {
	const { sessionId } = await call('session.create', {
		sessionId: crypto.randomUUID(), model, workingDirectory: dir, trustWorkingDirectory: 'session', enableConfigDiscovery: true, mcpServers,
		provider: { type: 'openai', baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'none' }, envValueMode: 'direct', requestPermission: true, requestUserInput: true,
	});
	let update;
	for (let t = 0; t < 15000 && !(update = events.findLast(e => e.type === 'session.custom_agents_updated')); t += 100) { await sleep(100); }
	const { agents } = await call('session.agent.list', { sessionId, includePrompt: true });
	const rel = p => p && p.startsWith(dir + path.sep) ? path.relative(dir, p) : p;
	const split = s => { const i = s.indexOf(': '); return { file: s.slice(0, i), message: s.slice(i + 2) }; };
	const out = {
		client: 'copilot-cli', version, model, served,
		agents: agents.map(a => ({
			file: rel(a.path), id: a.id, name: a.name, description: a.description, tools: a.tools, model: a.model, models: a.models,
			modelPolicy: a.modelPolicy, reasoningEffort: a.reasoningEffort, userInvocable: a.userInvocable,
			disableModelInvocation: a.disableModelInvocation, mcpServers: a.mcpServers, skills: a.skills, hooks: a.hooks, source: a.source,
		})),
		warnings: (update?.data.warnings || []).map(split),
		errors: (update?.data.errors || []).map(split),
		skipped: [],
	};
	// files on disk that the program neither listed nor complained about (same id twice, wrong extension, ...)
	const seen = new Set([...out.agents.map(a => a.file), ...out.errors.map(e => e.file)]);
	const walk = d => { for (const e of fs.existsSync(d) ? fs.readdirSync(d, { withFileTypes: true }) : []) {
		const p = path.join(d, e.name);
		if (e.isDirectory()) { walk(p); } else if (!seen.has(rel(p))) { out.skipped.push(rel(p)); }
	} };
	for (const d of ['.github/agents', '.claude/agents', '.github/chatmodes']) { walk(path.join(dir, d)); }
	{
		for (const a of out.agents) {
			try {
				await call('session.agent.select', { sessionId, name: a.id });
				await call('session.tools.initializeAndValidate', { sessionId });
				const { tools } = await call('session.tools.getCurrentMetadata', { sessionId });
				a.effectiveTools = (tools || []).map(t => t.name);
			} catch (e) { a.effectiveToolsError = String(e.message || e); }
		}
	}
	done = true;
	process.stdout.write(JSON.stringify(out, null, 1) + '\n', () => finish(0));
} catch (e) {
	done = true;
	console.error(String(e && e.stack || e), stderr.slice(0, 500));
	finish(1);
}
