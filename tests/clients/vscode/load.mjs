// VS Code's own prompt-file parser and agent conversion (from @codingame/monaco-vscode-api), run in node. It has no
// validator: files load here that VS Code marks.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [base, dir] = process.argv.slice(2);
const root = path.join(base, 'node_modules/@codingame/monaco-vscode-api');
const given = fs.readdirSync(dir, { recursive: true, withFileTypes: true })
	.filter((e) => e.isFile() && /[\\/]\.(github|claude)([\\/]|$)/.test(e.parentPath ?? e.path))
	.map((e) => path.relative(dir, path.join(e.parentPath ?? e.path, e.name)));
const mod = m => import(pathToFileURL(path.join(root, 'vscode/src/vs', m)).href);
const { URI } = await mod('base/common/uri.js');
const { PromptFileParser } = await mod('workbench/contrib/chat/common/promptSyntax/promptFileParser.js');
const { CustomAgent } = await mod('workbench/contrib/chat/common/promptSyntax/service/promptsServiceImpl.js');
const { getPromptFileType } = await mod('workbench/contrib/chat/common/promptSyntax/config/promptFileLocations.js');
const product = (await mod('platform/product/common/product.js')).default;
const pkg = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

const plain = v => v.type === 'scalar' ? v.value : v.type === 'sequence' ? v.items.map(plain)
	: Object.fromEntries(v.properties.map(p => [p.key.value, plain(p.value)]));
const files = given.map(f => {
	const uri = URI.file(path.resolve(dir, f));
	// agent discovery in VS Code keeps a byte order mark (seen with `load`: the header is then not recognised)
	const ast = new PromptFileParser().parse(uri, new TextDecoder('utf-8', { ignoreBOM: true }).decode(fs.readFileSync(path.join(dir, f))));
	const agent = CustomAgent.fromParsedPromptFile(ast, { enabled: true, source: { storage: 'local' } });
	return {
		file: f, type: getPromptFileType(uri) ?? null, hasHeader: !!ast.header,
		header: ast.header ? Object.fromEntries(ast.header.attributes.map(a => [a.key, plain(a.value)])) : null,
		errors: ast.header ? ast.header.errors.map(e => ({ message: e.message, code: e.code, line: e.range.startLineNumber, column: e.range.startColumn })) : [],
		agent: {
			name: agent.name, description: agent.description, tools: agent.tools, model: agent.model, target: agent.target,
			argumentHint: agent.argumentHint, agents: agent.agents, handOffs: agent.handOffs, visibility: agent.visibility,
			body: agent.agentInstructions.content, toolReferences: agent.agentInstructions.toolReferences.map(t => t.name),
		},
	};
});
console.log(JSON.stringify({ client: 'vscode-parser', version: product.version, package: `${pkg.name}@${pkg.version}`, files }, null, 1));
