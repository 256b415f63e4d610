{
  description = "Cadastre: a self-hosted software catalog";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      forEach = build: nixpkgs.lib.genAttrs systems (system: build nixpkgs.legacyPackages.${system});
    in
    {
      devShells = forEach (pkgs: {
        default = pkgs.mkShell { packages = [ pkgs.nodejs_22 pkgs.pnpm_10 pkgs.git ]; };
      });

      packages = forEach (pkgs: {
        default = pkgs.stdenv.mkDerivation (package: {
          pname = "cadastre";
          version = (builtins.fromJSON (builtins.readFile ./package.json)).version;
          src = self;
          pnpmDeps = pkgs.fetchPnpmDeps {
            inherit (package) pname version src;
            pnpm = pkgs.pnpm_10;
            fetcherVersion = 2;
            # Of the lock file, and not known yet: only Nix with nixpkgs at hand can tell it. `nix build` ends with what it should be.
            hash = pkgs.lib.fakeHash;
          };
          nativeBuildInputs = [ pkgs.nodejs_22 pkgs.pnpm_10 pkgs.pnpmConfigHook pkgs.makeWrapper pkgs.python3 ];
          # The native driver is compiled against the headers of this Node.
          env.npm_config_nodedir = pkgs.nodejs_22;
          buildPhase = ''
            pnpm rebuild --recursive better-sqlite3 esbuild
            node scripts/build.mjs
          '';
          installPhase = ''
            mkdir -p $out/lib/cadastre $out/bin
            cp -r --no-preserve=mode packages/cli/bin packages/cli/dist packages/cli/package.json $out/lib/cadastre/
            mkdir $out/lib/cadastre/node_modules
            for name in better-sqlite3 bindings file-uri-to-path; do
              cp -rL "$(find node_modules/.pnpm -maxdepth 3 -path "*/node_modules/$name" | head -n 1)" $out/lib/cadastre/node_modules/
            done
            makeWrapper ${pkgs.nodejs_22}/bin/node $out/bin/cadastre --add-flags $out/lib/cadastre/bin/cadastre.js
          '';
        });
      });
    };
}
