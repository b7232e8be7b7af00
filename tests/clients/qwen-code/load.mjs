// Drives the shipped Qwen Code bundle: its own SubagentManager parses each file, its own Config builds the
// tool registry, its own AgentHeadless shows which tools the model would be given.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dir = path.resolve(process.argv[3]);
const pkgDir = path.join(process.argv[2], 'node_modules/@qwen-code/qwen-code');
const version = JSON.parse(fs.readFileSync(path.join(pkgDir, 'package.json'), 'utf8')).version;
const realOut = process.stdout.write.bind(process.stdout);
process.stdout.write = (...a) => process.stderr.write(...a);
for (const k of ['log', 'info', 'warn', 'debug', 'error']) console[k] = () => {};

const chunks = path.join(pkgDir, 'chunks');
const needed = ['SubagentManager', 'Config', 'AgentHeadless', 'ContextState'];
let chunk;
for (const f of fs.readdirSync(chunks)) {
  if (!f.startsWith('chunk-')) continue;
  const s = fs.readFileSync(path.join(chunks, f), 'utf8');
  const ex = s.slice(s.lastIndexOf('\nexport {'));
  if (needed.every((n) => new RegExp(`^  ${n},?$`, 'm').test(ex))) { chunk = f; break; }
}
if (!chunk) throw new Error('no chunk of the bundle exports SubagentManager');
const core = await import(pathToFileURL(path.join(chunks, chunk)));

const rel = (f) => (f && f.startsWith(dir) ? path.relative(dir, f) : f);
const clean = (m) => String(m).replaceAll(dir + '/', '');
const errors = [];
const agents = [];
const agentsDir = path.join(dir, '.qwen', 'agents');

const there = JSON.parse(execFileSync('python3', [fileURLToPath(new URL('../server.py', import.meta.url)), '--list'], { encoding: 'utf8' }));
const mcpServers = {}, served = {};
for (const [name, { start, tools }] of Object.entries(there)) {
  mcpServers[name] = { command: start[0], args: start.slice(1) };
  for (const tool of tools) served[`mcp__${name}__${tool}`] = [name, tool];
}

let config, configError;
try {
  config = new core.Config({
    sessionId: 'agentconv', targetDir: dir, cwd: dir, debugMode: false, model: 'qwen3-coder-plus',
    usageStatisticsEnabled: false, telemetry: { enabled: false }, interactive: false,
    trustedFolder: true, chatRecording: false, mcpServers, overrideExtensions: ['none'],
  });
  await config.initialize({ skipGeminiInitialization: true });
  const all = () => config.getToolRegistry().getAllToolNames();
  for (let t = 0; t < 20000 && Object.keys(served).some((n) => !all().includes(n)); t += 100) await new Promise((go) => setTimeout(go, 100));
  for (const name of Object.keys(served)) if (!all().includes(name)) delete served[name];
} catch (e) { configError = String(e?.message ?? e); }
const mgr = config?.getSubagentManager?.() ?? new core.SubagentManager(config);

let files = [];
try { files = fs.readdirSync(agentsDir).filter((f) => f.endsWith('.md')); } catch {}
const listed = new Map();
try {
  for (const a of await mgr.listSubagents({ force: true })) if (a.level === 'project') listed.set(a.filePath, a);
} catch (e) { errors.push({ file: null, message: clean(e?.message ?? e), stage: 'list' }); }

for (const f of files) {
  const filePath = path.join(agentsDir, f);
  let a;
  try { a = await mgr.parseSubagentFile(filePath, 'project'); }
  catch (e) { errors.push({ file: rel(filePath), message: clean(e?.message ?? e), stage: 'load' }); continue; }
  const v = mgr.validator.validateConfig(a);
  const out = {
    file: rel(filePath), name: a.name, description: a.description,
    tools: a.tools ?? null, disallowed_tools: a.disallowedTools ?? null, model: a.model ?? null,
    approval_mode: a.approvalMode ?? null, permission_mode: a.permissionMode ?? null,
    color: a.color ?? null, background: a.background ?? null, max_turns: a.maxTurns ?? null,
    run_config: a.runConfig ?? null, mcp_servers: a.mcpServers ?? null, hooks: a.hooks ?? null,
    executor: a.executor ?? null, execution_backend: a.executionBackend ?? null,
    prompt: a.systemPrompt, warnings: v.warnings, listed: listed.has(filePath),
  };
  try {
    const rt = await mgr.convertToRuntimeConfig(a, config);
    out.resolved_model = rt.modelConfig.model ?? null;
    out.resolved_tools = rt.toolConfig?.tools ?? ['*'];
    out.run_config_effective = rt.runConfig;
    const unmatched = await mgr.findUnmatchedToolNames((a.tools ?? []).filter((t) => t !== '*'));
    if (unmatched.length) out.unmatched_tools = unmatched;
    const unmatchedDeny = await mgr.findUnmatchedToolNames(a.disallowedTools ?? []);
    if (unmatchedDeny.length) out.unmatched_disallowed_tools = unmatchedDeny;
    const head = await core.AgentHeadless.create(
      a.name, config, rt.promptConfig, rt.modelConfig, rt.runConfig,
      { tools: rt.toolConfig?.tools ?? ['*'], disallowedTools: [...new Set([...(rt.toolConfig?.disallowedTools ?? []), 'ask_user_question'])] },
    );
    out.effective_tools = (await head.core.prepareTools()).map((t) => t.name).sort();
  } catch (e) { errors.push({ file: rel(filePath), message: clean(e?.message ?? e), stage: 'convert' }); }
  // The prompt is a template: let the program itself say which ${names} it cannot fill.
  try {
    const ctx = new core.ContextState();
    ctx.set('task_prompt', 'x');
    const head = await core.AgentHeadless.create(a.name, config, { systemPrompt: a.systemPrompt }, {}, {}, { tools: [] });
    head.core.buildChatSystemPrompt?.(ctx);
  } catch (e) { errors.push({ file: rel(filePath), message: clean(e?.message ?? e), stage: 'run' }); }
  agents.push(out);
}
const seen = new Map();
for (const a of agents) {
  if (!a.listed) {
    const winner = [...listed.values()].find((x) => x.name === a.name);
    errors.push({ file: a.file, message: `not listed by the program: ${winner ? 'the name is already taken by ' + rel(winner.filePath) : 'hidden'}`, stage: 'list' });
  }
}
if (configError) errors.push({ file: null, message: clean(configError), stage: 'config' });
let sessionTools = [];
try { sessionTools = config.getToolRegistry().getAllToolNames().sort(); } catch {}
realOut(JSON.stringify({ client: 'qwen-code', version, agents, errors, served, session_tools: sessionTools }, null, 2) + '\n', () => process.exit(0));
