/**
 * `node scripts/image.mjs`: does what the Dockerfile says without an engine, and tries the result as compose.yaml runs it.
 *
 * Each stage is a layer of its own over this machine's root folder, which takes the place of the base image: a Linux with the Node that FROM
 * names, and root's rights, are needed. What an engine adds (pulling images, its network, volumes) is not tried. Everything is mounted in
 * a namespace that ends with the script.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(import.meta.url);
const root = join(dirname(script), "..");

/** Instructions of a Dockerfile: the word, and what follows it with its lines joined. */
const instructions = (text) =>
  text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => /^\s*(\w+)\s+(.*)$/.exec(line).slice(1));

/** `["a", "b"]`, or a line for the shell. */
const command = (text) => (text.startsWith("[") ? JSON.parse(text) : ["/bin/sh", "-c", text]);

/** Files that an engine would be sent: those of the repository that .dockerignore lets through. */
const context = () => {
  const rules = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => {
      const pattern = line
        .replace(/^!/, "")
        .replace(/[.]/g, "\\.")
        .replace(/\*\*\//g, "(.*/)?")
        .replace(/(?<!\.)\*/g, "[^/]*");
      return { isIgnoring: !line.startsWith("!"), pattern: new RegExp(`^${pattern}(/|$)`) };
    });
  /** The last that fits decides. */
  const isIgnored = (path) => rules.findLast(({ pattern }) => pattern.test(path))?.isIgnoring ?? false;
  return execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)) && !isIgnored(path));
};

const run = (program, ...args) => execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });

/** What a container would find in its environment: of this machine's, the way out to registries and no more. */
const surroundings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^(PATH|HOME|(https?|ftp|all|no)_proxy)$/i.test(name)),
);

/** A layer over this machine, with what base images of Node have besides. */
const stageAt = (folder) => {
  const stage = {
    root: join(folder, "root"),
    upper: join(folder, "upper"),
    cwd: "/",
    env: {},
    user: "root",
    image: {},
  };
  for (const name of ["root", "upper", "work"]) mkdirSync(join(folder, name), { recursive: true });
  const layers = `lowerdir=/,upperdir=${stage.upper},workdir=${join(folder, "work")}`;
  run("mount", "-t", "overlay", "overlay", "-o", layers, stage.root);
  run("mount", "-t", "proc", "proc", join(stage.root, "proc"));
  run("mount", "--bind", "/dev", join(stage.root, "dev"));
  if (spawnSync("chroot", [stage.root, "id", "node"]).status !== 0) {
    run("chroot", stage.root, "useradd", "--create-home", "--shell", "/bin/bash", "node");
  }
  return stage;
};

const build = (folder) => {
  const stages = new Map();
  let stage;
  for (const [word, text] of instructions(readFileSync(join(root, "Dockerfile"), "utf8"))) {
    const started = performance.now();
    switch (word) {
      case "FROM": {
        const [, image, name = "last"] = /^(\S+)(?: AS (\S+))?$/.exec(text);
        const [, major] = /^node:(\d+)-/.exec(image);
        if (process.versions.node.split(".")[0] !== major)
          throw new Error(`${image} is wanted, and this is Node ${process.version}`);
        stage = stageAt(join(folder, name));
        stages.set(name, stage);
        break;
      }
      case "WORKDIR":
        stage.cwd = resolve(stage.cwd, text);
        mkdirSync(join(stage.root, stage.cwd), { recursive: true });
        break;
      case "COPY": {
        const [, name, from, to] = /^(?:--from=(\S+) )?(\S+) (\S+)$/.exec(text);
        const target = join(stage.root, resolve(stage.cwd, to));
        if (name !== undefined) run("cp", "-a", "-T", join(stages.get(name).root, from), target);
        else for (const path of context()) cpSync(join(root, from, path), join(target, path));
        break;
      }
      case "RUN": {
        const [program, ...args] = command(text);
        const { status } = spawnSync("chroot", [stage.root, "env", "-C", stage.cwd, program, ...args], {
          env: { ...surroundings, ...stage.env },
          stdio: ["ignore", "ignore", "inherit"],
        });
        if (status !== 0) throw new Error(`RUN ${text} ended with ${status}`);
        break;
      }
      case "ENV":
        for (const [, name, value] of text.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
        break;
      case "USER":
        stage.user = text;
        break;
      default:
        stage.image[word] = text;
    }
    console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${word} ${text.slice(0, 90)}`);
  }
  return stage;
};

const sizeOf = (path) => {
  const found = lstatSync(path);
  return found.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : found.size;
};

/** Runs it as compose.yaml does: read-only but for its volume and /tmp, without privileges, in a network of its own. */
const tryOut = async ({ root: folder, env, user, image }) => {
  run("mount", "-o", "remount,ro", folder);
  const writable = [image.VOLUME, "/tmp"];
  for (const path of writable) {
    const { uid, gid, mode } = lstatSync(join(folder, path));
    run(
      "mount",
      "-t",
      "tmpfs",
      "-o",
      `uid=${uid},gid=${gid},mode=${(mode & 0o7777).toString(8)}`,
      "tmpfs",
      join(folder, path),
    );
  }
  const id = (flag) => execFileSync("chroot", [folder, "id", flag, user], { encoding: "utf8" }).trim();
  const limited = [
    "setpriv",
    "--reuid",
    id("-u"),
    "--regid",
    id("-g"),
    "--clear-groups",
    "--no-new-privs",
    "--bounding-set=-all",
  ];
  const options = {
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/tmp", ...env },
    encoding: "utf8",
  };

  const inside = ["chroot", folder, ...limited, ...command(image.ENTRYPOINT), ...command(image.CMD)];
  const daemon = spawn("unshare", ["--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...inside], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  daemon.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const ended = new Promise((resolve) => daemon.on("exit", (code, signal) => resolve(code ?? signal)));
  const exec = (words) =>
    spawnSync("nsenter", [`--net=/proc/${daemon.pid}/ns/net`, "chroot", folder, ...limited, ...words], options);
  try {
    const started = performance.now();
    const check = command(image.HEALTHCHECK.replace(/^CMD /, ""));
    while (exec(check).status !== 0) {
      if (daemon.exitCode !== null || performance.now() - started > 20_000)
        throw new Error(`It is not healthy:\n${log}`);
      await sleep(100);
    }
    console.log(`healthy after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8"))[1];
    if (uid === "0") throw new Error("It runs as root");
    for (const words of [
      ["admin", "seed"],
      ["entity", "list", "--kind", "system", "-o", "name"],
    ]) {
      const { status, stdout, stderr } = exec([...command(image.ENTRYPOINT), ...words]);
      if (status !== 0) throw new Error(`cadastre ${words.join(" ")}: ${stderr}`);
      console.log(`cadastre ${words.join(" ")}: ${stdout.trim().split("\n")[0]} …`);
    }
    daemon.kill("SIGTERM");
    const code = await ended;
    if (code !== 0) throw new Error(`After SIGTERM it ended with ${code}:\n${log}`);
    console.log(`ran as uid ${uid}, and ended with 0 after SIGTERM`);
  } finally {
    daemon.kill("SIGKILL");
    await ended;
  }
};

const main = async () => {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-image-"));
  run("mount", "-t", "tmpfs", "tmpfs", folder);
  try {
    const stage = build(folder);
    console.log(`The image adds ${(sizeOf(stage.upper) / 1e6).toFixed(1)} MB to its base.`);
    await tryOut(stage);
  } finally {
    // What is mounted within goes with the namespace.
    run("umount", "--lazy", folder);
    rmSync(folder, { recursive: true });
  }
};

if (process.argv[2] === "--inside") {
  await main();
} else if (process.platform !== "linux" || process.getuid() !== 0) {
  console.error("It takes a Linux and root's rights to mount layers over this machine's root folder.");
  process.exitCode = 2;
} else {
  const words = ["--mount", "--propagation", "private", process.execPath, script, "--inside"];
  process.exitCode = spawnSync("unshare", words, { stdio: "inherit" }).status ?? 1;
}
