// Drives the shipped Gemini CLI bundle: its own agent-file loader, then its own Config + AgentRegistry,
// then its own LocalAgentExecutor to see which tools an agent really ends up with.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dir = path.resolve(process.argv[3]);
const pkgDir = path.join(process.argv[2], 'node_modules/@google/gemini-cli');
const version = JSON.parse(fs.readFileSync(path.join(pkgDir, 'package.json'), 'utf8')).version;
const realOut = process.stdout.write.bind(process.stdout);
process.stdout.write = (...a) => process.stderr.write(...a); // the program may chat on stdout
for (const k of ['log', 'info', 'warn', 'debug', 'error']) console[k] = () => {};

const bundle = path.join(pkgDir, 'bundle');
const entry = fs.readFileSync(path.join(bundle, 'gemini.js'), 'utf8');
const needed = ['loadAgentsFromDirectory', 'Config', 'LocalAgentExecutor', 'coreEvents', 'isValidToolName'];
const exportsOf = (f) => {
  const s = fs.readFileSync(path.join(bundle, f), 'utf8');
  return s.slice(s.lastIndexOf('\nexport {'));
};
const candidates = [...entry.matchAll(/"\.\/(chunk-[A-Z0-9]+\.js)"/g)].map((m) => m[1]);
const chunk = candidates.find((f) => needed.every((n) => new RegExp(`\\b${n}\\b`).test(exportsOf(f))));
if (!chunk) throw new Error('no chunk of the bundle exports the agent loader');
const core = await import(pathToFileURL(path.join(bundle, chunk)));

const rel = (f) => (f && f.startsWith(dir) ? path.relative(dir, f) : f);
const errors = [];
const agents = [];
const agentsDir = path.join(dir, '.gemini', 'agents');
const loaded = await core.loadAgentsFromDirectory(agentsDir);
for (const e of loaded.errors) errors.push({ file: rel(e.filePath), message: e.message.replaceAll(dir + '/', ''), stage: 'load' });

const there = JSON.parse(execFileSync('python3', [fileURLToPath(new URL('../server.py', import.meta.url)), '--list'], { encoding: 'utf8' }));
const mcpServers = {}, served = {};
for (const [name, { start, tools }] of Object.entries(there)) {
  mcpServers[name] = { command: start[0], args: start.slice(1) };
  for (const tool of tools) served[`mcp_${name}_${tool}`] = [name, tool];
}

// ---- registry stage -------------------------------------------------------------------------
const feedback = [];
const listen = (p) => feedback.push({ severity: p.severity, message: p.message });
core.coreEvents.on('user-feedback', listen);
let config, registered = new Map(), registryError, parentTools = [];
try {
  config = new core.Config({
    sessionId: 'agentconv', targetDir: dir, cwd: dir, debugMode: false, model: 'auto',
    usageStatisticsEnabled: false, telemetry: { enabled: false }, folderTrust: false,
    enableAgents: true, interactive: true, mcpServers, extensionLoader: undefined,
  });
  // Project agents stay off until a person accepts them once (recorded by content hash). The interactive
  // program announces them in an event and then calls acknowledgeAgent for each: do the same.
  const waiting = [];
  core.coreEvents.on('agents-discovered', (p) => waiting.push(...p.agents));
  await config.initialize();
  await config.getMcpClientManager?.()?.startConfiguredMcpServers?.();
  for (const a of waiting) if (a.kind === 'local') await config.getAgentRegistry().acknowledgeAgent(a);
  const reg = config.getAgentRegistry();
  for (const d of reg.getAllDefinitions()) registered.set(d.name, d);
  parentTools = config.getToolRegistry().getAllToolNames();
  for (const name of Object.keys(served)) if (!parentTools.includes(name)) delete served[name];
} catch (e) {
  registryError = String(e && e.message ? e.message : e);
}
core.coreEvents.off?.('user-feedback', listen);

async function effectiveTools(def) {
  if (!config || registryError) return undefined;
  try {
    const plain = { ...def, mcpServers: undefined }; // never start a server
    const ctx = config.getAgentLoopContext?.() ?? config;
    const ex = await core.LocalAgentExecutor.create(plain, ctx);
    return ex.toolRegistry.getAllToolNames().filter((t) => t !== 'complete_task').sort();
  } catch (e) {
    return { error: String(e?.message ?? e) };
  }
}

for (const d of loaded.agents) {
  const file = rel(d.metadata?.filePath) ?? null;
  const live = registered.get(d.name);
  const mine = live && live.metadata?.filePath === d.metadata?.filePath;
  const out = {
    file, name: d.name, description: d.description ?? null, kind: d.kind,
    display_name: d.displayName ?? null,
  };
  if (d.kind === 'local') {
    out.tools = d.toolConfig ? d.toolConfig.tools : null; // null: every tool of the session
    out.effective_tools = await effectiveTools(d);
    out.model = d.modelConfig.model;
    try {
      out.resolved_model = d.modelConfig.model === 'inherit' ? null : core.resolveModel(d.modelConfig.model);
    } catch (e) { out.resolved_model = { error: String(e?.message ?? e) }; }
    out.temperature = d.modelConfig.generateContentConfig.temperature;
    out.max_turns = d.runConfig.maxTurns;
    out.timeout_mins = d.runConfig.maxTimeMinutes;
    out.mcp_servers = d.mcpServers ?? null;
    out.prompt = d.promptConfig.systemPrompt;
    const wanted = [...new Set([...out.prompt.matchAll(/\$\{(\w+)\}/g)].map((m) => m[1]))].filter((k) => k !== 'query');
    out.registered = Boolean(mine);
    if (wanted.length) {
      // Reported only because the program itself throws on it at run time.
      let message;
      try { await (new (core.LocalAgentExecutor)(d, config, { getTool: () => undefined, getAllToolNames: () => [] })).buildSystemPrompt({ query: 'x' }); }
      catch (e) { message = String(e?.message ?? e); }
      if (message) errors.push({ file, message, stage: 'run' });
    }
  } else {
    out.tools = null; out.model = null;
    out.agent_card_url = d.agentCardUrl ?? null;
    out.agent_card_json = d.agentCardJson ?? null;
    out.auth = d.auth ?? null;
  }
  agents.push(out);
}
const byName = new Map();
for (const f of feedback) {
  if (/^Agent loading error:/.test(f.message)) continue; // already listed
  const m = /Duplicate agent name '([^']+)'/.exec(f.message);
  const late = m ? loaded.agents.filter((a) => a.name === m[1] && registered.get(m[1])?.metadata?.filePath !== a.metadata?.filePath) : [];
  const file = late.length ? rel(late[0].metadata?.filePath) : null;
  const key = `${f.message}|${file}`;
  if (byName.has(key)) continue;
  byName.set(key, 1);
  errors.push({ file, message: f.message.replaceAll(dir + '/', ''), stage: 'register', severity: f.severity });
}
if (registryError) errors.push({ file: null, message: registryError, stage: 'config' });
realOut(JSON.stringify({ client: 'gemini-cli', version, agents, errors, served, session_tools: [...parentTools].sort() }, null, 2) + '\n', () => process.exit(0));
