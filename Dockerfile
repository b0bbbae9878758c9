# Two stages. The first compiles. The second contains what runs: dist/, the OpenAPI documents and the production packages.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:24-slim
LABEL org.opencontainers.image.title="latchkey" \
      org.opencontainers.image.description="An HTTP gateway to etcd v3" \
      org.opencontainers.image.licenses="Apache-2.0"
# Listens on all addresses of the container. Without authentication the gateway then starts only with LATCHKEY_ALLOW_ANONYMOUS. The image
# does not set it: the operator decides whether only trusted machines reach the gateway.
ENV NODE_ENV=production \
    LATCHKEY_LISTEN=0.0.0.0:8888 \
    LATCHKEY_DATA_DIR=/var/lib/latchkey
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# .npmrc puts the cache of npm into .latchkey.
RUN npm ci --omit=dev \
 && rm -rf .latchkey \
 && install -d -o node -g node /var/lib/latchkey
COPY openapi ./openapi
COPY --from=build /app/dist ./dist
COPY LICENSE README.md CHANGELOG.md ./
USER node
EXPOSE 8888
HEALTHCHECK --interval=10s --timeout=5s --retries=3 \
  CMD ["node", "dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "dist/main.js"]
