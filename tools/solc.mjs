// The Solidity compiler of the npm package `solc` (WebAssembly), behind the command line of the
// native executable, as far as py-solc-x, Brownie, Forge and Slither use it.
//
// It is not called directly: set-up writes `.solcx/solc-v0.8.30`, which answers `--version` by
// itself: it is asked often, and loading the compiler costs half a second.

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const HELP = `solc, the Solidity commandline compiler (WebAssembly build).

Usage: solc [options]

  --help               Show this text.
  --version            Show version and exit.
  --license            Show the licence of the compiler.
  --standard-json      Read the standard JSON input from stdin (or the file given) and write the
                       standard JSON output to stdout.
  --base-path path     Root of the source tree for imports that are not given as sources.
  --include-path path  Further root to search for imports; may be given several times.
  --allow-paths path(s)
                       Comma-separated folders from which imports may be read.
  --pretty-json        Indent the output.
  --no-color           Accepted, without effect.
`;

/** Ends with a message on stderr, in the words of the native compiler. */
function fail(message) {
  writeAll(2, `${message}\n`);
  process.exit(1);
}

/** Writes everything before it returns: `process.exit` would cut off a stream. */
function writeAll(fd, text) {
  const bytes = Buffer.from(text, "utf8");
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      pause();
    }
  }
}

/** Reads a descriptor to its end, also where it is a pipe that does not block. */
function readAll(fd) {
  const chunks = [];
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (;;) {
    try {
      const count = fs.readSync(fd, buffer, 0, buffer.length, null);
      if (count === 0) return Buffer.concat(chunks).toString("utf8");
      chunks.push(Buffer.from(buffer.subarray(0, count)));
    } catch (error) {
      if (error.code === "EOF") return Buffer.concat(chunks).toString("utf8");
      if (error.code !== "EAGAIN") throw error;
      pause();
    }
  }
}

function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
}

function parse(argv) {
  const options = { basePath: "", includePaths: [], allowPaths: [], input: "-" };
  const rest = [...argv];
  const value = (flag) => {
    if (rest.length === 0) fail(`the required argument for option '${flag}' is missing`);
    return rest.shift();
  };
  while (rest.length > 0) {
    let word = rest.shift();
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    if (equals > 0) {
      rest.unshift(word.slice(equals + 1));
      word = word.slice(0, equals);
    }
    if (word === "--help" || word === "-h") options.help = true;
    else if (word === "--version") options.version = true;
    else if (word === "--license") options.license = true;
    else if (word === "--standard-json") options.standardJson = true;
    else if (word === "--pretty-json") options.pretty = true;
    else if (word === "--no-color" || word === "--color") continue;
    else if (word === "--base-path") options.basePath = value(word);
    else if (word === "--include-path" || word === "-I") options.includePaths.push(value(word));
    else if (word === "--allow-paths") options.allowPaths.push(...value(word).split(","));
    else if (word.startsWith("-") && word !== "-") fail(`unrecognised option '${word}'`);
    else options.input = word;
  }
  return options;
}

/** True where `file` is `folder` or lies inside it; both are real paths. */
function inside(folder, file) {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

/** The callback by which the compiler asks for an import that the input does not hold. */
function importReader(options, input) {
  const real = (name) => {
    try {
      return fs.realpathSync(name);
    } catch {
      return path.resolve(name);
    }
  };
  const base = options.basePath || process.cwd();
  const remapped = (input.settings?.remappings ?? []).map((line) => line.split("=").pop());
  const allowed = [base, ...options.includePaths, ...options.allowPaths, ...remapped]
    .filter((folder) => folder !== "")
    .map(real);
  const roots = [base, ...options.includePaths];
  return (unit) => {
    const name = unit.startsWith("file://") ? unit.slice("file://".length) : unit;
    const candidates = path.isAbsolute(name) ? [name] : roots.map((root) => path.join(root, name));
    for (const candidate of candidates) {
      if (!fs.existsSync(candidate)) continue;
      const file = fs.realpathSync(candidate);
      if (!allowed.some((folder) => inside(folder, file))) {
        return { error: `File outside of allowed directories: ${name}` };
      }
      return { contents: fs.readFileSync(file, "utf8") };
    }
    return { error: `File not found: ${name}` };
  };
}

/** The 32-bit build wraps the negative ids of built-in names: 4294967281 stands for -15. */
function nativeIds(json) {
  const signed = (digits) => String(Number(digits) | 0);
  return json
    .replace(/("referencedDeclaration":\s*)(\d{10})\b/g, (_, key, id) => key + signed(id))
    .replace(
      /("overloadedDeclarations":\s*)(\[[^\]]*\])/g,
      (_, key, list) => key + list.replace(/\b\d{10}\b/g, signed),
    );
}

/**
 * Has JavaScript remember the functions of the compiler's table, of which each has one for good.
 *
 * The compiler calls through its table wherever C++ may throw, and `WebAssembly.Table.get` makes up
 * a third of a compilation. All tables but the first are read as ever.
 */
function rememberFunctions() {
  const table = WebAssembly.Table.prototype;
  const { get, set } = table;
  const known = [];
  let first;
  table.get = function (index) {
    first ??= this;
    return this === first ? (known[index] ??= get.call(this, index)) : get.call(this, index);
  };
  table.set = function (index, ...value) {
    if (this === first) known[index] = undefined;
    return set.call(this, index, ...value);
  };
}

function main() {
  const options = parse(process.argv.slice(2));
  if (options.help) return writeAll(1, HELP);
  rememberFunctions();
  const solc = require("solc");
  if (options.version) {
    const version = solc.version().replace(/Emscripten\.clang$/, "Linux.g++");
    return writeAll(1, `solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
  }
  if (options.license) return writeAll(1, `${solc.license()}\n`);
  if (!options.standardJson) fail("this build of solc compiles by --standard-json only");
  const text = options.input === "-" ? readAll(0) : fs.readFileSync(options.input, "utf8");
  let input = {};
  try {
    input = JSON.parse(text);
  } catch {
    // The compiler reports what is wrong with the text, in its own form.
  }
  let output = nativeIds(solc.compile(text, { import: importReader(options, input) }));
  if (options.pretty) output = JSON.stringify(JSON.parse(output), null, 2);
  writeAll(1, `${output}\n`);
}

main();
// The compiler leaves handlers behind that would keep the process alive.
process.exit(0);
