"""Makes a fresh checkout ready, once: Python packages, Node packages, compiler, artifacts.

    python3 tools/setup.py          what is missing or whose lock changed
    python3 tools/setup.py --check  says what set-up would do, exit status 1 if anything

Everything lands in the checkout (``.venv``, ``node_modules``, ``.solcx``, ``.setup``). A step
leaves a stamp with the hash of what it depends on, written last: an interrupted step is done again,
a finished one costs nothing and needs no network. Two set-ups of one checkout wait for each
other.

Standard library only, in the syntax of Python 3.6, so that an older Python says one sentence
instead of a traceback.
"""

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ((3, 11), (3, 12))
NODE = 20
SOLC = "0.8.30"
# Part of every stamp: a step whose way of working changed is done again.
FORM = "1"


class SetupError(Exception):
    """Set-up cannot go on; the message is one sentence that says what to do."""


def check_python(version):
    """Refuses a Python for which not all packages exist.

    Args:
        version: major and minor.
    """
    if tuple(version) not in PYTHONS:
        raise SetupError(
            "Aidline needs Python 3.11 or 3.12, and this is {}.{}: install one of them"
            " and name it, for example: make PYTHON=python3.12".format(*version)
        )


def check_node(path):
    """Refuses a machine without Node and npm, or with an old Node.

    Args:
        path: the PATH to search.
    """
    for program in ("node", "npm"):
        if shutil.which(program, path=path) is None:
            raise SetupError(
                "Aidline needs Node {} or newer with npm, and there is no {} on the PATH:"
                " install Node {}".format(NODE, program, NODE)
            )
    try:
        said = subprocess.check_output(
            [shutil.which("node", path=path), "--version"], stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        said = b""
    found = re.match(r"v(\d+)\.", said.decode(errors="replace"))
    if found is None or int(found.group(1)) < NODE:
        raise SetupError(
            "Aidline needs Node {} or newer, and this is {}: install Node {}".format(
                NODE, said.decode(errors="replace").strip() or "broken", NODE
            )
        )


def digest(*parts):
    """Returns a hash of files and words; the order counts."""
    whole = hashlib.sha256(FORM.encode())
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        whole.update(b"%d\0" % len(data) + data)
    return whole.hexdigest()


def split_lock(text):
    """Splits a locked requirements file into its entries, by package name."""
    entries = {}
    name = None
    for line in text.splitlines():
        found = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==", line)
        if found:
            # One package may have an entry for each range of Python versions.
            name = found.group(1).lower()
        elif not line.startswith(" "):
            name = None
        if name is not None:
            entries[name] = entries.get(name, "") + line + "\n"
    return entries


def write_atomically(path, text):
    """Writes a file so that a reader sees the old one or the new one, never a half."""
    temporary = path.with_name("{}.{}.tmp".format(path.name, os.getpid()))
    temporary.write_text(text, encoding="utf-8")
    os.replace(str(temporary), str(path))


class Setup:
    """The steps of set-up in one checkout.

    Args:
        root: the checkout.
        interpreter: the Python that `.venv` is made with.
    """

    def __init__(self, root, interpreter):
        self.root = root
        self.interpreter = interpreter
        self.state = root / ".setup"
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.env = dict(os.environ)
        # What would lead pip or Python to packages outside of the checkout.
        for name in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
            self.env.pop(name, None)
        # Brownie's compiled form has faults that its plain form has not.
        self.env["BROWNIE_NOCOMPILE"] = "1"

    def steps(self):
        """Returns name, stamp, what must exist, and action of each step, in order."""
        version = "{}.{}".format(*sys.version_info[:2])
        root = self.root
        packages = digest(root / "requirements.txt", version, str(root))
        node = digest(root / "package.json", root / "package-lock.json", root / ".npmrc")
        here = (str(root), shutil.which("solc") or "")
        compiler = digest(node, *here, root / "tools" / "setup.py")
        project = digest(packages, root / "pyproject.toml", root / "tools" / "venv_hook.py")
        solc = root / ".solcx" / ("solc-v" + SOLC)
        return (
            ("Python packages", "python", packages, self.python, self.install_python),
            ("Node packages", "node", node, root / "node_modules", self.install_node),
            ("Solidity compiler", "compiler", compiler, solc, self.link_compiler),
            ("the aidline command", "project", project, self.venv, self.install_project),
        )

    def pending(self):
        """Returns the steps that are not done, or done for another lock."""
        return [step for step in self.steps() if not self.is_done(step)]

    def is_done(self, step):
        """Tells whether a step's stamp is that of today's files."""
        _, name, key, product, _ = step
        try:
            return (self.state / name).read_text() == key and product.exists()
        except OSError:
            return False

    def run(self):
        """Does what is pending."""
        if self.pending():
            with self.alone():
                # Another set-up may have done it while this one waited.
                for step in self.pending():
                    self.do(step)

    def do(self, step):
        """Does one step and leaves its stamp."""
        title, name, key, _, action = step
        print("set-up: {}".format(title), flush=True)
        stamp = self.state / name
        if stamp.exists():
            stamp.unlink()
        action()
        write_atomically(stamp, key)

    @contextmanager
    def alone(self):
        """Holds the checkout's lock."""
        import fcntl

        self.state.mkdir(exist_ok=True)
        with (self.state / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print("set-up: waiting for another set-up of this checkout", flush=True)
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def call(self, what, command):
        """Runs a program quietly; where it fails, its last words are shown.

        Args:
            what: the work, for the sentence of a failure.
            command: program and arguments.
        """
        log = self.state / "log.txt"
        with log.open("wb") as out:
            code = subprocess.call(
                [str(word) for word in command],
                cwd=str(self.root),
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        if code != 0:
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
            print("\n".join("    " + line for line in tail), file=sys.stderr)
            raise SetupError(
                "{} failed with exit status {}: see the lines above; set-up needs a network once,"
                " and goes on where it stopped when called again".format(what, code)
            )

    def pip(self, what, *arguments):
        """Runs the environment's pip."""
        options = ["--disable-pip-version-check", "--no-input", "--quiet"]
        self.call(what, [self.python, "-m", "pip", "install", *options, *arguments])

    def install_python(self):
        """Makes `.venv` anew and installs the locked packages into it."""
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            raise SetupError(
                "Aidline needs Python's venv module, which this Python lacks:"
                " install it (on Debian and Ubuntu the package python{}.{}-venv)".format(
                    *sys.version_info[:2]
                )
            )
        self.call("making .venv", [self.interpreter, "-m", "venv", "--clear", self.venv])
        entries = split_lock((self.root / "requirements.txt").read_text(encoding="utf-8"))
        tools = [entries.pop(name) for name in ("setuptools", "wheel", "packaging")]
        brownie = entries.pop("eth-brownie")
        locked = self.state / "requirements.txt"
        hashed = ["--no-deps", "--require-hashes", "-r", locked]

        write_atomically(locked, "".join(tools))
        self.pip("installing the build tools", *hashed)
        write_atomically(locked, "".join(entries[name] for name in sorted(entries)))
        # What exists as source only is pure Python, and is built with the locked tools.
        self.pip("installing the Python packages", "--no-build-isolation", *hashed)
        # From source, and not from pip's cache, where a compiled build may lie.
        write_atomically(locked, brownie)
        plain = ["--no-build-isolation", "--no-binary", "eth-brownie", "--no-cache-dir"]
        self.pip("installing Brownie", *(plain + hashed))
        locked.unlink()

    def install_node(self):
        """Installs the locked Node packages into `node_modules`."""
        self.call("installing the Node packages", ["npm", "ci", "--no-audit", "--no-fund"])

    def link_compiler(self):
        """Makes the compiler known to py-solc-x and Brownie, inside the checkout."""
        folder = self.root / ".solcx"
        folder.mkdir(exist_ok=True)
        target = folder / ("solc-v" + SOLC)
        temporary = folder / "new"
        if temporary.exists() or temporary.is_symlink():
            temporary.unlink()
        native = shutil.which("solc")
        if native is not None and self.version_of([native]) == SOLC:
            temporary.symlink_to(Path(native).resolve())
        else:
            program = self.root / "tools" / "solc.mjs"
            said = self.output_of(["node", str(program)])
            if self.version_of(["node", str(program)]) != SOLC:
                raise SetupError(
                    "node_modules holds another compiler than {}:"
                    " remove the folder node_modules and call again".format(SOLC)
                )
            quoted = "".join("  echo '{}'\n".format(line) for line in said.splitlines())
            temporary.write_text(
                "#!/bin/sh\n"
                'if [ "$*" = --version ]; then\n'
                + quoted
                + '  exit 0\nfi\nexec node {} "$@"\n'.format(shlex.quote(str(program)))
            )
            temporary.chmod(0o755)
        os.replace(str(temporary), str(target))

    def output_of(self, command):
        """Returns what a compiler says to `--version`, or nothing where it does not run."""
        try:
            return subprocess.check_output(
                [*command, "--version"], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
            ).decode(errors="replace")
        except (OSError, subprocess.CalledProcessError):
            return ""

    def version_of(self, command):
        """Returns a compiler's version without its commit, or nothing."""
        found = re.search(r"Version: (\d+\.\d+\.\d+)\+commit\.", self.output_of(command))
        return found.group(1) if found else ""

    def install_project(self):
        """Installs the checkout itself, editable, and the hook that makes its tools known."""
        self.pip(
            "installing the aidline command",
            *["--no-deps", "--no-build-isolation", "--no-index", "-e", str(self.root)],
        )
        where = subprocess.check_output(
            [str(self.python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            env=self.env,
        )
        site = Path(where.decode().strip())
        hook = (self.root / "tools" / "venv_hook.py").read_text(encoding="utf-8")
        write_atomically(site / "aidline_checkout.py", hook)
        write_atomically(site / "aidline_checkout.pth", "import aidline_checkout\n")

    def build(self):
        """Compiles the contracts that changed; the builder says by itself what is wrong."""
        code = subprocess.call(
            [str(self.python), "-m", "tools.build", "--quiet"], cwd=str(self.root), env=self.env
        )
        if code != 0:
            raise SetupError("the contracts do not build: see the lines above")


def main(argv=None):
    """Runs the command line.

    Returns:
        Exit status: 2 where set-up cannot go on.
    """
    parser = argparse.ArgumentParser(description="Makes the checkout ready, once.")
    parser.add_argument("--check", action="store_true", help="only say what is to do")
    parser.add_argument("--no-build", action="store_true", help="leave the artifacts as they are")
    options = parser.parse_args(argv)
    try:
        check_python(sys.version_info[:2])
        # Inside of .venv this names the Python that .venv was made with.
        interpreter = getattr(sys, "_base_executable", None) or sys.executable
        setup = Setup(ROOT, interpreter)
        if options.check:
            pending = setup.pending()
            print("\n".join("to do: " + step[0] for step in pending) or "all is set up")
            return 1 if pending else 0
        check_node(os.environ.get("PATH", os.defpath))
        setup.run()
        if not options.no_build:
            setup.build()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("set-up interrupted: call again, it goes on where it stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
