// Runs Cursor's own subagent loader, cut out of the installed @cursor/sdk bundle at run time (nothing of it is kept here).
import fs from "node:fs"; import fsp from "node:fs/promises"; import path from "node:path"; import util from "node:util";
const [base, dir] = process.argv.slice(2);
const pkg = path.join(base, "node_modules/@cursor/sdk"), tmp = process.env.TMPDIR;
const version = JSON.parse(fs.readFileSync(path.join(pkg, "package.json"), "utf8")).version;
const esm = path.join(pkg, "dist", "esm");
const file = fs.readdirSync(esm).filter(f => f.endsWith(".js")).find(f => fs.readFileSync(path.join(esm, f), "utf8").includes('"force-default-model"'));
const src = fs.readFileSync(path.join(esm, file), "utf8");
const at = src.indexOf('"force-default-model"');
// the block of the subagent service: from the debug logger "local-subagents" to the plugin subagent class
const start = src.lastIndexOf("const ", src.lastIndexOf('("local-subagents")', at));
const cls = src.indexOf("computeAgentsDirs(){", at);
const end = src.indexOf("class ", src.indexOf("getAllSubagents(){const e=await Promise.all", cls));
const block = src.slice(start, end);
// the directory walker it calls
const walker = block.match(/return await (\w+)\(\{rootDir:/)[1];
const w0 = src.lastIndexOf(`async function ${walker}(`, at);
const w1 = src.indexOf("s.sort(", w0); const wend = src.indexOf("}", w1) + 1;
const skipSet = src.slice(w0, wend).match(/\|\|(\w+)\.has\(d\)/)[1];
const skipDef = src.slice(src.lastIndexOf(`const ${skipSet}=new Set(`, w0), w0);
const parse = block.match(/function (\w+)\(e\)\{const t=e\.match\(/)[1];
const ids = { util: block.match(/\(0,(\w+)\.debuglog\)/)[1], proto: block.match(/(\w+)\.b\$\.READONLY/)[1], read: block.match(new RegExp(`${parse}\\(await\\(0,(\\w+)\\.(\\w+)\\)\\(r\\)\\)`)), p: block.match(/\(0,(\w+)\.extname\)/)[1], f: block.match(/\(0,(\w+)\.stat\)\(/)[1] };
const clsName = block.match(/class (\w+)\{constructor\(e,t,r="workspace"/)[1];
const merged = block.match(/class (\w+)\{constructor\(e\)\{this\.subagentsServices/)[1];
const readText = async f => { let s = (await fsp.readFile(f)).toString("utf8"); if (s.startsWith("\ufeff")) s = s.slice(1); return s.replaceAll("\r\n", "\n"); }; // what the bundle's decoder does for UTF-8
const proto = { b$: { READONLY: "readonly", DEFAULT: "default" }, zz: class { constructor(o) { Object.assign(this, o); } } };
const make = new Function(ids.util, ids.proto, ids.read[1], ids.p, ids.f, `${skipDef}${src.slice(w0, wend)};${block};return {Service:${clsName},Merged:${merged},parse:${parse}}`);
const { Service, Merged, parse: parseFn } = make(util, proto, { [ids.read[2]]: readText }, path, fsp);
let ws = path.resolve(dir);
if (![".cursor", ".claude", ".grok"].some(d => fs.existsSync(path.join(ws, d, "agents")))) {
  const to = path.join(tmp, "ws", ".cursor", "agents"); fs.mkdirSync(to, { recursive: true });
  fs.cpSync(ws, to, { recursive: true }); ws = path.join(tmp, "ws");
}
const svc = new Merged([new Service(ws)]);
const agents = await svc.getAllSubagents();
const errors = []; const seen = new Set(agents.map(a => a.fullPath));
for (const d of [".cursor", ".claude", ".grok"]) {
  const base = path.join(ws, d, "agents"); if (!fs.existsSync(base)) continue;
  for (const f of fs.readdirSync(base, { recursive: true })) {
    const p = path.join(base, f); if (!fs.statSync(p).isFile() || seen.has(p)) continue;
    let why = "not listed by Cursor";
    if (![".md", ".mdc", ".markdown"].includes(path.extname(p).toLowerCase())) why = "extension not read by Cursor";
    else if (parseFn(await readText(p)) === null) why = "no frontmatter block, or empty body: silently skipped by Cursor";
    else why = "duplicate or reserved name: an earlier agent of the same name wins";
    errors.push({ file: path.relative(ws, p), message: why });
  }
}
console.log(JSON.stringify({ client: "cursor", version: `@cursor/sdk ${version}`, agents: agents.map(a => ({ ...a, fullPath: undefined, file: path.relative(ws, a.fullPath) })), errors }, null, 1));
