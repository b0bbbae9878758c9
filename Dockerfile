# Two stages: one compiles, the other holds what runs: dist/, the documents and the packages of production.
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
# All addresses of the container. Without authentication the gateway then starts only when LATCHKEY_ALLOW_ANONYMOUS says that
# nobody but trusted machines reaches it; that decision is not the image's.
ENV NODE_ENV=production \
    LATCHKEY_LISTEN=0.0.0.0:8888 \
    LATCHKEY_DATA_DIR=/var/lib/latchkey
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The cache is in the folder that .npmrc names.
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
