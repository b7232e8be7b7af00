// Runs inside VS Code's extension host. Asks the workbench which agents it lists (proposed API chat.getCustomAgents) and
// which problems its validator marks in each file, then begins a chat with each agent. The chat is the Copilot extension's
// own, the model is our stand-in, a provider like any other: it keeps the prompt and the tools that it was sent.
const vscode = require('vscode');
const fs = require('fs');
const sleep = ms => new Promise(r => setTimeout(r, ms));

const INSTRUCTIONS = /<modeInstructions>\nYou are currently running in "[^]*?" mode\. Below are your instructions for this mode, they must take precedence over any instructions above\.\n([^]*)<\/modeInstructions>/;

/** The value, once it stayed the same for some time. */
async function settle(read, same, limit) {
	let value, last, count = 0;
	for (let t = 0; t < limit && count < same; t += 400) {
		value = await read();
		count = value.length === last ? count + 1 : 0;
		last = value.length;
		await sleep(400);
	}
	return value;
}

/** The Copilot extension stays off until somebody signs in. This setting, switched on and off, enables it, and with it
 * come the tools of agents, which are declared in its manifest. */
async function enableCopilot() {
	const id = 'GitHub.copilot-chat';
	if (!vscode.extensions.getExtension(id)) {
		const settings = vscode.workspace.getConfiguration('chat');
		await settings.update('disableAIFeatures', true, vscode.ConfigurationTarget.Global);
		await sleep(1500);
		await settings.update('disableAIFeatures', false, vscode.ConfigurationTarget.Global);
		for (let t = 0; t < 20000 && !vscode.extensions.getExtension(id); t += 300) { await sleep(300); }
	}
	return vscode.extensions.getExtension(id)?.packageJSON.version ?? null;
}

/** The markers of one file. The validator looks at files in an editor only, and drops their markers with it. */
async function markers(file, empty) {
	const severities = ['error', 'warning', 'info', 'hint'];
	const uri = vscode.Uri.file(file);
	await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
	let list = [], last, since = Date.now();
	for (const began = Date.now(); Date.now() - began < 8000;) {
		await sleep(60);
		list = vscode.languages.getDiagnostics(uri);
		const now = JSON.stringify(list.map(d => [d.message, d.range]));
		if (now !== last) { last = now; since = Date.now(); }
		if (Date.now() - since > (list.length ? 300 : empty)) { break; }
	}
	return list.map(d => ({ severity: severities[d.severity], message: d.message, line: d.range.start.line + 1 }));
}

exports.activate = async function () {
	if (!process.env.AGENT_PROBE_CONFIG) { return; }
	const config = JSON.parse(fs.readFileSync(process.env.AGENT_PROBE_CONFIG, 'utf8'));
	const out = { version: vscode.version, agents: [], markers: {}, tools: [], notes: [] };
	// the browser's name of the file, which is the agent's id there
	const here = file => vscode.Uri.from({ scheme: 'vscode-remote', authority: config.authority, path: file }).toString();
	let requests = [];
	try {
		const model = { id: 'stand-in', name: 'Stand-in', family: 'stand-in', version: '1', maxInputTokens: 200000, maxOutputTokens: 10000,
			capabilities: { toolCalling: true, imageInput: true }, isUserSelectable: true, isDefault: true };
		vscode.lm.registerLanguageModelChatProvider('agentconv', {
			provideLanguageModelChatInformation: async () => [model],
			provideLanguageModelChatResponse: async (_model, messages, options, progress) => {
				requests.push({ text: messages.map(m => [...m.content].map(p => p.value ?? '').join('')), tools: (options.tools ?? []).map(t => t.name) });
				progress.report(new vscode.LanguageModelTextPart('Seen.'));
			},
			provideTokenCount: async () => 1,
		});
		out.copilotChat = await enableCopilot();
		if (!out.copilotChat) { out.notes.push('the Copilot extension could not be enabled, so most tools are missing'); }
		await Promise.race([vscode.commands.executeCommand('workbench.mcp.startServer', '*', { autoTrustChanges: true, waitForLiveTools: true }), sleep(20000)]);
		const tools = await settle(async () => vscode.lm.tools, 6, 20000);
		out.tools = tools.map(t => ({ id: t.name, name: t.fullReferenceName ?? t.name }));
		const token = new vscode.CancellationTokenSource().token;
		const agents = await settle(async () => vscode.chat.getCustomAgents(token), 3, 10000);
		out.agents = agents.map(a => ({ ...a, uri: a.uri.toString(), file: a.uri.fsPath }));
		for (const agent of out.agents.filter(a => a.source === 'local')) {
			requests = [];
			await vscode.commands.executeCommand('workbench.action.chat.newChat');
			const done = vscode.commands.executeCommand('workbench.action.chat.open', { mode: here(agent.file), query: 'Begin.', blockOnResponse: true });
			const answer = await Promise.race([done.then(r => r ?? {}, e => ({ error: String(e) })), sleep(15000).then(() => ({ error: 'no answer within 15 s' }))]);
			// several are sent for one chat (its title is another); the one that counts carries the agent's instructions
			const found = requests.map(r => ({ r, part: INSTRUCTIONS.exec(r.text.join('\n')) })).find(({ part }) => part);
			agent.run = found ? { prompt: found.part[1], tools: found.r.tools } : { error: JSON.stringify(answer.errorDetails ?? answer).slice(0, 500) };
		}
		for (const [n, file] of config.files.entries()) { out.markers[file] = await markers(file, n === 0 ? 4000 : 1000); }
	} catch (e) {
		out.notes.push('the probe failed: ' + (e?.stack ?? e));
	}
	fs.writeFileSync(config.out + '.tmp', JSON.stringify(out));
	fs.renameSync(config.out + '.tmp', config.out);
};
