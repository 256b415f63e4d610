/**
 * Descriptors of about 1 KB, the n-th always the same.
 */
const WORDS = "ledger payment order basket stock search invoice customer parcel price session report".split(" ");

const sentence = (n, length) => {
  const words = [];
  for (let i = 0, size = 0; size < length; i++) {
    const word = WORDS[(n * 7 + i * 5 + ((n >> 3) ^ i)) % WORDS.length];
    words.push(word);
    size += word.length + 1;
  }
  return words.join(" ");
};

export const document = (n, prefix = "service") => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: {
    name: `${prefix}-${n}`,
    title: `Service ${n}`,
    description: sentence(n, 420),
    labels: { tier: String(n % 4), region: ["eu", "us", "ap"][n % 3] },
    annotations: {
      "backstage.io/source-location": `url:https://git.example.com/shop/service-${n}/`,
      "example.com/dashboard": `https://dashboards.example.com/d/${n}`,
    },
    tags: [WORDS[n % WORDS.length], "node"],
    links: [{ url: `https://wiki.example.com/services/${n}`, title: "Handbook", icon: "docs" }],
  },
  spec: {
    type: "service",
    lifecycle: n % 10 === 0 ? "experimental" : "production",
    owner: `team-${n % 50}`,
    system: `system-${n % 20}`,
    dependsOn: [`component:${prefix}-${(n * 31 + 7) % 1000}`, `resource:database-${n % 100}`],
  },
});

const yamlOf = ({ apiVersion, kind, metadata, spec }) => `apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: ${metadata.name}
  title: ${metadata.title}
  description: >-
    ${metadata.description.replace(/(.{60,80}) /g, "$1\n    ")}
  labels:
    tier: "${metadata.labels.tier}"
    region: ${metadata.labels.region}
  annotations:
${Object.entries(metadata.annotations)
  .map(([key, value]) => `    ${key}: ${value}`)
  .join("\n")}
  tags: [${metadata.tags.join(", ")}]
  links:
    - url: ${metadata.links[0].url}
      title: ${metadata.links[0].title}
      icon: ${metadata.links[0].icon}
spec:
  type: ${spec.type}
  lifecycle: ${spec.lifecycle}
  owner: ${spec.owner}
  system: ${spec.system}
  dependsOn:
${spec.dependsOn.map((reference) => `    - ${reference}`).join("\n")}
`;

export const FORMATS = {
  ndjson: { type: "application/x-ndjson", text: (n) => `${JSON.stringify(document(n))}\n` },
  yaml: { type: "application/yaml", text: (n) => `---\n${yamlOf(document(n))}` },
};

/** A stream's body in blocks of some 64 KB. */
export function* blocks(format, count) {
  let block = "";
  for (let n = 0; n < count; n++) {
    block += FORMATS[format].text(n);
    if (block.length > 65_536) {
      yield block;
      block = "";
    }
  }
  yield block;
}
