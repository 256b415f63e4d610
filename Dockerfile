# syntax=docker/dockerfile:1

FROM node:20-bookworm AS build
WORKDIR /src
COPY . .
RUN npx --yes pnpm@10 install --frozen-lockfile \
  && node scripts/build.mjs \
  && npx --yes pnpm@10 --filter @cadastre/cli deploy --legacy --prod /deployed
# The program is one bundle; of everything that was installed it needs the native driver alone.
RUN mkdir -p /app/node_modules \
  && cp -r /src/packages/cli/bin /src/packages/cli/dist /src/packages/cli/package.json /app/ \
  && for name in better-sqlite3 bindings file-uri-to-path; do \
       cp -rL "$(find /deployed/node_modules/.pnpm -maxdepth 3 -path "*/node_modules/$name" | head -n 1)" /app/node_modules/; \
     done \
  && rm -rf /app/node_modules/better-sqlite3/deps /app/node_modules/better-sqlite3/src

FROM node:20-bookworm-slim
COPY --from=build /app /app
RUN ln -s /app/bin/cadastre.js /usr/local/bin/cadastre && install -d -o node -g node /var/lib/cadastre
USER node
ENV XDG_STATE_HOME=/var/lib CADASTRE_HOST=0.0.0.0
VOLUME /var/lib/cadastre
EXPOSE 7717
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:7717/v1/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["cadastre"]
CMD ["daemon"]
