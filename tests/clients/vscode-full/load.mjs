// Starts the server (VS Code's workbench and extension host) and a Chromium without a window on a throw-away profile, with
// a small extension of ours in it, opens the project and prints what the extension saw.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [base, dir] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const server = path.join(base, 'node_modules/code-server');
const MINUTES = 12;

const sleep = ms => new Promise(r => setTimeout(r, ms));
const chromium = ['chromium-headless-shell', 'chromium', 'google-chrome']
	.flatMap(name => process.env.PATH.split(':').map(folder => path.join(folder, name))).find(file => fs.existsSync(file));
if (!chromium) { console.error('no Chromium on the path'); process.exit(1); }

const files = fs.readdirSync(dir, { recursive: true, withFileTypes: true })
	.filter(e => e.isFile() && /[\\/]\.(github|claude)[\\/](agents|chatmodes)$/.test(e.parentPath) && e.name.endsWith('.md'))
	.map(e => path.join(e.parentPath, e.name)).sort();

const run = fs.mkdtempSync(path.join(os.tmpdir(), 'vscode-'));
const folder = name => { const made = path.join(run, name); fs.mkdirSync(made, { recursive: true }); return made; };
const home = folder('home'), data = folder('data'), extensions = folder('extensions'), profile = folder('browser');
fs.cpSync(path.join(here, 'probe'), path.join(extensions, 'agentconv.agent-probe-0.0.1'), { recursive: true });
fs.writeFileSync(path.join(folder('data/User'), 'settings.json'), JSON.stringify({
	'telemetry.telemetryLevel': 'off', 'workbench.startupEditor': 'none', 'security.workspace.trust.enabled': false, 'extensions.autoCheckUpdates': false,
}));
const answer = path.join(run, 'out.json');
const there = JSON.parse(execFileSync('python3', [path.join(here, '../server.py'), '--list', 'words'], { encoding: 'utf8' }));
const servers = Object.fromEntries(Object.entries(there).map(([name, { start: [command, ...args] }]) => [name, { type: 'stdio', command, args }]));
fs.mkdirSync(path.join(dir, '.vscode'), { recursive: true });
fs.writeFileSync(path.join(dir, '.vscode/mcp.json'), JSON.stringify({ servers }));

const port = await new Promise(r => { const s = net.createServer().listen(0, '127.0.0.1', () => { const p = s.address().port; s.close(() => r(p)); }); });
fs.writeFileSync(path.join(run, 'config.json'), JSON.stringify({ files, out: answer, authority: `127.0.0.1:${port}` }));
const children = [];
function start(command, args, more = {}) {
	const child = spawn(command, args, { env: { PATH: '/usr/bin:/bin', HOME: home, ...more }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
	child.log = '';
	for (const stream of [child.stdout, child.stderr]) { stream.on('data', d => { child.log += d; }); }
	children.push(child);
	return child;
}
async function finish(code) {
	for (const signal of ['SIGTERM', 'SIGKILL']) {
		for (const child of children) { try { process.kill(-child.pid, signal); } catch { /* it ended */ } }
		await sleep(500);
	}
	process.exit(code);
}

const served = start(process.execPath, [path.join(server, 'out/node/entry.js'), '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`,
	'--user-data-dir', data, '--extensions-dir', extensions, '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust',
	'--disable-getting-started-override'], { AGENT_PROBE_CONFIG: path.join(run, 'config.json') });
for (let t = 0; t < 30000; t += 200) {
	if (await new Promise(r => { const s = net.connect(port, '127.0.0.1', () => { s.destroy(); r(true); }); s.on('error', () => r(false)); })) { break; }
	await sleep(200);
}
// enableProposedApi lets our extension use what is not in the public API
const payload = encodeURIComponent(JSON.stringify([['enableProposedApi', '']]));
const browser = start(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${profile}`,
	'--window-size=1400,1000', '--remote-debugging-port=0', `http://127.0.0.1:${port}/?folder=${encodeURI(dir)}&payload=${payload}`]);
for (let t = 0; t < MINUTES * 60000 && !fs.existsSync(answer); t += 250) { await sleep(250); }
if (!fs.existsSync(answer)) {
	console.error(`no answer\n--- server\n${served.log.slice(-1500)}\n--- browser\n${browser.log.slice(-1500)}`);
	await finish(1);
}
const seen = JSON.parse(fs.readFileSync(answer, 'utf8'));
const own = file => path.relative(dir, file);
const result = {
	client: 'vscode-full', version: seen.version, package: `code-server@${JSON.parse(fs.readFileSync(path.join(server, 'package.json'), 'utf8')).version}`,
	copilotChat: seen.copilotChat, agents: [], errors: [], markers: [], tools: seen.tools, notes: seen.notes,
	served: Object.fromEntries(Object.entries(there).flatMap(([name, { tools }]) => tools.map(tool => [`mcp_${name}_${tool}`, [name, tool]]))),
};
for (const a of seen.agents.filter(a => a.source === 'local')) {
	result.agents.push({ file: own(a.file), name: a.name, description: a.description ?? null, tools: a.tools ?? null, model: a.model ?? null, argumentHint: a.argumentHint,
		userInvocable: a.userInvocable, disableModelInvocation: a.disableModelInvocation, run: a.run });
}
for (const [file, found] of Object.entries(seen.markers)) { result.markers.push(...found.map(m => ({ file: own(file), ...m }))); }
const listed = new Set(result.agents.map(a => a.file));
result.skipped = files.map(own).filter(f => !listed.has(f));
process.stdout.write(JSON.stringify(result, null, 1) + '\n', () => finish(seen.notes.length ? 1 : 0));
